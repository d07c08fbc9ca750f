#include "net/buffer_budget.hpp"

namespace hp::net {

void BufferBudget::forget(std::map<Id, Holder>::iterator holder) {
    bytes_ -= holder->second.bytes;
    by_size_.erase({holder->second.bytes, holder->first});
    holders_.erase(holder);
}

std::vector<BufferBudget::Id> BufferBudget::hold(Id id, std::size_t bytes, bool is_fixed) {
    if (const auto known = holders_.find(id); known != holders_.end()) forget(known);
    if (bytes == 0) return {};
    holders_.emplace(id, Holder{bytes, is_fixed});
    bytes_ += bytes;
    if (!is_fixed) by_size_.emplace(bytes, id);
    std::vector<Id> out;
    while (bytes_ > bytes_max_ && !by_size_.empty()) {
        const Id largest = by_size_.rbegin()->second;
        forget(holders_.find(largest));
        out.push_back(largest);
    }
    return out;
}

}  // namespace hp::net
