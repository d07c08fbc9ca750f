// The frame of a daemon: its loop with the limits for strangers, signals, the log's reload, the outlet of its
// event records, what the service manager hears, and its end. What it serves are its parts.
#pragma once
#include <functional>
#include <memory>
#include <optional>

#include "cli/command.hpp"
#include "net/loop.hpp"
#include "recordio/event_sink.hpp"

namespace hp::cli {

/// What a daemon consists of. Destroyed after the loop has ended, and before the loop and the outlet of
/// records are.
class Parts {
  public:
    virtual ~Parts() = default;
    /// At SIGTERM or SIGINT, once: takes nothing new, sees to what was taken, then calls `stopped`.
    virtual void stop(std::function<void()> stopped) = 0;
};

class Daemon {
  public:
    /// Signals are the daemon's from here on: one that comes during the start waits for the loop, and kills
    /// nothing.
    /// `stop_ms`: what does not end by itself within this time after SIGTERM is left, as at a second SIGTERM.
    static Result<std::unique_ptr<Daemon>> create(const Command& command, const config::Network& network,
                                                  std::int64_t stop_ms = kStopMs);
    ~Daemon();

    const Command& command() const { return command_; }
    net::Loop& loop() { return loop_; }
    /// The secret key in a file that a key names, "secrets/pool-authority.key".
    Result<crypto::SecretKey> read_key(const std::string& file) const;
    /// For start() to call when all of the configuration is known to be good: it may make a file. The last
    /// records leave when the parts are gone.
    Result<recordio::EventSink*> open_events(const config::Events& where);
    /// Tells the service manager, once, that the daemon does its work. `status`: the line of `systemctl
    /// status`.
    void ready(const std::string& status = {});
    /// Ends the process with this error. The first one counts.
    void end_with(const Error& why);

    using Start = std::function<Result<std::unique_ptr<Parts>>(Daemon&)>;
    /// From the start of the parts to their end.
    Result<> run(const Start& start);

  private:
    Daemon(const Command& command, const config::Network& network, std::int64_t stop_ms);
    void stop();
    static constexpr std::int64_t kStopMs = 4'500;  ///< SIGTERM ends the process within 5 s
    static constexpr std::int64_t kLastRecordsMs = 500;
    const Command& command_;
    const config::Network& network_;
    net::Loop loop_;
    const std::int64_t stop_ms_;
    net::Timer patience_;
    std::unique_ptr<recordio::EventSink> sink_;
    std::unique_ptr<Parts> parts_;
    std::optional<Error> failed_;
    bool is_ready_{false};
};

/// The body of a daemon's main: the frame, and `start` in it.
Result<> serve(const Command& command, const config::Network& network, const Daemon::Start& start);

/// Parts that are one object with stop(stopped).
template <class Service>
class OnePart final : public Parts {
  public:
    explicit OnePart(std::unique_ptr<Service> service) : service_{std::move(service)} {}
    void stop(std::function<void()> stopped) override { service_->stop(std::move(stopped)); }

  private:
    std::unique_ptr<Service> service_;
};

}  // namespace hp::cli
