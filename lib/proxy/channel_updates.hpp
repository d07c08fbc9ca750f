// A miner's wishes for its channel, on their way to the pool. However often they change, the pool gets at
// most one update a second: all miners share one connection, and none may fill it.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "crypto/secp.hpp"
#include "net/clock.hpp"

namespace hp::proxy {

struct ChannelUpdate {
    Bytes32 max_target{};
    std::optional<crypto::PublicKey33> locking_key;  ///< nothing: as before
    std::string user_identity;                       ///< empty: as before
};

class ChannelUpdates {
  public:
    static constexpr SteadyMs kIntervalMs = 1'000;
    ChannelUpdates(net::Clock& clock, std::function<void(const ChannelUpdate&)> send)
        : clock_{clock}, timer_{clock}, send_{std::move(send)} {}

    /// Sent at once, or at the end of the interval together with later ones: the newest value of each member
    /// wins.
    void want(ChannelUpdate update) {
        if (waiting_) {
            if (!update.locking_key) update.locking_key = waiting_->locking_key;
            if (update.user_identity.empty()) update.user_identity = std::move(waiting_->user_identity);
            waiting_ = std::move(update);
            return;
        }
        const SteadyMs now = clock_.steady_ms();
        if (now >= next_ms_) return leave(update, now);
        waiting_ = std::move(update);
        timer_.after(next_ms_ - now, [this] {
            if (auto out = std::exchange(waiting_, std::nullopt)) leave(*out, clock_.steady_ms());
        });
    }
    /// The channel is gone, and its updates with it.
    void forget() {
        waiting_.reset();
        timer_.cancel();
    }

  private:
    void leave(const ChannelUpdate& update, SteadyMs now) {
        next_ms_ = now + kIntervalMs;
        send_(update);
    }
    net::Clock& clock_;
    net::Timer timer_;
    std::function<void(const ChannelUpdate&)> send_;
    std::optional<ChannelUpdate> waiting_;
    SteadyMs next_ms_{0};
};

}  // namespace hp::proxy
