// Checks across several files, in reading order.
#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

#include "base/bytes.hpp"
#include "bitcoin/script.hpp"
#include "cli/secrets.hpp"
#include "config/mint_key.hpp"
#include "config/roles.hpp"
#include "config/together.hpp"
#include "crypto/base58.hpp"
#include "log/levels.hpp"
#include "net/http_url.hpp"
#include "place.hpp"
#include "recordio/event_sink.hpp"
#include "setup.hpp"
#include "stats/sql.hpp"
#include "stats/tokens.hpp"

namespace hp::hp_config {
namespace {

using config::Mint;
using config::Network;
using config::Pool;
using config::PoolShared;
using config::Proxy;
using config::ProxyShared;
using config::Stats;
using config::Template;

/// Whether dialling `address` on this machine reaches a listener on `listen`.
bool reaches(const std::string& address, const std::string& listen) {
    const Place to{address}, at{listen};
    if (to.port != at.port) return false;
    return to.host == at.host || (to.is_loopback() && (at.is_any() || at.is_loopback()));
}

void check_ports(Setup& setup) {
    const Network& network = setup.values.network;
    struct Listener {
        const char* key;
        std::string at;
        const char* role;  ///< of the machine where it is used
    };
    std::vector<Listener> listeners = {
        {"template_listen", network.template_listen, "pool"},
        {"pool_listen", network.pool_listen, "pool"},
        {"link_listen", network.link_listen, "pool"},
        {"mint_listen", network.mint_listen, "mint"},
        {"proxy_listen", network.proxy_listen, "proxy"},
        {"pool_stats_listen", network.pool_stats_listen, "pool"},
        {"proxy_stats_listen", network.proxy_stats_listen, "proxy"},
        {"pool_records_listen", network.pool_records_listen, "pool"},
        {"proxy_records_listen", network.proxy_records_listen, "proxy"},
        {"pool_web_listen", network.pool_web_listen, "pool"},
        {"proxy_web_listen", network.proxy_web_listen, "proxy"},
        {"proxy_api_listen", network.proxy_api_listen, "proxy"},
    };
    std::erase_if(listeners, [&](const Listener& one) { return !config::has_role(setup.roles, one.role); });
    for (std::size_t i = 0; i < listeners.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            const Place a{listeners[i].at}, b{listeners[j].at};
            const bool clash = a.port == b.port && (a.host == b.host || a.is_any() || b.is_any());
            if (!clash) continue;
            setup.add(Network::file, listeners[i].key,
                      "is " + listeners[i].at + ", but " + listeners[j].key +
                          " has the same port: " + listeners[j].at);
        }
    }
}

/// The key in a file, or nothing after a finding.
std::optional<crypto::SecretKey> secret_key(Setup& setup, std::string_view file, const char* key,
                                            const std::string& path) {
    if (path.empty()) return std::nullopt;
    auto read = cli::read_secret_key(setup.resolve(path), setup.values.network.network);
    if (read) return *read;
    setup.add(file, key, read.error().what);
    return std::nullopt;
}

void check_words(Setup& setup, std::string_view file, const char* key, const std::string& path) {
    if (path.empty()) return;
    const auto read = cli::read_mnemonic(setup.resolve(path), setup.values.network.network);
    if (!read) setup.add(file, key, read.error().what);
}

/// The key's rule checks the syntax of levels, the log which modules exist.
void check_log(Setup& setup, std::string_view file, const config::Log& log) {
    if (!setup.has(file)) return;
    if (const auto levels = log::levels_from_text(log.level); !levels)
        setup.add(file, "log_level", levels.error().what);
}

struct Keys {
    std::optional<crypto::SecretKey> template_authority, pool_authority, link_authority, mint_link;
};

Keys read_keys(Setup& setup) {
    Keys out;
    const auto& values = setup.values;
    if (setup.has(Template::file)) {
        out.template_authority = secret_key(setup, Template::file, "authority_secret_key_file",
                                            values.template_.authority_secret_key_file);
        if (!values.template_.rpc_password_file.empty()) {
            const auto read = cli::read_secret_text(setup.resolve(values.template_.rpc_password_file));
            if (!read) setup.add(Template::file, "rpc_password_file", read.error().what);
        }
    }
    if (setup.has(Pool::file)) {
        out.pool_authority =
            secret_key(setup, Pool::file, "authority_secret_key_file", values.pool.authority_secret_key_file);
        out.link_authority = secret_key(setup, Pool::file, "link_authority_secret_key_file",
                                        values.pool.link_authority_secret_key_file);
    }
    if (setup.has(Mint::file)) {
        out.mint_link =
            secret_key(setup, Mint::file, "link_secret_key_file", values.mint.link_secret_key_file);
        check_words(setup, Mint::file, "seed_file", values.mint.seed_file);
    }
    if (setup.has(ProxyShared::file)) {
        check_words(setup, ProxyShared::file, "wallet_seed_file", values.proxy_shared.wallet_seed_file);
    }
    return out;
}

void check_belongs(Setup& setup, std::string_view file, const char* key, const std::string& public_text,
                   const std::optional<crypto::SecretKey>& secret, const char* secret_place) {
    if (!secret) return;
    if (auto what = config::unlike(public_text, *secret, secret_place))
        setup.add(file, key, std::move(*what));
}

void add_all(Setup& setup, std::vector<config::Misfit> misfits) {
    for (auto& one : misfits) setup.add(one.file, one.key, std::move(one.what));
}

void check_mints(Setup& setup, const std::optional<crypto::SecretKey>& mint_link) {
    const auto& pool = setup.values.pool;
    const auto mints = config::mint_keys_from_list(pool.allowed_mint_keys);
    if (!mints || !mint_link) return;
    const bool known = std::any_of(mints->begin(), mints->end(), [&](const config::MintKey& mint) {
        return mint.key == mint_link->xonly();
    });
    if (!known)
        setup.add(Pool::file, "allowed_mint_keys",
                  "does not have the link key of mint.toml's link_secret_key_file, which is " +
                      to_hex(mint_link->xonly()));
}

void check_keys(Setup& setup, const Keys& keys) {
    const auto& values = setup.values;
    const auto& network = values.network;
    // A key of another machine cannot be compared with a file here.
    if (setup.has(PoolShared::file) &&
        reaches(values.pool_shared.template_address, network.template_listen)) {
        check_belongs(setup, PoolShared::file, "template_authority_public_key",
                      values.pool_shared.template_authority_public_key, keys.template_authority,
                      "authority_secret_key_file of template.toml");
    }
    if (setup.has(PoolShared::file) && keys.pool_authority && keys.link_authority)
        add_all(setup,
                config::misfits_of_keys(values.pool_shared, *keys.pool_authority, *keys.link_authority));
    if (setup.has(Proxy::file) && reaches(values.proxy.pool_address, network.pool_listen)) {
        check_belongs(setup, Proxy::file, "pool_authority_public_key", values.proxy.pool_authority_public_key,
                      keys.pool_authority, "authority_secret_key_file of pool.toml");
    }
    if (setup.has(Pool::file) && !values.pool.allowed_mint_keys.empty()) check_mints(setup, keys.mint_link);
    const auto same = [](const auto& a, const auto& b) { return a && b && a->bytes() == b->bytes(); };
    if (same(keys.mint_link, keys.link_authority) || same(keys.mint_link, keys.pool_authority)) {
        setup.add(Mint::file, "link_secret_key_file", "holds a key of the pool, allowed: a different key");
    }
}

/// For a collector on this machine the keys can be compared.
void check_events(Setup& setup, std::string_view file, const config::Events& events,
                  const std::optional<crypto::SecretKey>& stats_authority) {
    if (!setup.has(file)) return;
    const auto options = recordio::event_options(events.to, events.framing, events.encoding);
    if (!options) return setup.add(file, "events", options.error().what);
    if (!recordio::is_noise_target(events.to)) return;
    const auto key = secret_key(setup, file, "events_secret_key_file", events.secret_key_file);
    const auto target = recordio::noise_target_from_text(events.to);
    const auto& network = setup.values.network;
    const bool is_here = reaches(target->address.text(), network.pool_records_listen) ||
                         reaches(target->address.text(), network.proxy_records_listen);
    if (!setup.has(Stats::file) || !is_here) return;
    if (stats_authority && target->authority != stats_authority->xonly())
        setup.add(file, "events",
                  "does not have the key of records_secret_key_file of stats.toml, which is " +
                      crypto::authority_key_text(stats_authority->xonly()));
    if (!key) return;
    const auto text = crypto::authority_key_text(key->xonly());
    const auto& allowed = setup.values.stats.allowed_writer_keys;
    if (std::find(allowed.begin(), allowed.end(), text) == allowed.end())
        setup.add(file, "events_secret_key_file",
                  "has the public key " + text + ", which is not in allowed_writer_keys of stats.toml");
}

void check_records(Setup& setup) {
    const auto& values = setup.values;
    const auto authority = setup.has(Stats::file) ? secret_key(setup, Stats::file, "records_secret_key_file",
                                                               values.stats.records_secret_key_file)
                                                  : std::nullopt;
    check_events(setup, Template::file, values.template_.events, authority);
    check_events(setup, Pool::file, values.pool.events, authority);
    check_events(setup, Mint::file, values.mint.events, authority);
    check_events(setup, Proxy::file, values.proxy.events, authority);
}

void check_payout(Setup& setup) {
    if (!setup.has(Pool::file) || setup.values.pool.payout_script.empty()) return;
    const auto network = bitcoin::network_from_name(setup.values.network.network);
    if (!network) return;  // already found
    const auto script = bitcoin::script_from_text(setup.values.pool.payout_script, *network);
    if (!script) setup.add(Pool::file, "payout_script", script.error().what);
}

void check_worth(Setup& setup) {
    const auto& values = setup.values;
    if (setup.has(Pool::file) && setup.has(PoolShared::file))
        add_all(setup, config::misfits(values.pool, values.pool_shared));
    if (setup.has(PoolShared::file) && setup.has(ProxyShared::file) &&
        values.pool_shared.unit != values.proxy_shared.unit) {
        setup.add(ProxyShared::file, "unit",
                  "is '" + values.proxy_shared.unit + "', but shared/pool.toml says '" +
                      values.pool_shared.unit + "'");
    }
}

void check_paths(Setup& setup) {
    const auto& values = setup.values;
    struct Stored {
        std::string_view file;
        const char* key;
        const std::string& path;
    };
    std::vector<Stored> stores;
    if (setup.has(Pool::file)) stores.push_back({Pool::file, "outbox_database", values.pool.outbox_database});
    if (setup.has(Mint::file)) stores.push_back({Mint::file, "database", values.mint.database});
    if (setup.has(ProxyShared::file)) {
        stores.push_back({ProxyShared::file, "wallet_database", values.proxy_shared.wallet_database});
    }
    if (setup.has(Stats::file)) stores.push_back({Stats::file, "database", values.stats.database});
    if (setup.has(Stats::file))
        stores.push_back({Stats::file, "proxy_database", values.stats.proxy_database});
    if (setup.has(Template::file) && values.template_.source == "sim") {
        stores.push_back({Template::file, "sim_chain_file", values.template_.sim_chain_file});
    }
    std::map<std::string, std::string> taken;
    for (const auto& store : stores) {
        const bool is_url = stats::is_postgres_url(store.path);
        const std::string path = is_url ? store.path : setup.resolve(store.path);
        const std::string owner = std::string(store.key) + " of " + std::string(store.file);
        if (const auto [other, is_new] = taken.emplace(path, owner); !is_new) {
            setup.add(store.file, store.key, "is '" + path + "', which is also " + other->second);
        }
        if (is_url) continue;
        std::error_code ignored;
        const auto parent = std::filesystem::path(path).parent_path();
        if (!std::filesystem::is_directory(parent, ignored)) {
            setup.add(store.file, store.key, "is in '" + parent.string() + "', which is not a directory");
        } else if (std::filesystem::is_directory(path, ignored)) {
            setup.add(store.file, store.key, "is '" + path + "', a directory, allowed: a file");
        }
    }
}

void check_template(Setup& setup) {
    if (!setup.has(Template::file)) return;
    add_all(setup, config::misfits(setup.values.template_, setup.values.network));
}

/// Who may see the figures: the same decision as in hp-stats serve.
void check_tokens(Setup& setup) {
    if (!setup.has(Stats::file)) return;
    const auto& file = setup.values.stats.tokens_file;
    const auto& network = setup.values.network;
    if (!file.empty()) {
        const auto text = cli::read_secret_text(setup.resolve(file));
        if (!text) return setup.add(Stats::file, "tokens_file", text.error().what);
        if (const auto tokens = stats::Tokens::parse(text->reveal(), setup.resolve(file)); !tokens)
            setup.add(Stats::file, "tokens_file", tokens.error().what);
        return;
    }
    for (const auto& [key, listen] : {std::pair{"pool_stats_listen", &network.pool_stats_listen},
                                      std::pair{"proxy_stats_listen", &network.proxy_stats_listen}}) {
        const auto at = net::endpoint_from_text(*listen);
        if (!at) continue;  // already found
        if (const auto open = stats::check_listener(at->text(), at->is_loopback(), false); !open)
            setup.add(Network::file, key, open.error().what + ": " + open.error().hint);
    }
}

/// Legal, but rarely meant.
void look_at_addresses(Setup& setup) {
    const auto& values = setup.values;
    const auto& network = values.network;
    const auto look = [&](std::string_view file, const char* key, const std::string& address,
                          const char* listen_key, const std::string& listen, const char* role) {
        // If the listener is on another machine, loopback means a tunnel.
        if (!config::has_role(setup.roles, role)) return;
        if (!Place{address}.is_loopback() || reaches(address, listen)) return;
        setup.add(file, key, "is " + address + ", but " + listen_key + " is " + listen, true);
    };
    if (setup.has(PoolShared::file)) {
        look(PoolShared::file, "template_address", values.pool_shared.template_address, "template_listen",
             network.template_listen, "pool");
        look(PoolShared::file, "link_address", values.pool_shared.link_address, "link_listen",
             network.link_listen, "pool");
    }
    if (setup.has(Proxy::file)) {
        look(Proxy::file, "pool_address", values.proxy.pool_address, "pool_listen", network.pool_listen,
             "pool");
    }
    if (setup.has(Template::file) && values.template_.source == "rpc" &&
        net::is_exposed(values.template_.rpc_url))
        setup.add(Template::file, "rpc_url", net::exposed_text(values.template_.rpc_url), true);
    if (setup.has(ProxyShared::file)) {
        const std::string& url = values.proxy_shared.mint_url;
        if (net::is_exposed(url)) setup.add(ProxyShared::file, "mint_url", net::exposed_text(url), true);
        const std::string address = authority_of(url);
        if (config::has_role(setup.roles, "mint") && Place{address}.is_loopback() &&
            !reaches(address, network.mint_listen)) {
            setup.add(ProxyShared::file, "mint_url",
                      "is " + url + ", but mint_listen is " + network.mint_listen, true);
        }
    }
}

}  // namespace

void check_across(Setup& setup) {
    // If a file is not TOML its values are defaults, and comparing these with others would mislead.
    const auto is_of_a_file = [](const Finding& one) { return !one.is_warning && one.problem.key.empty(); };
    if (std::ranges::any_of(setup.findings, is_of_a_file)) return;
    check_ports(setup);
    const Keys keys = read_keys(setup);
    check_keys(setup, keys);
    check_records(setup);
    check_payout(setup);
    check_worth(setup);
    check_paths(setup);
    check_template(setup);
    check_tokens(setup);
    const auto& values = setup.values;
    check_log(setup, Template::file, values.template_.log);
    check_log(setup, Pool::file, values.pool.log);
    check_log(setup, Mint::file, values.mint.log);
    check_log(setup, Proxy::file, values.proxy.log);
    check_log(setup, Stats::file, values.stats.log);
    look_at_addresses(setup);
}

}  // namespace hp::hp_config
