#include "new_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "base/bytes.hpp"
#include "cli/secrets.hpp"
#include "config/declared.hpp"
#include "crypto/base58.hpp"
#include "crypto/bip32.hpp"
#include "crypto/random.hpp"

namespace hp::hp_config {
namespace fs = std::filesystem;
using config::Chosen;

Result<std::string> unused_directory(const std::string& path) {
    std::error_code error;
    std::string dir = fs::absolute(path, error).lexically_normal().string();
    while (dir.size() > 1 && dir.ends_with('/')) dir.pop_back();
    if (!fs::exists(dir, error)) return dir;
    if (!fs::is_directory(dir, error)) return fail(Errc::usage, "'" + dir + "' exists and is no directory");
    if (fs::is_empty(dir, error) && !error) return dir;
    return fail(Errc::usage, "'" + dir + "' is not empty, and nothing is ever overwritten",
                "choose another directory, or move this one away");
}

void choose_template(const std::string& network, const std::string& rpc_cookie, Chosens& chosen) {
    auto& values = chosen["template.toml"];
    if (network == "sim") {
        values["source"] = {std::string("sim")};
        return;
    }
    values["source"] = {std::string("rpc")};
    const std::string port = network == "regtest"    ? "18443"
                             : network == "testnet4" ? "48332"
                             : network == "signet"   ? "38332"
                                                     : "8332";
    values.try_emplace("rpc_url", Chosen{"http://127.0.0.1:" + port});
    if (values.contains("rpc_user")) return;
    std::string cookie = rpc_cookie;
    const char* home = std::getenv("HOME");
    if (cookie.empty() && home != nullptr && *home == '/') {
        const std::string sub = network == "mainnet" ? "" : network + "/";
        cookie = std::string(home) + "/.bitcoin/" + sub + ".cookie";
    }
    if (!cookie.empty()) values["rpc_cookie_file"] = {cookie, "where Bitcoin Core leaves it, for this user"};
}

std::string state_directory(const std::string& dir) {
    constexpr std::string_view kEtc = "/etc/";
    return dir.starts_with(kEtc) ? "/var/lib/" + dir.substr(kEtc.size()) : std::string{};
}

void choose_state(const std::string& dir, Chosens& chosen) {
    const std::string state = state_directory(dir);
    if (state.empty()) return;
    chosen["template.toml"]["sim_chain_file"] = {state + "/template/sim-chain.dat"};
    chosen["pool.toml"]["outbox_database"] = {state + "/pool/outbox.db"};
    chosen["mint.toml"]["database"] = {state + "/mint/mint.db"};
    // Beside the state, which is what people back up.
    const auto end = std::min(state.find('/', std::string_view{"/var/lib/"}.size()), state.size());
    chosen["mint.toml"]["mark_file"] = {state.substr(0, end) + "-marks" + state.substr(end) + "/mint.mark"};
    chosen["shared/proxy.toml"]["wallet_database"] = {state + "/proxy/wallet.db"};
    chosen["stats.toml"]["database"] = {state + "/stats/pool.db"};
    chosen["stats.toml"]["proxy_database"] = {state + "/stats/proxy.db"};
}

Result<Secrets> choose_keys(Secrets secrets, Chosens& chosen) {
    const auto key = [&](const std::string& file) -> Result<crypto::SecretKey> {
        if (const auto given = secrets.find(file); given != secrets.end())
            return crypto::secret_key_from_text(given->second);
        const auto made = crypto::SecretKey::generate();
        secrets[file] = crypto::secret_key_text(made);
        return made;
    };
    HP_TRY(const auto template_authority, key("secrets/template-authority.key"));
    HP_TRY(const auto pool_authority, key("secrets/pool-authority.key"));
    HP_TRY(const auto link_authority, key("secrets/link-authority.key"));
    HP_TRY(const auto mint_link, key("secrets/mint-link.key"));
    const auto choose = [&](const char* file, const char* name, Chosen value) {
        chosen[file].try_emplace(name, std::move(value));
    };
    choose("shared/pool.toml", "template_authority_public_key",
           {crypto::authority_key_text(template_authority.xonly()),
            "belongs to secrets/template-authority.key"});
    choose("shared/pool.toml", "link_authority_public_key",
           {crypto::authority_key_text(link_authority.xonly()), "belongs to secrets/link-authority.key"});
    choose("pool.toml", "allowed_mint_keys",
           {std::vector<std::string>{to_hex(mint_link.xonly())}, "belongs to secrets/mint-link.key"});
    choose("proxy.toml", "pool_authority_public_key",
           {crypto::authority_key_text(pool_authority.xonly()), "belongs to secrets/pool-authority.key"});
    HP_TRY(const auto stats_authority, key("secrets/stats-authority.key"));
    std::vector<std::string> writer_keys;
    for (const char* program : {"template", "pool", "mint", "proxy"}) {
        HP_TRY(const auto writer, key(std::string("secrets/") + program + "-events.key"));
        writer_keys.push_back(crypto::authority_key_text(writer.xonly()));
    }
    choose("stats.toml", "allowed_writer_keys", {writer_keys, "belong to secrets/*-events.key"});
    choose("stats.toml", "records_secret_key_file",
           {std::string("secrets/stats-authority.key"),
            "writers elsewhere: events = \"tcp://HOST:PORT/" +
                crypto::authority_key_text(stats_authority.xonly()) + '"'});
    for (const char* file : {"secrets/mint.seed", "secrets/wallet.seed"})
        secrets.try_emplace(file, crypto::bip39_mnemonic(crypto::random_array<16>()));
    return secrets;
}

namespace {

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
           "# For all services; here, a level cannot be changed while they run. Better in their own files.\n"
           "#HP_LOG_LEVEL=info\n"
           "\n"
           "# The network stands in shared/network.toml; this would override it for every program.\n"
           "#HP_NETWORK=sim\n";
}

}  // namespace

Result<> write_directory(const std::string& path, const Chosens& chosen, const Secrets& secrets) {
    const fs::path dir{path};
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
    for (const auto& [file, text] : secrets) {
        const fs::path secret = dir / file;
        HP_DO(cli::write_secret(secret, text));
        traces.add(secret);
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

}  // namespace hp::hp_config
