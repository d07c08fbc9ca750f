// Where a sink's records leave the process. Internal to this room.
#pragma once
#include <memory>
#include <string>

#include "recordio/event_sink.hpp"
#include "recordio/record_queue.hpp"

namespace hp::recordio {

class EventOutlet {
  public:
    virtual ~EventOutlet() = default;
    /// Takes from the queue what can be written now; returns for the rest by itself.
    virtual void drain() = 0;
    /// Likewise without the loop, waiting up to `limit_ms` for a slow reader.
    virtual void flush(std::int64_t limit_ms) = 0;
    /// False: nothing can be written any more.
    virtual bool is_open() const { return true; }
};

/// Until when an outlet leaves its queue alone; then it drains it.
class Pause {
  public:
    explicit Pause(net::Loop& loop) : timer_{loop} {}
    void begin(std::int64_t ms, EventOutlet& outlet) {
        is_on_ = true;
        timer_.after(ms, [this, &outlet] {
            is_on_ = false;
            outlet.drain();
        });
    }
    void end() { is_on_ = false; }
    bool is_on() const { return is_on_; }

  private:
    net::Timer timer_;
    bool is_on_{false};
};

/// stdout ("-"), a file that is appended to, or a FIFO.
Result<std::unique_ptr<EventOutlet>> open_file_outlet(net::Loop& loop, RecordQueue& queue,
                                                      const EventOptions& options);
/// A Unix socket; redialled as long as the process lives.
std::unique_ptr<EventOutlet> open_unix_outlet(net::Loop& loop, RecordQueue& queue, const std::string& path);
/// A remote collector, over Noise; redialled likewise. `key` authenticates us.
std::unique_ptr<EventOutlet> open_noise_outlet(net::Loop& loop, RecordQueue& queue, const NoiseTarget& target,
                                               const crypto::SecretKey& key);

}  // namespace hp::recordio
