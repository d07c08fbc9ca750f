#include "proxy/workers.hpp"

#include "ehash/owner.hpp"
#include "sv2/ehash.hpp"

namespace hp::proxy {
namespace {

/// Names that differ only behind it have the same owner, for a key comes first.
std::string_view cut_name(std::string_view name) { return name.substr(0, sv2::ehash::kUserIdentitySizeMax); }

}  // namespace

Result<Worker> Workers::read(std::string_view name) const {
    name = cut_name(name);
    if (const auto known = by_name_.find(name); known != by_name_.end()) return *known->second;
    HP_TRY(const auto key, ehash::key_from_name(name));
    if (all_.size() >= kMax)
        return fail(Errc::refused, "more than " + std::to_string(kMax) + " worker names on one connection");
    const auto owner = key.value_or(wallets_key_);
    return Worker{.name = std::string(name), .owner = owner, .is_wallets = owner == wallets_key_};
}

Worker& Workers::add(Worker worker) {
    if (auto* known = find(worker.name)) return *known;
    auto& added = all_.emplace_back(std::move(worker));
    by_name_.emplace(added.name, &added);
    return added;
}

Worker* Workers::find(std::string_view name) {
    const auto known = by_name_.find(cut_name(name));
    return known == by_name_.end() ? nullptr : known->second;
}

}  // namespace hp::proxy
