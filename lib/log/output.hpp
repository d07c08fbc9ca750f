// How a log line reaches its reader: a bounded queue and a writer thread (spdlog). A reader that stops costs
// lines, never time.
#pragma once
#include <spdlog/async_logger.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "log/line.hpp"

namespace hp::log {

/// Lines that wait for their writer; with kTextBytesMax that is 8 MiB at most.
inline constexpr std::size_t kQueuedLinesMax = 2048;

class Output {
  public:
    Output();
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;

    Result<> open(std::string_view program, const std::string& file, Format format);
    /// If it fails, lines continue to go to the old file.
    Result<> reopen();
    void take(Level level, Module module, std::string_view text);
    void tell_repeats();
    /// Waits until all lines so far are written. False: not all were after `limit_ms`.
    bool drain(std::int64_t limit_ms);
    /// Ends the thread; a stopped reader gets kFinishMs to resume. Later lines are dropped.
    void finish();
    std::uint64_t dropped();

  private:
    class Sink;
    /// A module's logger is its name; all write into one sink.
    struct Loggers {
        std::array<std::shared_ptr<spdlog::async_logger>, std::size(kModules)> of;
        std::shared_ptr<spdlog::async_logger> marks;  ///< for drain(): numbers, not lines
    };
    Loggers make_loggers(const std::shared_ptr<Sink>& sink);
    void use(std::shared_ptr<Sink> sink);
    void reached(std::string_view mark);

    std::atomic<std::uint64_t> lost_{0};  ///< by the streams; the queue counts its own losses
    std::atomic<bool> gives_up_{false};
    std::mutex mutex_;  ///< guards what follows
    std::condition_variable is_reached_;
    std::uint64_t marks_set_{0}, marks_reached_{0};
    std::string program_{"hashpool"}, file_;
    Format format_{Format::text};
    std::shared_ptr<spdlog::details::thread_pool> pool_;
    std::shared_ptr<Sink> sink_;
    Loggers loggers_;
};

}  // namespace hp::log
