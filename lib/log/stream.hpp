// Where lines go: a file descriptor whose reader may have stopped reading. stderr is shared with other
// programs, so it is never made non-blocking: poll(2) tells first whether a write would block.
#pragma once
#include <poll.h>

#include <atomic>
#include <string>

#include "base/result.hpp"

namespace hp::log {

class Stream {
  public:
    static Stream to_stderr();
    /// Appends; made with mode 0640.
    static Result<Stream> to_file(const std::string& path);
    Stream(Stream&& other) noexcept;
    Stream& operator=(Stream&&) = delete;
    ~Stream();

    /// Waits until there is room, or until `gives_up`. False: the line, or its end, is lost.
    bool write(std::string line, const std::atomic<bool>& gives_up);

  private:
    explicit Stream(int fd) : fd_{fd} {}
    bool wait_for_room(const std::atomic<bool>& gives_up) const;
    int fd_;
    bool is_torn_{false};  ///< by a line whose end is lost: the next one must start on a new line
};

}  // namespace hp::log
