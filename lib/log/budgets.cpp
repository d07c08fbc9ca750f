#include "log/budgets.hpp"

#include <algorithm>
#include <utility>

namespace hp::log {

std::optional<std::uint64_t> Budgets::take(std::string_view peer, SteadyMs now_ms) {
    Budget& budget = budget_of(peer, now_ms);
    if (!budget.is_free(now_ms)) {
        ++budget.left_out;
        return std::nullopt;
    }
    budget.last_ms = now_ms;
    return std::exchange(budget.left_out, 0);
}

Budgets::Budget& Budgets::budget_of(std::string_view peer, SteadyMs now_ms) {
    if (peer.empty()) return shared_;
    const auto known =
        std::find_if(own_.begin(), own_.end(), [&](const Budget& b) { return b.peer == peer; });
    if (known != own_.end()) return *known;
    if (own_.size() < kPeersMax) return own_.emplace_back(Budget{.peer = std::string(peer)});
    const auto idle =
        std::find_if(own_.begin(), own_.end(), [&](const Budget& b) { return b.is_free(now_ms); });
    if (idle == own_.end()) return shared_;
    shared_.left_out += idle->left_out;  // so that every line is counted
    *idle = {.peer = std::string(peer)};
    return *idle;
}

}  // namespace hp::log
