#include "join.hpp"

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/secrets.hpp"
#include "cli/variables.hpp"
#include "crypto/base58.hpp"
#include "directory.hpp"
#include "place.hpp"

namespace hp::hp_config {
namespace {

struct JoinFileOptions {
    std::string dir;
    std::string host;      ///< under which others reach this machine
    std::string mint_url;  ///< where wallets reach the mint
    bool json{false};
};

/// HOST with the port of `listen`. A listener on one address of this machine is reached there.
std::string reached_at(const std::string& host, const std::string& listen, const char* key, const char* who) {
    const Place at{listen};
    if (at.is_loopback() && !Place{host + ":1"}.is_loopback())
        std::fprintf(stderr, "hp-config: warning: %s is %s: %s on another machine cannot reach it\n", key,
                     listen.c_str(), who);
    return host + ":" + at.port;
}

Result<std::string> host_of(const JoinFileOptions& options, const std::string& pool_listen) {
    if (options.host.empty()) {
        const Place at{pool_listen};
        if (!at.is_any() && !at.is_loopback()) return at.host;
        return fail(Errc::usage, "pool_listen is " + pool_listen + ", which means nothing to other machines",
                    "give --host, the name or address under which they reach this machine");
    }
    if (!config::check(config::endpoint(), config::Setting{options.host + ":1"}))
        return fail(Errc::usage, "--host is '" + printable(options.host) +
                                     "', allowed: a host name or address, without a port; IPv6 in brackets");
    return options.host;
}

/// Empty if nobody elsewhere could use it.
std::string mint_url_of(const JoinFileOptions& options, const std::string& host,
                        const config::Network& network, const std::string& configured,
                        const std::vector<std::string>& public_urls) {
    if (!options.mint_url.empty()) return options.mint_url;
    if (!public_urls.empty()) return public_urls.front();
    if (!configured.empty() && !is_loopback_url(configured)) return configured;
    const Place at{network.mint_listen};
    const bool is_reached = !at.is_loopback() || Place{host + ":1"}.is_loopback();
    if (!configured.empty() && is_reached) return "http://" + host + ":" + at.port;
    std::fprintf(stderr,
                 "hp-config: warning: mint_url is left out: nothing here says where wallets reach the mint; "
                 "--mint-url does\n");
    return {};
}

/// A file's problems, except those of keys not needed yet for joining.
Result<> good_but(const config::Loader& loader, std::initializer_list<std::string_view> passed) {
    for (const auto& problem : loader.problems())
        if (std::ranges::find(passed, problem.key) == passed.end()) return fail(Errc::usage, problem.text());
    return {};
}

Result<> run_join_file(const JoinFileOptions& options) {
    std::error_code error;
    const auto dir = std::filesystem::absolute(options.dir, error).lexically_normal().string();
    config::Loader loader{dir, {}, cli::hashpool_environment()};
    config::Network network;
    config::PoolShared shared;
    config::Pool pool;
    loader.load(network);
    loader.load(shared);
    loader.load(pool);
    HP_DO(good_but(loader, {"allowed_mint_keys", "payout_script"}));
    if (!options.mint_url.empty())
        if (auto good = config::check(config::url(), config::Setting{options.mint_url}); !good)
            return fail(Errc::usage, "--mint-url " + good.error().what);
    HP_TRY(const auto key,
           cli::read_secret_key(loader.resolve(pool.authority_secret_key_file), network.network));
    HP_TRY(const auto host, host_of(options, network.pool_listen));
    // A pool's machine may have neither of these two.
    const auto has = [&](std::string_view file) {
        return std::filesystem::exists(std::filesystem::path(dir) / file, error);
    };
    config::ProxyShared wallet;
    config::Mint mint;
    if (has(config::Mint::file)) loader.load(mint);
    if (has(config::ProxyShared::file))
        loader.load(wallet);
    else
        wallet.mint_url.clear();
    HP_DO(good_but(loader, {"allowed_mint_keys", "payout_script"}));
    Join join;
    join.network = network.network;
    join.pool_address = reached_at(host, network.pool_listen, "pool_listen", "a proxy");
    join.pool_authority_public_key = crypto::authority_key_text(key.xonly());
    join.link_address = reached_at(host, network.link_listen, "link_listen",
                                   has(config::Mint::file) ? "a further mint" : "a mint");
    join.link_authority_public_key = shared.link_authority_public_key;
    join.mint_url = mint_url_of(options, host, network, wallet.mint_url, mint.public_urls);
    join.unit = shared.unit;
    join.valuation = shared.valuation;
    join.unit_bits = shared.unit_bits;
    join.minimum_difficulty = shared.minimum_difficulty;
    std::fputs((options.json ? to_json(join) : to_toml(join)).c_str(), stdout);
    return {};
}

}  // namespace

std::string to_toml(Join join) {
    std::string out =
        "# What a machine needs to join this pool: addresses and public keys, nothing secret. On that "
        "machine:\n"
        "#   hp-config init DIR --role proxy --join FILE     (or mint, or wallet)\n";
    out += "# Miners that speak SV2: stratum2+tcp://" + join.pool_address + "/" +
           join.pool_authority_public_key + "\n";
    if (!join.mint_url.empty()) out += "# To only hold ehash: hp-wallet init --mint " + join.mint_url + "\n";
    std::vector<config::Key> keys;
    config::Loader::collect(join, keys);
    for (const auto& key : keys) {
        const auto value = config::toml_text(key.current());
        if (value != "\"\"") out += key.name + " = " + value + "\n";
    }
    return out;
}

std::string to_json(Join join) {
    nlohmann::ordered_json out;
    std::vector<config::Key> keys;
    config::Loader::collect(join, keys);
    // Our TOML values are also valid JSON.
    for (const auto& key : keys)
        if (const auto value = config::toml_text(key.current()); value != "\"\"")
            out[key.name] = nlohmann::json::parse(value);
    return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Result<Join> read_join(const std::string& path) {
    Join join;
    config::Loader loader{"", {}, {}};
    loader.load(join, path);
    HP_DO(loader.finish());
    return join;
}

void choose_joined(const Join& join, cli::Chosens& chosen) {
    chosen["shared/network.toml"]["network"] = {join.network};
    chosen["proxy.toml"]["pool_address"] = {join.pool_address};
    chosen["proxy.toml"]["pool_authority_public_key"] = {join.pool_authority_public_key};
    auto& pool = chosen["shared/pool.toml"];
    pool["link_address"] = {join.link_address};
    pool["link_authority_public_key"] = {join.link_authority_public_key};
    pool["unit"] = {join.unit};
    pool["valuation"] = {join.valuation};
    pool["unit_bits"] = {join.unit_bits};
    pool["minimum_difficulty"] = {join.minimum_difficulty};
    chosen["shared/proxy.toml"]["unit"] = {join.unit};
    if (!join.mint_url.empty()) chosen["shared/proxy.toml"]["mint_url"] = {join.mint_url};
}

cli::Verb join_file() {
    return {
        .name = "join-file",
        .summary = "print what a proxy, mint or wallet elsewhere needs to join this pool: nothing secret",
        .examples = {"hp-config join-file --host pool.example.org --mint-url https://mint.example.org > "
                     "join.toml"},
        .declare = [](cli::Options& add) -> cli::Action {
            auto directory = std::make_shared<Directory>();
            auto options = std::make_shared<JoinFileOptions>();
            add_usual_directory(add, *directory, "configuration directory of the pool [/etc/hashpool]");
            add.text("--host", options->host,
                     "name or address under which others reach this machine [that of pool_listen]")
                .value_name("HOST");
            add.text("--mint-url", options->mint_url, "where wallets reach the mint [that of DIR]")
                .value_name("URL");
            add.json(options->json, "print one JSON object instead of the file");
            return [directory, options]() -> Result<> {
                HP_TRY(options->dir, directory->usual());
                return run_join_file(*options);
            };
        },
    };
}

}  // namespace hp::hp_config
