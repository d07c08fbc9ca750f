// A new configuration directory: every file from the declarations, fresh keys, values that fit together.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "bitcoin/script.hpp"
#include "cli/new_directory.hpp"
#include "cli/secrets.hpp"
#include "config/documentation.hpp"
#include "config/roles.hpp"
#include "crypto/base58.hpp"
#include "crypto/hmac.hpp"
#include "crypto/random.hpp"
#include "directory.hpp"
#include "join.hpp"
#include "place.hpp"
#include "units.hpp"

namespace hp::hp_config {
namespace {

struct InitOptions {
    std::string dir;
    std::string network;             ///< may be empty with `join`
    std::vector<std::string> roles;  ///< empty: all
    std::string join;                ///< the file from the pool's operator
    std::string mint_url;            ///< wins over that of `join`
    std::string ports;               ///< "", "auto" or the first of twelve
    std::string payout;              ///< an address or raw(HEX)
    std::string rpc_cookie;          ///< the node's cookie file
    bool json{false};
};

namespace fs = std::filesystem;
using cli::Chosens;
using cli::Secrets;

constexpr std::size_t kPortCount = 12;
using Ports = std::array<std::uint16_t, kPortCount>;

/// Free loopback ports, held open together so that all differ. Below the kernel's ephemeral ports (32768 and
/// up): until our programs listen there, nothing takes one by accident.
Result<Ports> free_ports() {
    constexpr std::uint16_t kLowest = 10'000, kEnd = 32'768;
    constexpr int kTriesMax = 10'000;
    Ports out{};
    std::array<int, kPortCount> sockets{};
    std::size_t found = 0;
    int error = 0;
    for (int tries = 0; found < kPortCount && tries < kTriesMax; ++tries) {
        const auto drawn = crypto::random_u32();
        const auto port = static_cast<std::uint16_t>(kLowest + drawn % (kEnd - kLowest));
        const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(port);
        if (socket >= 0 && ::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
            sockets[found] = socket;
            out[found++] = port;
            continue;
        }
        error = errno;
        if (socket >= 0) ::close(socket);
    }
    for (std::size_t i = 0; i < found; ++i) ::close(sockets[i]);
    if (found < kPortCount)
        return fail(Errc::io, "cannot find free ports: " + std::generic_category().message(error));
    return out;
}

Result<Ports> ports_from(const std::string& text) {
    if (text == "auto") return free_ports();
    unsigned base = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), base);
    if (error != std::errc{} || end != text.data() + text.size() || base < 1 ||
        base + kPortCount - 1 > 65535) {
        return fail(Errc::usage,
                    "--ports is '" + printable(text) + "', allowed: auto, or a number from 1 to 65524",
                    "twelve ports are used, starting at that number");
    }
    Ports out{};
    for (std::size_t i = 0; i < kPortCount; ++i) out[i] = static_cast<std::uint16_t>(base + i);
    return out;
}

Result<> set_ports(const std::string& ports, Chosens& chosen) {
    if (ports.empty()) return {};
    HP_TRY(const Ports at, ports_from(ports));
    const auto place = [&](std::size_t i) { return "127.0.0.1:" + std::to_string(at[i]); };
    auto& network = chosen["shared/network.toml"];
    network["template_listen"] = {place(0)};
    network["pool_listen"] = {place(1)};
    network["link_listen"] = {place(2)};
    network["mint_listen"] = {place(3)};
    network["proxy_listen"] = {place(4)};
    network["pool_stats_listen"] = {place(5)};
    network["proxy_stats_listen"] = {place(6)};
    network["pool_web_listen"] = {place(7)};
    network["proxy_web_listen"] = {place(8)};
    network["proxy_api_listen"] = {place(9)};
    network["pool_records_listen"] = {place(10)};
    network["proxy_records_listen"] = {place(11)};
    chosen["shared/pool.toml"]["template_address"] = {place(0)};
    chosen["shared/pool.toml"]["link_address"] = {place(2)};
    chosen["shared/proxy.toml"]["mint_url"] = {"http://" + place(3)};
    chosen["proxy.toml"]["pool_address"] = {place(1)};
    return {};
}

Result<> set_payout(const InitOptions& options, bool is_play, Chosens& chosen) {
    HP_TRY(const auto network, bitcoin::network_from_name(options.network));
    if (!options.payout.empty()) {
        if (auto script = bitcoin::script_from_text(options.payout, network); !script) {
            return fail(Errc::usage, "--payout " + script.error().what, script.error().hint);
        }
        chosen["pool.toml"]["payout_script"] = {options.payout};
        return {};
    }
    // Never guess where real coins go: the key stays unset, and check and hp-pool refuse until it is set.
    if (!is_play) return {};
    chosen["pool.toml"]["payout_script"] = {
        "raw(0014" + to_hex(crypto::random_array<20>()) + ")",
        "not the hash of any key: the toy coins of " + options.network + " are unspendable"};
    return {};
}

std::string text_of(const Chosens& chosen, const char* file, const char* key) {
    for (const auto& one : config::declared()) {
        if (one.file != file) continue;
        for (const auto& declared_key : one.keys) {
            if (declared_key.name != key) continue;
            const auto values = chosen.find(file);
            const bool is_chosen = values != chosen.end() && values->second.contains(key);
            return std::get<std::string>(is_chosen ? values->second.at(key).value : declared_key.current());
        }
    }
    HP_ASSERT(false);
    return {};
}

/// A service cannot read the cookie of a node in a user's home: creates credentials, and the line for
/// bitcoin.conf, like Bitcoin Core's share/rpcauth (HMAC-SHA256 of the password with the salt's text as key).
std::string choose_account(Secrets& secrets, Chosens& chosen) {
    constexpr const char* kUser = "hashpool";
    constexpr const char* kFile = "secrets/rpc.password";
    const std::string& password =
        secrets.try_emplace(kFile, to_hex(crypto::random_array<32>())).first->second;
    const std::string salt = to_hex(crypto::random_array<16>());
    auto& values = chosen["template.toml"];
    values["rpc_user"] = {std::string(kUser)};
    values["rpc_password_file"] = {std::string(kFile)};
    return std::string(kUser) + ":" + salt + "$" +
           to_hex(crypto::hmac_sha256(as_bytes(salt), as_bytes(password)));
}

/// What others need to know about a machine: its listening addresses and public keys.
struct Made {
    std::string dir, network, rpcauth, mint_link_key;
    const std::vector<std::string>& roles;
    const Chosens& chosen;
    bool has(std::string_view role) const { return config::has_role(roles, role); }
};

nlohmann::ordered_json facts(const Made& made) {
    nlohmann::ordered_json out = {{"dir", made.dir}, {"network", made.network}};
    const auto listens = [&](const char* role, std::initializer_list<const char*> keys) {
        for (const char* key : keys)
            if (made.has(role)) out[key] = text_of(made.chosen, "shared/network.toml", key);
    };
    listens("pool", {"template_listen", "pool_listen", "link_listen"});
    listens("mint", {"mint_listen"});
    listens("proxy", {"proxy_listen"});
    listens("pool", {"pool_stats_listen"});
    listens("proxy", {"proxy_stats_listen"});
    listens("pool", {"pool_web_listen"});
    listens("proxy", {"proxy_web_listen"});
    if (!made.has("pool") && made.has("proxy"))
        out["pool_address"] = text_of(made.chosen, "proxy.toml", "pool_address");
    if (!made.has("pool") && made.has("mint"))
        out["link_address"] = text_of(made.chosen, "shared/pool.toml", "link_address");
    if (!made.has("mint") && (made.has("proxy") || made.has("wallet")))
        out["mint_url"] = text_of(made.chosen, "shared/proxy.toml", "mint_url");
    if (made.has("pool") || made.has("proxy"))
        out["pool_authority_public_key"] = text_of(made.chosen, "proxy.toml", "pool_authority_public_key");
    if (!made.roles.empty()) out["roles"] = made.roles;
    if (!made.roles.empty() && made.has("mint")) out["mint_link_public_key"] = made.mint_link_key;
    if (!made.rpcauth.empty()) out["rpcauth"] = made.rpcauth;
    return out;
}

/// A side's figures come from its program's records.
std::string records_of(const std::string& role, const Made& made) {
    if (role != "pool" && role != "proxy") return {};
    return " --events - | hp-stats ingest - --config-dir " + made.dir + " --side " + role;
}

void print_start(const Made& made) {
    const auto programs = config::programs_of(made.roles);
    std::string services;
    for (const char* role : {"template", "pool", "mint", "proxy"})
        if (std::ranges::find(programs, std::string("hp-") + role) != programs.end())
            services += (services.empty() ? "" : ",") + std::string(role);
    const auto braces = [](const std::string& words) {
        return words.find(',') == std::string::npos ? words : "{" + words + "}";
    };
    if (const auto at = unit_suffix(made.dir); at && !services.empty()) {
        std::printf("  systemctl enable --now hp-%s%s\n", braces(services).c_str(), at->c_str());
        const std::string sides = made.has("pool") && made.has("proxy") ? "{pool,proxy}"
                                  : made.has("pool")                    ? "pool"
                                                                        : "proxy";
        if (made.has("pool") || made.has("proxy"))
            std::printf("and with hashpool-stats:\n  systemctl enable --now hp-{ingest,stats,web}-%s%s\n",
                        sides.c_str(), at->c_str());
        return;
    }
    if (services.empty())
        return std::printf("  hp-wallet --config-dir %s balance\n", made.dir.c_str()), void();
    std::printf(services.find(',') == std::string::npos ? "and then:\n" : "and each in its own terminal:\n");
    for (const char* role : {"template", "pool", "mint", "proxy"})
        if (std::ranges::find(programs, std::string("hp-") + role) != programs.end())
            std::printf("  hp-%s --config-dir %s%s\n", role, made.dir.c_str(),
                        records_of(role, made).c_str());
    for (const char* side : {"pool", "proxy"})
        if (made.has(side))
            std::printf(
                "for the %s's page:\n  hp-stats serve --config-dir %s --side %s\n  hp-web %s --config-dir "
                "%s\n",
                side, made.dir.c_str(), side, side, made.dir.c_str());
}

void print(const Made& made) {
    std::printf("made '%s' for %s\n\n", made.dir.c_str(), made.network.c_str());
    const auto out = facts(made);
    for (const auto& [key, value] : out.items())
        if (value.is_string() && key != "dir" && key != "network" && key != "rpcauth")
            std::printf("  %-26s %s\n", key.c_str(), value.get<std::string>().c_str());
    if (made.has("pool") && text_of(made.chosen, "pool.toml", "payout_script").empty())
        std::printf("\nBefore anything runs, set payout_script in pool.toml: where block rewards of %s go.\n",
                    made.network.c_str());
    if (!made.rpcauth.empty())
        std::printf(
            "\nGive the node credentials for hp-template: add this line to its bitcoin.conf, and restart "
            "it.\n"
            "  rpcauth=%s\n",
            made.rpcauth.c_str());
    if (made.has("pool") && !made.has("mint"))
        std::printf(
            "\nThe pool starts once it has a mint. For the machines that join this pool, with the name or "
            "address\n"
            "under which they reach it:\n"
            "  hp-config join-file %s --host HOST > join.toml\n"
            "What 'hp-config init --role mint' prints there comes back as\n"
            "  hp-config add-mint mint --key KEY %s\n",
            made.dir.c_str(), made.dir.c_str());
    if (!made.has("pool") && made.has("mint"))
        std::printf(
            "\nThe pool lets this mint in once its operator has run, on the pool's machine (another name "
            "than mint\n"
            "if the pool has a mint already):\n"
            "  hp-config add-mint mint --key %s\n",
            made.mint_link_key.c_str());
    const bool has_wallet = made.has("proxy") || made.has("wallet");
    const char* seeds = made.has("mint") && has_wallet ? "secrets/mint.seed and secrets/wallet.seed"
                        : made.has("mint")             ? "secrets/mint.seed"
                                                       : "secrets/wallet.seed";
    std::printf("\n");
    if (made.has("mint") || has_wallet)
        std::printf("Write down the words in %s, and keep a copy elsewhere.\n", seeds);
    std::printf("Next:\n  hp-config check %s\n", made.dir.c_str());
    print_start(made);
}

/// Values that a machine with only some roles gets from the pool's operator, or from the command line.
Result<> join_pool(InitOptions& options, Chosens& chosen) {
    const auto has = [&](std::string_view role) { return config::has_role(options.roles, role); };
    if (!options.join.empty() && has("pool"))
        return fail(Errc::usage, "--join is for a machine without the pool, which creates its own keys",
                    "--role mint, proxy or wallet");
    if (options.join.empty() && !has("pool"))
        return fail(Errc::usage, "--role " + options.roles.front() + " needs --join FILE",
                    "the pool's operator creates it: hp-config join-file > join.toml");
    Join join;
    if (!options.join.empty()) {
        HP_TRY(join, read_join(options.join));
        if (!options.network.empty() && options.network != join.network)
            return fail(Errc::usage, "--network is " + options.network + ", but " + options.join + " says " +
                                         join.network);
        options.network = join.network;
        choose_joined(join, chosen);
    }
    if (options.network.empty()) return fail(Errc::usage, "--network is required");
    if (options.mint_url.empty()) options.mint_url = join.mint_url;
    if (!options.mint_url.empty()) {
        if (auto good = config::check(config::url(), config::Setting{options.mint_url}); !good)
            return fail(Errc::usage, "--mint-url " + good.error().what);
        // Next to its mint a wallet keeps to loopback; tokens name the public URL.
        if (!has("mint") || is_loopback_url(options.mint_url))
            chosen["shared/proxy.toml"]["mint_url"] = {options.mint_url};
    } else if (!has("mint") && (has("proxy") || has("wallet"))) {
        return fail(Errc::usage,
                    options.join.empty() ? "the mint is elsewhere: --mint-url is required"
                                         : options.join + " names no mint_url",
                    "--mint-url says where the mint's API is");
    }
    // Without a TLS proxy in front of this mint, wallets reach it directly.
    const std::string& url = options.mint_url;
    if (has("mint") && !url.empty() && !is_loopback_url(url))
        chosen["mint.toml"]["public_urls"] = {std::vector<std::string>{url}};
    if (has("mint") && !url.empty() && !is_tls_url(url) && !is_loopback_url(url)) {
        const std::string port = Place{authority_of(url)}.port;
        chosen["shared/network.toml"].try_emplace(
            "mint_listen",
            config::Chosen{"0.0.0.0:" + port, "where " + url + " leads, without a TLS proxy in front"});
        chosen["shared/proxy.toml"].try_emplace("mint_url", config::Chosen{"http://127.0.0.1:" + port});
    }
    // The mint dials the pool from another machine.
    if (has("pool") && !has("mint"))
        chosen["shared/network.toml"].try_emplace(
            "link_listen", config::Chosen{std::string("0.0.0.0:34260"),
                                          "the mint is elsewhere: allow only the mint to connect"});
    return {};
}

Result<> run_init(InitOptions options) {
    HP_TRY(const std::string dir, cli::unused_directory(options.dir));
    Chosens chosen;
    HP_DO(set_ports(options.ports, chosen));
    HP_DO(join_pool(options, chosen));

    // sim and regtest are mined with a CPU: easy targets, and frequent shares.
    const bool is_play = cli::may_use_published(options.network);
    const bool has_pool = config::has_role(options.roles, "pool");
    chosen["shared/network.toml"]["network"] = {options.network};
    if (!options.roles.empty()) chosen["shared/network.toml"]["roles"] = {options.roles};
    HP_DO(set_payout(options, is_play, chosen));
    Secrets given;
    HP_DO(cli::keep_begun(dir, given));
    std::string rpcauth;
    const bool is_of_services = !cli::state_directory(dir).empty();
    if (has_pool && is_of_services && options.network != "sim" && options.rpc_cookie.empty())
        rpcauth = choose_account(given, chosen);
    // In the file a relative path would start at the new directory.
    if (!options.rpc_cookie.empty())
        options.rpc_cookie = fs::absolute(options.rpc_cookie).lexically_normal().string();
    cli::choose_template(options.network, options.rpc_cookie, chosen);
    cli::choose_state(dir, chosen);
    if (is_play) {
        chosen["shared/pool.toml"].try_emplace("unit_bits",
                                               config::Chosen{std::int64_t{16}, "small, for CPU miners"});
        chosen["pool.toml"]["easiest_target_bits"] = {std::int64_t{16}, "small, for CPU miners"};
        chosen["pool.toml"]["shares_per_minute"] = {600.0, "many, so that there is something to see"};
        chosen["proxy.toml"]["initial_hash_rate_hps"] = {1e7, "a CPU miner"};
    }
    HP_TRY(const auto secrets, cli::choose_keys(std::move(given), options.roles, chosen));
    std::string mint_link_key;
    if (const auto link = secrets.find("secrets/mint-link.key"); link != secrets.end()) {
        HP_TRY(const auto key, crypto::secret_key_from_text(link->second));
        mint_link_key = to_hex(key.xonly());
    }
    HP_DO(cli::write_directory(dir, options.roles, chosen, secrets));
    const Made made{dir, options.network, rpcauth, mint_link_key, options.roles, chosen};
    if (options.json)
        std::printf("%s\n", facts(made).dump().c_str());
    else
        print(made);
    return {};
}

}  // namespace

cli::Verb init() {
    return {
        .name = "init",
        .summary = "write a new configuration directory with fresh keys",
        .examples = {"hp-config init ./demo --network sim --ports auto",
                     "hp-config init /etc/hashpool --network mainnet --payout bc1q...",
                     "hp-config init /etc/hashpool --role proxy --join join.toml"},
        .declare = [](cli::Options& add) -> cli::Action {
            auto directory = std::make_shared<Directory>();
            auto options = std::make_shared<InitOptions>();
            directory->add(add, "directory to make; it must not exist, or be empty [required]");
            directory->add_option(add, false);
            add_network(add, options->network, "sim, regtest, testnet4, signet or mainnet [that of --join]");
            add_roles(add, options->roles, "what this machine does, with only the files for it");
            add.text("--join", options->join,
                     "addresses and public keys of the pool, from 'hp-config join-file' there; for machines "
                     "without the pool")
                .value_name("FILE");
            add.text("--mint-url", options->mint_url, "where the mint's API is [that of --join]")
                .value_name("URL");
            add.text(
                   "--ports", options->ports,
                   "auto: twelve free ports on 127.0.0.1; a number: that one and the next eleven [the usual "
                   "ones]")
                .value_name("auto|BASE");
            add.text("--payout", options->payout, "where block rewards go; sim and regtest need none")
                .value_name("ADDRESS");
            add.text("--rpc-cookie", options->rpc_cookie,
                     "the node's cookie file [~/.bitcoin/NETWORK/.cookie]")
                .value_name("FILE");
            add.json(options->json, "print the result as one JSON object");
            return [directory, options]() -> Result<> {
                HP_TRY(options->dir, directory->given());
                if (options->dir.empty())
                    return fail(Errc::usage, "DIR is required", "try 'hp-config init --help'");
                return run_init(*options);
            };
        },
    };
}

}  // namespace hp::hp_config
