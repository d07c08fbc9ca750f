#include "audit/operations.hpp"

namespace hp::audit {

Operations::Operations(store::Database& db) {
    auto row = db.prepare("SELECT id, kind, fee FROM op ORDER BY id");
    while (row.step()) {
        auto& one = all_.emplace_back();
        one.id = row.integer(0);
        one.kind = row.integer(1);
        one.fee = row.integer(2);
    }
}

Operation* Operations::find(std::int64_t id) {
    if (all_.empty()) return nullptr;
    // Ids count from 1, usually without gaps.
    if (id >= 1 && static_cast<std::uint64_t>(id) <= all_.size() &&
        all_[static_cast<std::size_t>(id - 1)].id == id)
        return &all_[static_cast<std::size_t>(id - 1)];
    auto at = std::lower_bound(all_.begin(), all_.end(), id,
                               [](const Operation& one, std::int64_t wanted) { return one.id < wanted; });
    return at != all_.end() && at->id == id ? &*at : nullptr;
}

}  // namespace hp::audit
