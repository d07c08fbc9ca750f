// How long a miner waits, how long it is waited for, and how much it may ask for.
#include "log/log.hpp"
#include "proxy/downstream.hpp"

namespace hp::proxy {
namespace {

constexpr std::int64_t kBeforeWorkLimitMs = 60'000;
/// A restarted pool is back sooner.
constexpr SteadyMs kSilentWaitMs = 3'000;

}  // namespace

/// A miner that has asked for a channel waits for the pool and is not to blame: this ends with the outage, or
/// with outage_patience_s.
void Downstream::wait_for_work(const char* otherwise) {
    limit_.after(kBeforeWorkLimitMs, [this, otherwise] {
        if (!wants_channel_ || channel_id_) return close(otherwise);
        wait_for_work(otherwise);
    });
}

/// Anything but shares: within the limit, or the connection is closed.
bool Downstream::within_requests() {
    if (requests_.take(proxy_->clock.steady_ms())) return true;
    turn_away("too many requests: " + std::to_string(kRequestsAtOnce) + " at once and " +
                  std::to_string(kRequestsPerSecond) + " a second are allowed",
              proxy_->refusals.closed_for_requests);
    return false;
}

/// Beyond it: the share is answered at no cost to others, or the connection is closed.
bool Downstream::within_budget(std::string_view id) {
    const auto refuse = [&](wire::ShareRefusal reason) {
        ++proxy_->refusals.shares_unjudged;
        tally_.on_rejected();
        sv1::append_error(out_, id, sv1::ErrorCode::other, wire::refusal_text(wire::word_of(reason)));
        if (told_unjudged_.take(proxy_->clock.steady_ms())) tell_rejected({wire::word_of(reason)});
        return false;
    };
    if (!budget_.may_wait()) return refuse(wire::ShareRefusal::too_many_outstanding);
    const auto take = budget_.take(proxy_->clock.steady_ms(), allowance_);
    if (take == mining::ShareBudget::Take::judge) return true;
    if (take == mining::ShareBudget::Take::refuse) return refuse(wire::ShareRefusal::too_many_invalid_shares);
    turn_away(wire::refusal_text(wire::word_of(wire::ShareRefusal::too_many_invalid_shares)),
              proxy_->refusals.closed_for_invalid_shares);
    return false;
}

void Downstream::turn_away(const std::string& why, std::uint64_t& counter) {
    ++counter;
    static log::Limited complain{log::Level::warn};
    complain.about(connection_->peer(), "miner {}: closed: {}", connection_->peer(), why);
    flush();
    close(why);
}

/// A notification, not an error: an error would end the miner's attempt, while the answer still comes. Once,
/// since some miners (cgminer, cpuminer) take any line for subscribe's answer, and then subscribe once more.
void Downstream::tell_why_it_waits(SteadyMs now, const std::string& why) {
    const bool waits = proxy_ && wants_channel_ && !channel_id_ && !is_subscribed_;
    if (!waits || now - wants_since_ms_ < kSilentWaitMs || std::exchange(was_told_to_wait_, true)) return;
    sv1::append_show_message(out_, why);
    flush();
}

void Downstream::fail_over(const std::string& why) {
    if (!proxy_ || !wants_channel_ || channel_id_) return;
    if (is_subscribed_) sv1::append_show_message(out_, why);
    refuse_subscribe(why);
    flush();
    close(why);
}

}  // namespace hp::proxy
