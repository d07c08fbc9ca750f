// Where a tool's event records go: stdout, a file or a FIFO. Never blocks the caller: what a slow reader does
// not take is kept up to a bound, then dropped and counted (the loss itself becomes a record).
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "net/loop.hpp"

namespace hp::net {

class EventSink {
  public:
    /// `source` is the program's name, for the record of a loss. `target`: "" nowhere, "-" stdout, else a
    /// path that is appended to (created 0644) or a FIFO.
    static Result<std::unique_ptr<EventSink>> open(Loop& loop, const std::string& target, std::string source);
    ~EventSink();

    bool enabled() const { return fd_ >= 0; }
    /// One record with its newline; leaves at the end of the loop's turn, together with the others of the
    /// turn.
    void write(std::string_view record_line);
    std::uint64_t dropped() const { return dropped_; }
    /// Writes what is queued, waiting up to `limit_ms` for a slow reader.
    void flush(std::int64_t limit_ms);

  private:
    EventSink(Loop& loop, int fd, bool own, bool is_pipe, std::string source)
        : loop_{loop}, retry_{loop}, fd_{fd}, own_{own}, is_pipe_{is_pipe}, source_{std::move(source)} {}
    void drain();
    std::size_t chunk_size() const;
    Loop& loop_;
    Timer retry_;
    int fd_{-1};
    bool own_{false};
    bool is_pipe_{false};
    std::string source_;
    bool scheduled_{false};
    bool is_full_{false};  ///< the disk, when it was last written to
    std::string queue_;
    std::size_t written_{0};
    std::uint64_t dropped_{0};
    std::uint64_t dropped_told_{0};
    std::shared_ptr<bool> alive_{std::make_shared<bool>(true)};
};

}  // namespace hp::net
