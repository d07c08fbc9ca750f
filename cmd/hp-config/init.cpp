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
#include "cli/secrets.hpp"
#include "config/documentation.hpp"
#include "crypto/hmac.hpp"
#include "crypto/random.hpp"
#include "new_directory.hpp"
#include "units.hpp"
#include "verbs.hpp"

namespace hp::hp_config {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPortCount = 12;
using Ports = std::array<std::uint16_t, kPortCount>;

/// Free loopback ports, held open together so that none comes twice. Drawn from below those that the kernel
/// gives to who dials (32768 and up): until our programs listen there, nobody takes one by accident.
Result<Ports> free_ports() {
    constexpr std::uint16_t kLowest = 10'000, kEnd = 32'768;
    constexpr int kTriesMax = 10'000;
    Ports out{};
    std::array<int, kPortCount> sockets{};
    std::size_t found = 0;
    int error = 0;
    for (int tries = 0; found < kPortCount && tries < kTriesMax; ++tries) {
        const auto drawn = get_le<std::uint32_t>(crypto::random_array<4>().data());
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
                    "twelve ports from that number on are used");
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
    // Where real coins go is never guessed: the key stays unset, and check and hp-pool refuse until it is
    // set.
    if (!is_play) return {};
    chosen["pool.toml"]["payout_script"] = {
        "raw(0014" + to_hex(crypto::random_array<20>()) + ")",
        "the hash of no key: the toy coins of " + options.network + " go nowhere"};
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

/// A service cannot read the cookie of a node that somebody runs at home: an account of the node's, and the
/// line that bitcoin.conf gets, as Bitcoin Core's share/rpcauth has it (HMAC-SHA256 of the password under the
/// salt's text).
std::string choose_account(Secrets& secrets, Chosens& chosen) {
    constexpr const char* kUser = "hashpool";
    constexpr const char* kFile = "secrets/rpc.password";
    const std::string password = to_hex(crypto::random_array<32>());
    const std::string salt = to_hex(crypto::random_array<16>());
    auto& values = chosen["template.toml"];
    values["rpc_user"] = {std::string(kUser)};
    values["rpc_password_file"] = {std::string(kFile)};
    secrets[kFile] = password;
    return std::string(kUser) + ":" + salt + "$" +
           to_hex(crypto::hmac_sha256(as_bytes(salt), as_bytes(password)));
}

void print(const InitOptions& options, const std::string& dir, const Chosens& chosen,
           const std::string& rpcauth) {
    nlohmann::ordered_json out = {{"dir", dir}, {"network", options.network}};
    for (const char* key :
         {"template_listen", "pool_listen", "link_listen", "mint_listen", "proxy_listen", "pool_stats_listen",
          "proxy_stats_listen", "pool_web_listen", "proxy_web_listen"}) {
        out[key] = text_of(chosen, "shared/network.toml", key);
    }
    out["pool_authority_public_key"] = text_of(chosen, "proxy.toml", "pool_authority_public_key");
    if (!rpcauth.empty()) out["rpcauth"] = rpcauth;
    if (options.json) {
        std::printf("%s\n", out.dump().c_str());
        return;
    }
    std::printf("made '%s' for %s\n\n", dir.c_str(), options.network.c_str());
    for (const auto& [key, value] : out.items()) {
        if (key != "dir" && key != "network" && key != "rpcauth") {
            std::printf("  %-26s %s\n", key.c_str(), value.get<std::string>().c_str());
        }
    }
    if (text_of(chosen, "pool.toml", "payout_script").empty())
        std::printf("\nBefore anything runs, set payout_script in pool.toml: where block rewards of %s go.\n",
                    options.network.c_str());
    if (!rpcauth.empty())
        std::printf(
            "\nGive the node an account for hp-template: a line of its bitcoin.conf, and a restart.\n"
            "  rpcauth=%s\n",
            rpcauth.c_str());
    std::printf(
        "\nWrite down the words in secrets/mint.seed and secrets/wallet.seed, and keep a copy elsewhere.\n"
        "Next:\n  hp-config check %s\n",
        dir.c_str());
    if (const auto at = unit_suffix(dir)) {
        std::printf(
            "  systemctl enable --now hp-{template,pool,mint,proxy}%s\n"
            "and with hashpool-stats:\n"
            "  systemctl enable --now hp-{ingest,stats,web}-{pool,proxy}%s\n",
            at->c_str(), at->c_str());
        return;
    }
    std::printf("and each in a terminal of its own:\n");
    for (const char* program : {"hp-template", "hp-pool", "hp-mint", "hp-proxy"}) {
        std::printf("  %s --config-dir %s\n", program, dir.c_str());
    }
}

}  // namespace

Result<> init(const InitOptions& options) {
    HP_TRY(const std::string dir, unused_directory(options.dir));

    // sim and regtest are mined with a CPU: small targets, and shares that come quickly.
    const bool is_play = cli::may_use_published(options.network);
    Chosens chosen;
    chosen["shared/network.toml"]["network"] = {options.network};
    HP_DO(set_ports(options.ports, chosen));
    HP_DO(set_payout(options, is_play, chosen));
    Secrets given;
    std::string rpcauth;
    const bool is_of_services = !state_directory(dir).empty();
    if (is_of_services && options.network != "sim" && options.rpc_cookie.empty())
        rpcauth = choose_account(given, chosen);
    choose_template(options.network, options.rpc_cookie, chosen);
    choose_state(dir, chosen);
    if (is_play) {
        chosen["shared/pool.toml"]["unit_bits"] = {std::int64_t{16}, "small, for CPU miners"};
        chosen["pool.toml"]["easiest_target_bits"] = {std::int64_t{16}, "small, for CPU miners"};
        chosen["pool.toml"]["shares_per_minute"] = {600.0, "many, so that there is something to see"};
        chosen["proxy.toml"]["initial_hash_rate_hps"] = {1e7, "a CPU miner"};
    }
    HP_TRY(const auto secrets, choose_keys(std::move(given), chosen));
    HP_DO(write_directory(dir, chosen, secrets));
    print(options, dir, chosen, rpcauth);
    return {};
}

}  // namespace hp::hp_config
