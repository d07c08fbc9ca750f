// Users' calls, run in turn: two sends at once would choose the same proofs.
#pragma once
#include <deque>
#include <memory>

#include "net/loop.hpp"

namespace hp::wallet {

/// One call: answered once, by the result or by the time limit, whichever is first.
template <class T>
class Call {
  public:
    Call(net::Loop& loop, std::function<void(T)> done, std::function<void()> next)
        : loop_{loop}, limit_{loop}, done_{std::move(done)}, next_{std::move(next)} {}

    void limit(std::int64_t after_ms, std::function<void()> call) { limit_.after(after_ms, std::move(call)); }
    bool is_over() const { return is_over_; }
    /// The caller is called back from the loop, not from in here: it may use or destroy the wallet.
    void answer(T value) {
        if (std::exchange(is_over_, true)) return;
        limit_.cancel();
        loop_.post([done = std::move(done_), value = std::move(value)] { done(value); });
        next_();
    }

  private:
    net::Loop& loop_;
    net::Timer limit_;
    std::function<void(T)> done_;
    std::function<void()> next_;
    bool is_over_{false};
};
template <class T>
using CallPtr = std::shared_ptr<Call<T>>;

class CallQueue {
  public:
    static constexpr std::size_t kWaitingMax = 100;
    explicit CallQueue(net::Loop& loop) : loop_{loop} {}

    /// `start` is called when it is its turn, with the call to answer. T is a Result.
    template <class T>
    void ask(std::int64_t limit_ms, const Error& late, std::function<void(T)> done,
             std::function<void(CallPtr<T>)> start) {
        if (waiting_.size() >= kWaitingMax) {
            T full = fail(Errc::refused, "the wallet is busy: 100 operations wait already");
            return loop_.post([done = std::move(done), full = std::move(full)] { done(full); });
        }
        auto asked = std::make_shared<Call<T>>(loop_, std::move(done), [this] { next(); });
        waiting_.push_back([asked, limit_ms, late, start = std::move(start)] {
            asked->limit(limit_ms, [weak = std::weak_ptr{asked}, late] {
                if (auto self = weak.lock()) self->answer(T{fail(late)});
            });
            start(asked);
        });
        if (!is_busy_) next();
    }
    bool is_idle() const { return !is_busy_; }
    std::function<void()> on_idle;

  private:
    void next() {
        if (waiting_.empty()) {
            is_busy_ = false;
            if (on_idle) on_idle();
            return;
        }
        is_busy_ = true;
        auto start = std::move(waiting_.front());
        waiting_.pop_front();
        start();
    }
    net::Loop& loop_;
    std::deque<std::function<void()>> waiting_;
    bool is_busy_{false};
};

}  // namespace hp::wallet
