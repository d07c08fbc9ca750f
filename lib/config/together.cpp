#include "config/together.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "config/mint_key.hpp"
#include "crypto/base58.hpp"

namespace hp::config {

std::vector<Misfit> misfits(const Pool& pool, const PoolShared& shared) {
    std::vector<Misfit> out;
    const bool by_target = shared.valuation == "target";
    const auto unit = by_target ? shared.unit_bits : shared.minimum_difficulty;
    if (pool.easiest_target_bits < unit)
        out.push_back({Pool::file, "easiest_target_bits",
                       "is " + std::to_string(pool.easiest_target_bits) +
                           ", so a share could be worth nothing, allowed: at least " +
                           (by_target ? "unit_bits" : "minimum_difficulty") + " of shared/pool.toml, " +
                           std::to_string(unit)});
    if (pool.allowed_mint_keys.empty()) return out;
    const auto mints = mint_keys_from_list(pool.allowed_mint_keys);
    if (!mints) {
        out.push_back({Pool::file, "allowed_mint_keys", mints.error().what});
        return out;
    }
    const auto names = mint_names(*mints);
    if (!pool.route_to.empty() && std::ranges::find(names, pool.route_to) == names.end())
        out.push_back(
            {Pool::file, "route_to", "is '" + pool.route_to + "', which is not a mint in allowed_mint_keys"});
    return out;
}

std::vector<Misfit> misfits(const Template& from, const Network& network) {
    std::vector<Misfit> out;
    if (const bool is_sim = network.network == "sim";
        (from.source == "sim") != is_sim && !network.network.empty())
        out.push_back({Template::file, "source",
                       "is " + from.source + ", but the network is " + network.network +
                           ", allowed: " + (is_sim ? "sim" : "rpc"),
                       is_sim ? "name the node's network, e.g. --network regtest"
                              : "the embedded chain is network 'sim'; for a node give --rpc URL"});
    if (from.source != "rpc") return out;
    const bool has_cookie = !from.rpc_cookie_file.empty();
    if (has_cookie && !from.rpc_user.empty())
        out.push_back(
            {Template::file, "rpc_user", "is set, and so is rpc_cookie_file, allowed: only one of them"});
    if (!has_cookie && (from.rpc_user.empty() || from.rpc_password_file.empty()))
        out.push_back(
            {Template::file, "rpc_cookie_file",
             "is empty, but required for source rpc unless rpc_user and rpc_password_file are set"});
    return out;
}

std::vector<Misfit> misfits_of_keys(const PoolShared& shared, const crypto::SecretKey& authority,
                                    const crypto::SecretKey& link_authority) {
    std::vector<Misfit> out;
    if (authority.xonly() == link_authority.xonly())
        out.push_back({Pool::file, "link_authority_secret_key_file",
                       "holds the same key as authority_secret_key_file, allowed: a different key",
                       "the link needs its own key: hp-config keygen authority"});
    if (auto what = unlike(shared.link_authority_public_key, link_authority,
                           "link_authority_secret_key_file of pool.toml"))
        out.push_back({PoolShared::file, "link_authority_public_key", std::move(*what),
                       "mints pin this key: they would refuse the pool"});
    return out;
}

std::optional<std::string> unlike(const std::string& public_text, const crypto::SecretKey& secret,
                                  std::string_view secret_place) {
    if (public_text.empty()) return {};
    const std::string expected = crypto::authority_key_text(secret.xonly());
    if (public_text == expected) return {};
    return "is " + public_text + ", but the key in " + std::string(secret_place) + " has the public key " +
           expected;
}

}  // namespace hp::config
