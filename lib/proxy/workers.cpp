#include "proxy/workers.hpp"

#include "ehash/owner.hpp"

namespace hp::proxy {
namespace {

/// Names that become equal have the same owner, since a key comes first.
template <class Map>
auto find_name(const Map& by_name, std::string_view name) {
    return by_name.find(ehash::is_worker_name(name) ? name : std::string_view(ehash::worker_name(name)));
}

}  // namespace

Result<Worker> Workers::read(std::string_view untrusted) const {
    const std::string name = ehash::worker_name(untrusted);
    if (const auto known = by_name_.find(name); known != by_name_.end()) return *known->second;
    HP_TRY(const auto key, ehash::key_from_name(name));
    if (all_.size() >= kMax)
        return fail(Errc::refused, "more than " + std::to_string(kMax) + " worker names on one connection");
    const auto owner = key.value_or(wallets_key_);
    return Worker{.name = name, .owner = owner, .is_wallets = owner == wallets_key_};
}

Worker& Workers::add(Worker worker) {
    if (auto* known = find(worker.name)) return *known;
    auto& added = all_.emplace_back(std::move(worker));
    by_name_.emplace(added.name, &added);
    return added;
}

Worker* Workers::find(std::string_view name) {
    const auto known = find_name(by_name_, name);
    return known == by_name_.end() ? nullptr : known->second;
}

}  // namespace hp::proxy
