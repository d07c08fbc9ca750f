// What the pool's operator gives to operators of proxies, mints and wallets elsewhere: addresses and public
// keys. Its keys are those of the configuration, so that each is declared once.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "cli/new_directory.hpp"
#include "config/declared.hpp"

namespace hp::hp_config {

struct Join {
    static constexpr std::string_view file = "join.toml";
    std::string network, pool_address, pool_authority_public_key, link_address, link_authority_public_key,
        mint_url, unit, valuation;
    std::int64_t unit_bits{0}, minimum_difficulty{0};

    template <class V>
    void describe(V&& v) {
        one(v, network, "shared/network.toml", "network");
        one(v, pool_address, "proxy.toml", "pool_address");
        one(v, pool_authority_public_key, "proxy.toml", "pool_authority_public_key");
        one(v, link_address, "shared/pool.toml", "link_address");
        one(v, link_authority_public_key, "shared/pool.toml", "link_authority_public_key");
        one(v, mint_url, "shared/proxy.toml", "mint_url");
        one(v, unit, "shared/pool.toml", "unit");
        one(v, valuation, "shared/pool.toml", "valuation");
        one(v, unit_bits, "shared/pool.toml", "unit_bits");
        one(v, minimum_difficulty, "shared/pool.toml", "minimum_difficulty");
    }

  private:
    /// All are required except mint_url, which a pool need not know.
    template <class V, class T>
    static void one(V&& v, T& field, const char* from, const char* name) {
        const config::Key* key = config::find_key(from, name);
        config::Rule rule = key->rule;
        rule.users.clear();
        rule.required = std::string_view{name} != "mint_url";
        v(name, field, key->doc.c_str(), std::move(rule));
    }
};

Result<Join> read_join(const std::string& path);
/// The values of `join` in the files of a machine.
void choose_joined(const Join& join, cli::Chosens& chosen);
std::string to_toml(Join join);
std::string to_json(Join join);

}  // namespace hp::hp_config
