#include "net/loop.hpp"

#include <signal.h>

#include <csignal>

#include "log/log.hpp"
#include "net/asio_impl.hpp"
#include "net/sd_notify.hpp"

namespace hp::net {
namespace {

constexpr std::int64_t kLogRepeatsMs = 5'000;

void mask_signals(int how, std::initializer_list<int> signals) {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int signal : signals) ::sigaddset(&set, signal);
    ::pthread_sigmask(how, &set, nullptr);
}

}  // namespace

Loop::Impl::Impl() { reactor.start(io); }

Loop::Impl::~Impl() {
    // Posted calls that never ran may own streams, whose timers need `io` to end.
    std::exchange(posted, {}).clear();
    reactor.clear();
    while (!posted.empty()) std::exchange(posted, {}).clear();  // posted by those just destroyed
    // From here to the exit a second SIGTERM must not turn a clean exit into death by a signal.
    if (signals) mask_signals(SIG_BLOCK, {SIGTERM, SIGINT, SIGHUP, SIGUSR1});
    signals.reset();
    guard->on_loop_end();
}

void Loop::Impl::run_posted() {
    std::vector<std::function<void()>> batch;
    {
        std::lock_guard lock{posted_mutex};
        batch.swap(posted);
    }
    reactor.begin_turn();
    for (auto& call : batch) {
        call();
        call = nullptr;  // release what it holds now, not after the batch
    }
    reactor.end_turn();
}

Loop::Loop() : impl_{std::make_unique<Impl>()} { impl_->guard = std::make_shared<Guard>(*this); }
Loop::~Loop() = default;

void Loop::run() {
    HP_ASSERT(!running_in_this_thread());
    Timer watchdog{*this};
    if (const auto period_ms = sd_watchdog_period_ms(); period_ms > 0)
        watchdog.every(period_ms, [] { sd_notify("WATCHDOG=1"); });
    Timer log_repeats{*this};
    log_repeats.every(kLogRepeatsMs, [] { log::tell_repeats(); });
    impl_->io.run();
    // One stop() ends one run(), even if it came first.
    impl_->io.restart();
}

void Loop::stop() { impl_->io.stop(); }

void Loop::post(std::function<void()> call) {
    bool first;
    {
        std::lock_guard lock{impl_->posted_mutex};
        first = impl_->posted.empty();
        impl_->posted.push_back(std::move(call));
    }
    // One wake-up for all posts until the loop gets there; our own queue keeps their order across threads.
    if (first) asio::post(impl_->io, [impl = impl_.get()] { impl->run_posted(); });
}

bool Loop::running_in_this_thread() const { return impl_->io.get_executor().running_in_this_thread(); }

void Loop::Impl::wait_for_signal() {
    signals->async_wait([this](const error_code& error, int signal) {
        if (error) return;
        on_signal(signal);
        wait_for_signal();
    });
}

void Loop::Impl::on_signal(int signal) {
    if (signal == SIGUSR1) {
        log::toggle_debug();
    } else if (signal == SIGHUP) {
        if (on_hup) on_hup();
    } else if (stop_asked || !on_stop) {
        io.stop();
    } else {
        stop_asked = true;
        on_stop();
    }
}

void Loop::handle_signals(std::function<void()> on_stop, std::function<void()> on_hup) {
    std::signal(SIGPIPE, SIG_IGN);
    impl_->on_stop = std::move(on_stop);
    impl_->on_hup = std::move(on_hup);
    if (impl_->signals) return;
    impl_->signals.emplace(impl_->io, SIGTERM, SIGINT, SIGHUP);
    impl_->signals->add(SIGUSR1);
    mask_signals(SIG_UNBLOCK,
                 {SIGTERM, SIGINT, SIGHUP, SIGUSR1});  // an earlier loop of the process blocked them
    impl_->wait_for_signal();
}

Reactor& reactor_of(Loop& loop) { return loop.impl().reactor; }
std::shared_ptr<Guard> guard_of(Loop& loop) { return loop.impl().guard; }

namespace {

class LoopWait : public Clock::Wait {
  public:
    explicit LoopWait(asio::io_context& io) : state_{std::make_shared<State>(io)} {}
    void after(std::int64_t delay_ms, std::function<void()> call) override {
        state_->call = std::move(call);
        state_->period = {};
        state_->timer.expires_after(std::chrono::milliseconds{delay_ms});
        State::wait(state_);
    }
    void every(std::int64_t period_ms, std::function<void()> call) override {
        HP_ASSERT(period_ms > 0);
        state_->call = std::move(call);
        state_->period = std::chrono::milliseconds{period_ms};
        state_->timer.expires_after(state_->period);
        State::wait(state_);
    }
    void cancel() override {
        ++state_->wait_number;
        state_->timer.cancel();
        state_->call = nullptr;
    }

  private:
    struct State {
        explicit State(asio::io_context& io) : timer{io} {}
        asio::steady_timer timer;
        std::function<void()> call;
        std::chrono::milliseconds period{0};
        std::uint64_t wait_number{0};

        static void wait(const std::shared_ptr<State>& state) {
            state->timer.async_wait(
                [weak = std::weak_ptr{state}, number = ++state->wait_number](const error_code&) {
                    auto self = weak.lock();
                    // Ignore an expiry that was already queued when the timer was cancelled or set again.
                    if (!self || number != self->wait_number) return;
                    self->fire(self);
                });
        }
        void fire(const std::shared_ptr<State>& self) {
            auto now_call = std::exchange(call, nullptr);
            if (period.count() == 0) return now_call();
            std::uint64_t number = wait_number;
            now_call();
            // Cancelled, set again, or destroyed (then only `self` is left) inside its own call.
            if (number != wait_number || self.use_count() == 1) return;
            call = std::move(now_call);
            auto now = asio::steady_timer::clock_type::now();
            auto next = timer.expiry() + period;
            timer.expires_at(next > now ? next : now + period);
            wait(self);
        }
    };
    std::shared_ptr<State> state_;
};

}  // namespace

std::unique_ptr<Clock::Wait> Loop::make_wait() { return std::make_unique<LoopWait>(impl_->io); }

}  // namespace hp::net
