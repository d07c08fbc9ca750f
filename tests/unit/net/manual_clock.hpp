// Time that a test moves by hand: what is due is called in its order, on advance().
#pragma once
#include <algorithm>
#include <vector>

#include "net/clock.hpp"

namespace hp::test {

class ManualClock : public net::Clock {
  public:
    SteadyMs steady_ms() const override { return now_ms_; }
    UnixMs unix_ms() const override { return kUnixStartMs + now_ms_; }
    std::unique_ptr<Wait> make_wait() override {
        auto state = std::make_shared<State>();
        states_.push_back(state);
        return std::make_unique<ManualWait>(*this, std::move(state));
    }
    void advance(std::int64_t ms) {
        const SteadyMs until = now_ms_ + ms;
        while (auto state = next_until(until)) {
            now_ms_ = state->due_ms;
            auto call = state->call;
            if (state->period_ms > 0)
                state->due_ms += state->period_ms;
            else
                state->call = nullptr;
            call();
        }
        now_ms_ = until;
    }

  private:
    static constexpr UnixMs kUnixStartMs = 1'800'000'000'000;
    struct State {
        SteadyMs due_ms{};
        std::int64_t period_ms{0};
        std::function<void()> call;
    };
    class ManualWait : public Wait {
      public:
        ManualWait(const ManualClock& clock, std::shared_ptr<State> state)
            : clock_{clock}, state_{std::move(state)} {}
        ~ManualWait() override { cancel(); }
        void after(std::int64_t delay_ms, std::function<void()> call) override {
            *state_ = {clock_.now_ms_ + delay_ms, 0, std::move(call)};
        }
        void every(std::int64_t period_ms, std::function<void()> call) override {
            *state_ = {clock_.now_ms_ + period_ms, period_ms, std::move(call)};
        }
        void cancel() override { state_->call = nullptr; }

      private:
        const ManualClock& clock_;
        std::shared_ptr<State> state_;
    };
    std::shared_ptr<State> next_until(SteadyMs until) {
        std::erase_if(states_, [](const auto& weak) { return weak.expired(); });
        std::shared_ptr<State> next;
        for (const auto& weak : states_)
            if (auto state = weak.lock();
                state->call && state->due_ms <= until && (!next || state->due_ms < next->due_ms))
                next = state;
        return next;
    }
    SteadyMs now_ms_{1'000'000};
    std::vector<std::weak_ptr<State>> states_;
};

}  // namespace hp::test
