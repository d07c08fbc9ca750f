// One thread's event loop: timers, posts from other threads, signals. Asio stays inside lib/net/*.cpp.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "net/clock.hpp"

namespace hp::net {

/// "host:port"; host may be an IPv4 or [IPv6] address or a name.
struct Endpoint {
    std::string host;
    std::uint16_t port{};
    std::string text() const;
    bool is_loopback() const;
    bool operator==(const Endpoint&) const = default;
};
Result<Endpoint> endpoint_from_text(std::string_view text);

class Loop : public Clock {
  public:
    Loop();
    ~Loop() override;
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    /// Runs until stop(), and feeds systemd's watchdog. Use only from the loop's thread, except post() and
    /// stop().
    void run();
    void stop();
    /// Runs `call` on the loop's thread; safe from any thread.
    void post(std::function<void()> call);
    /// SIGTERM and SIGINT call `on_stop` (a second one stops the loop at once); SIGHUP calls `on_hup`;
    /// SIGUSR1 toggles debug logging; SIGPIPE is ignored.
    void handle_signals(std::function<void()> on_stop, std::function<void()> on_hup);
    bool running_in_this_thread() const;

    SteadyMs steady_ms() const override { return steady_ms_now(); }
    UnixMs unix_ms() const override { return unix_ms_now(); }
    std::unique_ptr<Wait> make_wait() override;

    struct Impl;
    Impl& impl() { return *impl_; }

  private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace hp::net
