// A new configuration directory: every file from the declarations, fresh keys, values that fit together.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "bitcoin/script.hpp"
#include "cli/secrets.hpp"
#include "config/documentation.hpp"
#include "crypto/base58.hpp"
#include "crypto/bip32.hpp"
#include "crypto/random.hpp"
#include "verbs.hpp"

namespace hp::hp_config {
namespace {

namespace fs = std::filesystem;
using config::Chosen;
using Chosens = std::map<std::string, std::map<std::string, Chosen>>;

constexpr std::size_t kPortCount = 12;
using Ports = std::array<std::uint16_t, kPortCount>;

Result<> refuse_used(const std::string& dir) {
    std::error_code error;
    if (!fs::exists(dir, error)) return {};
    if (!fs::is_directory(dir, error)) return fail(Errc::usage, "'" + dir + "' exists and is no directory");
    if (fs::is_empty(dir, error) && !error) return {};
    return fail(Errc::usage, "'" + dir + "' is not empty, and nothing is ever overwritten",
                "choose another directory, or move this one away");
}

/// Free loopback ports: all are held open together, so that none comes twice.
Result<Ports> free_ports() {
    Ports out{};
    std::array<int, kPortCount> sockets{};
    sockets.fill(-1);
    bool good = true;
    for (std::size_t i = 0; i < kPortCount && good; ++i) {
        sockets[i] = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        good = sockets[i] >= 0 && ::bind(sockets[i], generic, size) == 0 &&
               ::getsockname(sockets[i], generic, &size) == 0;
        out[i] = ntohs(address.sin_port);
    }
    const int error = errno;
    for (const int socket : sockets) {
        if (socket >= 0) ::close(socket);
    }
    if (!good) return fail(Errc::io, "cannot find free ports: " + std::generic_category().message(error));
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

void set_template(const InitOptions& options, Chosens& chosen) {
    auto& values = chosen["template.toml"];
    if (options.network == "sim") {
        values["source"] = {std::string("sim")};
        return;
    }
    values["source"] = {std::string("rpc")};
    const std::string port = options.network == "regtest"    ? "18443"
                             : options.network == "testnet4" ? "48332"
                             : options.network == "signet"   ? "38332"
                                                             : "8332";
    values["rpc_url"] = {"http://127.0.0.1:" + port};
    std::string cookie = options.rpc_cookie;
    const char* home = std::getenv("HOME");
    if (cookie.empty() && home != nullptr && *home == '/') {
        const std::string sub = options.network == "mainnet" ? "" : options.network + "/";
        cookie = std::string(home) + "/.bitcoin/" + sub + ".cookie";
    }
    if (!cookie.empty()) values["rpc_cookie_file"] = {cookie, "where Bitcoin Core leaves it, for this user"};
}

/// A directory in /etc is that of services: nothing is written there, each service's databases lie under
/// /var/lib in a directory of its own, which its unit names too (StateDirectory). Empty for other
/// directories.
std::string state_directory(const std::string& dir) {
    constexpr std::string_view kEtc = "/etc/";
    return dir.starts_with(kEtc) ? "/var/lib/" + dir.substr(kEtc.size()) : std::string{};
}

void set_state(const std::string& state, Chosens& chosen) {
    if (state.empty()) return;
    chosen["template.toml"]["sim_chain_file"] = {state + "/template/sim-chain.dat"};
    chosen["pool.toml"]["outbox_database"] = {state + "/pool/outbox.db"};
    chosen["mint.toml"]["database"] = {state + "/mint/mint.db"};
    chosen["shared/proxy.toml"]["wallet_database"] = {state + "/proxy/wallet.db"};
    chosen["stats.toml"]["database"] = {state + "/stats/pool.db"};
    chosen["stats.toml"]["proxy_database"] = {state + "/stats/proxy.db"};
}

struct NewSecret {
    std::string file, text;
};

std::vector<NewSecret> set_keys(Chosens& chosen) {
    const auto template_authority = crypto::SecretKey::generate();
    const auto pool_authority = crypto::SecretKey::generate();
    const auto link_authority = crypto::SecretKey::generate();
    const auto mint_link = crypto::SecretKey::generate();
    auto& shared = chosen["shared/pool.toml"];
    shared["template_authority_public_key"] = {crypto::authority_key_text(template_authority.xonly()),
                                               "belongs to secrets/template-authority.key"};
    shared["link_authority_public_key"] = {crypto::authority_key_text(link_authority.xonly()),
                                           "belongs to secrets/link-authority.key"};
    chosen["pool.toml"]["allowed_mint_keys"] = {std::vector<std::string>{to_hex(mint_link.xonly())},
                                                "belongs to secrets/mint-link.key"};
    chosen["proxy.toml"]["pool_authority_public_key"] = {crypto::authority_key_text(pool_authority.xonly()),
                                                         "belongs to secrets/pool-authority.key"};
    // Who writes records, in the order of allowed_writer_keys.
    std::vector<NewSecret> writers;
    std::vector<std::string> writer_keys;
    for (const char* program : {"template", "pool", "mint", "proxy"}) {
        const auto key = crypto::SecretKey::generate();
        writers.push_back({std::string("secrets/") + program + "-events.key", crypto::secret_key_text(key)});
        writer_keys.push_back(crypto::authority_key_text(key.xonly()));
    }
    const auto stats_authority = crypto::SecretKey::generate();
    auto& stats = chosen["stats.toml"];
    stats["allowed_writer_keys"] = {writer_keys, "belong to secrets/*-events.key"};
    stats["records_secret_key_file"] = {std::string("secrets/stats-authority.key"),
                                        "writers elsewhere: events = \"tcp://HOST:PORT/" +
                                            crypto::authority_key_text(stats_authority.xonly()) + '"'};
    const auto words = [] { return crypto::bip39_mnemonic(crypto::random_array<16>()); };
    std::vector<NewSecret> out{
        {"secrets/template-authority.key", crypto::secret_key_text(template_authority)},
        {"secrets/pool-authority.key", crypto::secret_key_text(pool_authority)},
        {"secrets/link-authority.key", crypto::secret_key_text(link_authority)},
        {"secrets/mint-link.key", crypto::secret_key_text(mint_link)},
        {"secrets/mint.seed", words()},
        {"secrets/wallet.seed", words()},
        {"secrets/stats-authority.key", crypto::secret_key_text(stats_authority)}};
    out.insert(out.end(), writers.begin(), writers.end());
    return out;
}

/// Removes what it was told of, unless kept: a failed init leaves nothing behind.
class Traces {
  public:
    ~Traces() {
        std::error_code ignored;
        for (auto one = paths_.rbegin(); one != paths_.rend(); ++one) fs::remove(*one, ignored);
    }
    void add(const fs::path& path) { paths_.push_back(path); }
    void keep() { paths_.clear(); }

  private:
    std::vector<fs::path> paths_;
};

Result<> make_directory(const fs::path& path, mode_t mode, Traces& traces) {
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    if (::mkdir(path.c_str(), mode) == 0) {
        traces.add(path);
        // The mode whatever the umask; a group that is inherited stays so.
        struct stat made {};
        if (::stat(path.c_str(), &made) == 0 && ::chmod(path.c_str(), mode | (made.st_mode & S_ISGID)) == 0)
            return {};
    } else if (errno == EEXIST && fs::is_directory(path, error)) {
        return {};
    }
    return fail(Errc::io, "cannot make '" + path.string() + "': " + std::generic_category().message(errno));
}

/// 0640 whatever the umask: configuration has no secrets, but is nobody else's business.
Result<> write_file(const fs::path& path, const std::string& text, Traces& traces) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0) {
        return fail(Errc::io,
                    "cannot write '" + path.string() + "': " + std::generic_category().message(errno));
    }
    traces.add(path);
    std::FILE* file = ::fdopen(fd, "w");
    HP_ASSERT(file != nullptr);
    bool good = ::fchmod(fd, 0640) == 0 && std::fwrite(text.data(), 1, text.size(), file) == text.size();
    good = std::fflush(file) == 0 && ::fsync(fd) == 0 && good;
    const int error = errno;
    good = std::fclose(file) == 0 && good;
    if (good) return {};
    return fail(Errc::io, "cannot write '" + path.string() + "': " + std::generic_category().message(error));
}

std::string environment_text() {
    return "# hashpool.env: variables for all systemd units. A variable wins over the files.\n"
           "\n"
           "# trace, debug, info, warn or error.\n"
           "HP_LOG_LEVEL=info\n"
           "\n"
           "# The network stands in shared/network.toml; this would override it for every program.\n"
           "#HP_NETWORK=sim\n";
}

Result<> write_all(const fs::path& dir, const Chosens& chosen, const std::vector<NewSecret>& secrets) {
    Traces traces;
    HP_DO(make_directory(dir, 0750, traces));
    HP_DO(make_directory(dir / "shared", 0750, traces));
    HP_DO(make_directory(dir / "secrets", 0700, traces));
    if (const fs::path state = state_directory(dir); state.empty()) {
        HP_DO(make_directory(dir / "data", 0700, traces));
    } else {
        for (const char* role : {"template", "pool", "mint", "proxy", "stats"})
            HP_DO(make_directory(state / role, 0700, traces));
    }
    for (const auto& secret : secrets) {
        const fs::path path = dir / secret.file;
        HP_DO(cli::write_secret(path, secret.text));
        traces.add(path);
    }
    for (const auto& file : config::declared()) {
        const auto values = chosen.find(file.file);
        const auto text = config::example_file(
            file, values == chosen.end() ? std::map<std::string, Chosen>{} : values->second);
        HP_DO(write_file(dir / file.file, text, traces));
    }
    HP_DO(write_file(dir / "hashpool.env", environment_text(), traces));
    traces.keep();
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

void print(const InitOptions& options, const std::string& dir, const Chosens& chosen) {
    nlohmann::ordered_json out = {{"dir", dir}, {"network", options.network}};
    for (const char* key :
         {"template_listen", "pool_listen", "link_listen", "mint_listen", "proxy_listen", "pool_stats_listen",
          "proxy_stats_listen", "pool_web_listen", "proxy_web_listen"}) {
        out[key] = text_of(chosen, "shared/network.toml", key);
    }
    out["pool_authority_public_key"] = text_of(chosen, "proxy.toml", "pool_authority_public_key");
    if (options.json) {
        std::printf("%s\n", out.dump().c_str());
        return;
    }
    std::printf("made '%s' for %s\n\n", dir.c_str(), options.network.c_str());
    for (const auto& [key, value] : out.items()) {
        if (key != "dir" && key != "network") {
            std::printf("  %-26s %s\n", key.c_str(), value.get<std::string>().c_str());
        }
    }
    if (text_of(chosen, "pool.toml", "payout_script").empty())
        std::printf("\nBefore anything runs, set payout_script in pool.toml: where block rewards of %s go.\n",
                    options.network.c_str());
    std::printf(
        "\nWrite down the words in secrets/mint.seed and secrets/wallet.seed, and keep a copy elsewhere.\n"
        "Next:\n  hp-config check %s\n",
        dir.c_str());
    if (!state_directory(dir).empty()) {
        const std::string at = dir == "/etc/hashpool" ? "" : "@" + fs::path(dir).filename().string();
        std::printf("  systemctl enable --now hp-{template,pool,mint,proxy}%s\n", at.c_str());
        return;
    }
    std::printf("and each in a terminal of its own:\n");
    for (const char* program : {"hp-template", "hp-pool", "hp-mint", "hp-proxy"}) {
        std::printf("  %s --config-dir %s\n", program, dir.c_str());
    }
}

}  // namespace

Result<> init(const InitOptions& options) {
    std::error_code ignored;
    std::string dir = fs::absolute(options.dir, ignored).lexically_normal().string();
    while (dir.size() > 1 && dir.ends_with('/')) dir.pop_back();
    HP_DO(refuse_used(dir));

    // sim and regtest are mined with a CPU: small targets, and shares that come quickly.
    const bool is_play = cli::may_use_published(options.network);
    Chosens chosen;
    chosen["shared/network.toml"]["network"] = {options.network};
    HP_DO(set_ports(options.ports, chosen));
    HP_DO(set_payout(options, is_play, chosen));
    set_template(options, chosen);
    set_state(state_directory(dir), chosen);
    if (is_play) {
        chosen["shared/pool.toml"]["unit_bits"] = {std::int64_t{16}, "small, for CPU miners"};
        chosen["pool.toml"]["easiest_target_bits"] = {std::int64_t{16}, "small, for CPU miners"};
        chosen["pool.toml"]["shares_per_minute"] = {600.0, "many, so that there is something to see"};
        chosen["proxy.toml"]["initial_hash_rate_hps"] = {1e7, "a CPU miner"};
    }
    const auto secrets = set_keys(chosen);
    HP_DO(write_all(dir, chosen, secrets));
    print(options, dir, chosen);
    return {};
}

}  // namespace hp::hp_config
