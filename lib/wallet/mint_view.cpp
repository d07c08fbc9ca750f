#include "wallet/mint_view.hpp"

#include "log/log.hpp"
#include "wallet/token_check.hpp"

namespace hp::wallet {
namespace {

/// Each may cost one request. A mint that rotates daily has this many after ten years.
constexpr std::size_t kKeysetsMax = 4096;
constexpr std::string_view kMethod = "ehash";

}  // namespace

void MintView::refresh(std::function<void(Result<>)> done) {
    waiting_.push_back(std::move(done));
    if (waiting_.size() == 1) mint_.info(then<cashu::MintInfoSeen>(&MintView::on_info));
}

void MintView::on_info(cashu::MintInfoSeen info) {
    bool is_ours = std::any_of(info.mint_methods.begin(), info.mint_methods.end(), [this](const auto& entry) {
        return entry.first == kMethod && entry.second == unit_;
    });
    if (!is_ours)
        return finish(
            fail(Errc::refused,
                 "the mint at " + mint_url_ + " does not mint unit '" + unit_ + "' by method 'ehash'",
                 "check mint_url and unit"));
    info_ = std::move(info);
    mint_.keysets(then<std::vector<cashu::Keyset>>(&MintView::on_keysets));
}

void MintView::on_keysets(std::vector<cashu::Keyset> listed) {
    if (listed.size() > kKeysetsMax)
        return finish(fail(Errc::protocol, "the mint lists " + std::to_string(listed.size()) +
                                               " keysets, at most " + std::to_string(kKeysetsMax) +
                                               " are accepted"));
    std::erase_if(listed, [this](const cashu::Keyset& keyset) { return keyset.unit != unit_; });
    listed_ = std::move(listed);
    if (auto asked = ask_for_keys(); !asked) return finish(asked);
    fetch_missing();
}

Result<> MintView::ask_for_keys() {
    missing_.clear();
    return vault_.transact([&]() -> Result<> {
        const bool has_moved = vault_.mint_url() != mint_url_;
        const auto in_use = has_moved ? vault_.keysets_in_use() : std::vector<cashu::KeysetId>{};
        for (const cashu::Keyset& keyset : listed_)
            if (!keyring_.find(keyset.id) || std::ranges::find(in_use, keyset.id) != in_use.end())
                missing_.push_back(keyset);
        return {};
    });
}

std::vector<cashu::KeysetId> MintView::keyset_ids() const {
    std::vector<cashu::KeysetId> out;
    for (const cashu::Keyset& keyset : listed_)
        if (keyring_.find(keyset.id)) out.push_back(keyset.id);
    return out;
}

void MintView::fetch_missing() {
    if (missing_.empty()) return finish(store());
    cashu::Keyset listed = std::move(missing_.back());
    missing_.pop_back();
    mint_.keys(listed.id, [this, listed](Reply<cashu::Keyset> reply) {
        if (!reply) return finish(fail(reply.error().error));
        cashu::Keyset keyset = *std::move(reply);
        keyset.active = listed.active;
        // Version 00 ids are short enough to construct two sets of keys with the same id.
        const cashu::Keyset* before = keyring_.find(keyset.id);
        if (before && before->keys != keyset.keys)
            return finish(fail(Errc::refused,
                               "the mint at " + mint_url_ + " has other keys for keyset '" + keyset.id.hex() +
                                   "' than those of this wallet's proofs",
                               "it is another mint; mint_url must name the mint that issued the proofs"));
        // One bad keyset must not affect the others; without an active one nothing can be minted anyway.
        if (auto taken = keyring_.insert(std::move(keyset)); !taken)
            log::warn("mint {}: {}, ignored", mint_url_, taken.error().what);
        fetch_missing();
    });
}

Result<> MintView::store() {
    auto is_listed = [this](const cashu::KeysetId& id) {
        return std::any_of(listed_.begin(), listed_.end(),
                           [&](const auto& keyset) { return keyset.id == id; });
    };
    return vault_.transact([&]() -> Result<> {
        // The database and this address belong together if the mint knows the proofs' keysets: an id commits
        // to its keys, so nobody else can claim them.
        const auto in_use = vault_.keysets_in_use();
        for (const cashu::KeysetId& id : in_use)
            if (!is_listed(id))
                return fail(Errc::refused,
                            "the mint at " + mint_url_ + " does not know keyset '" + id.hex() +
                                "', of which this wallet holds proofs",
                            "it is another mint than '" + vault_.mint_url() + "', or has lost its keys");
        for (const cashu::KeysetId& id : keyring_.ids()) {
            auto at = std::find_if(listed_.begin(), listed_.end(), [&](const auto& k) { return k.id == id; });
            cashu::Keyset now = at == listed_.end() ? *keyring_.find(id) : *at;
            if (at == listed_.end()) now.active = false;
            keyring_.update(now);
            vault_.put_keyset(*keyring_.find(id));
        }
        if (keyring_.ids().empty())
            return fail(Errc::refused, "the mint at " + mint_url_ + " has no keyset of unit '" + unit_ + "'");
        if (vault_.mint_url() != mint_url_) {
            log::warn("the mint has moved from {} to {}", vault_.mint_url(), mint_url_);
            // A wallet without proofs may have switched to another mint, for which the old URL is not a name.
            if (in_use.empty())
                vault_.forget_former_urls();
            else
                vault_.add_former_url(vault_.mint_url());
            vault_.set_mint_url(mint_url_);
        }
        vault_.set_token_url(token_url(info_.urls, mint_url_));
        return {};
    });
}

void MintView::finish(Result<> result) {
    if (result) is_ready_ = true;
    auto waiting = std::exchange(waiting_, {});
    for (auto& done : waiting) done(result);
}

}  // namespace hp::wallet
