#include "cli/new_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "base/bytes.hpp"
#include "cli/owner.hpp"
#include "cli/secrets.hpp"
#include "config/declared.hpp"
#include "config/roles.hpp"
#include "crypto/base58.hpp"
#include "crypto/bip32.hpp"
#include "crypto/random.hpp"

namespace hp::cli {
namespace fs = std::filesystem;
using config::Chosen;

Result<std::string> unused_directory(const std::string& path) {
    std::error_code error;
    std::string dir = fs::absolute(path, error).lexically_normal().string();
    while (dir.size() > 1 && dir.ends_with('/')) dir.pop_back();
    if (!fs::exists(dir, error)) return dir;
    if (!fs::is_directory(dir, error))
        return fail(Errc::usage, "'" + dir + "' exists and is not a directory");
    HP_DO(check_own_directory(dir));
    if (fs::is_empty(dir, error) && !error) return dir;
    if (fs::exists(fs::path{dir} / kBegunFile, error)) return dir;
    return fail(Errc::usage, "'" + dir + "' is not empty, refusing to overwrite anything",
                "choose another directory, or move this one away");
}

Result<> keep_begun(const std::string& dir, Secrets& secrets) {
    std::error_code error;
    if (!fs::exists(fs::path{dir} / kBegunFile, error)) return {};
    const fs::path kept_in = fs::path{dir} / "secrets";
    HP_DO(check_own_directory(dir));  // it may have been created since unused_directory() looked
    if (!fs::exists(fs::symlink_status(kept_in, error))) return {};
    HP_DO(check_own_directory(kept_in));
    for (fs::directory_iterator at{kept_in, error}, end; !error && at != end; at.increment(error)) {
        const std::string name = at->path().filename();
        if (name.find(".new-") != std::string::npos) {  // incomplete
            fs::remove(at->path(), error);
            continue;
        }
        HP_DO(check_own_file(at->path()));
        HP_TRY(const auto text, read_secret_text(at->path()));
        const auto [kept, is_new] = secrets.try_emplace("secrets/" + name, text.reveal());
        if (!is_new && kept->second != text.reveal())
            return fail(Errc::usage,
                        "'" + at->path().string() + "' is from an earlier attempt and holds another secret",
                        "choose another directory, or move this one away");
    }
    return {};
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
    if (!cookie.empty()) values["rpc_cookie_file"] = {cookie, "where Bitcoin Core puts it for this user"};
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
    // Next to the state directory, which is what gets backed up.
    const auto end = std::min(state.find('/', std::string_view{"/var/lib/"}.size()), state.size());
    chosen["mint.toml"]["mark_file"] = {state.substr(0, end) + "-marks" + state.substr(end) + "/mint.mark"};
    chosen["shared/proxy.toml"]["wallet_database"] = {state + "/proxy/wallet.db"};
    chosen["stats.toml"]["database"] = {state + "/stats/pool.db"};
    chosen["stats.toml"]["proxy_database"] = {state + "/stats/proxy.db"};
}

Result<Secrets> choose_keys(Secrets secrets, const std::vector<std::string>& roles, Chosens& chosen) {
    std::map<std::string, crypto::SecretKey> keys;
    for (const auto& file : config::secrets_of(roles)) {
        if (file.ends_with(".seed")) {
            secrets.try_emplace(file, crypto::bip39_mnemonic(crypto::random_array<16>()));
        } else if (const auto given = secrets.find(file); given != secrets.end()) {
            HP_TRY(const auto key, crypto::secret_key_from_text(given->second));
            keys.emplace(file, key);
        } else {
            const auto made = crypto::SecretKey::generate();
            secrets[file] = crypto::secret_key_text(made);
            keys.emplace(file, made);
        }
    }
    const auto choose = [&](const char* file, const char* name, const std::string& of, auto value) {
        if (const auto key = keys.find(of); key != keys.end())
            chosen[file].try_emplace(name, Chosen{value(key->second.xonly()), "belongs to " + of});
    };
    const auto in_base58 = [](const crypto::XOnlyKey32& key) { return crypto::authority_key_text(key); };
    choose("shared/pool.toml", "template_authority_public_key", "secrets/template-authority.key", in_base58);
    choose("shared/pool.toml", "link_authority_public_key", "secrets/link-authority.key", in_base58);
    choose("proxy.toml", "pool_authority_public_key", "secrets/pool-authority.key", in_base58);
    choose("pool.toml", "allowed_mint_keys", "secrets/mint-link.key",
           [](const crypto::XOnlyKey32& key) { return std::vector<std::string>{to_hex(key)}; });
    std::vector<std::string> writer_keys;
    for (const char* program : {"template", "pool", "mint", "proxy"})
        if (const auto key = keys.find(std::string("secrets/") + program + "-events.key"); key != keys.end())
            writer_keys.push_back(in_base58(key->second.xonly()));
    chosen["stats.toml"].try_emplace("allowed_writer_keys",
                                     Chosen{writer_keys, "belong to secrets/*-events.key"});
    if (const auto key = keys.find("secrets/stats-authority.key"); key != keys.end())
        chosen["stats.toml"].try_emplace(
            "records_secret_key_file",
            Chosen{std::string("secrets/stats-authority.key"),
                   "writers elsewhere: events = \"tcp://HOST:PORT/" + in_base58(key->second.xonly()) + '"'});
    return secrets;
}

namespace {

/// Removes what was added to it unless kept: a failed init leaves nothing behind.
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

constexpr mode_t kPrivate = 0700;

/// An existing one must belong to the user; for secrets and databases it is closed to others.
Result<> make_directory(const fs::path& path, mode_t mode, Traces& traces) {
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    const auto failed = [&] {
        return fail(Errc::io,
                    "cannot make '" + path.string() + "': " + std::generic_category().message(errno));
    };
    if (::mkdir(path.c_str(), mode) == 0) {
        traces.add(path);
    } else {
        if (errno != EEXIST) return failed();
        HP_DO(check_own_directory(path));
        if (mode != kPrivate) return {};
    }
    // This mode whatever the umask; an inherited group stays.
    struct stat made {};
    if (::stat(path.c_str(), &made) != 0 || ::chmod(path.c_str(), mode | (made.st_mode & S_ISGID)) != 0)
        return failed();
    return {};
}

/// 0640 whatever the umask: configuration has no secrets, but is private. Written whole or not at all: a file
/// from an earlier attempt stays until it is replaced.
Result<> write_file(const fs::path& path, const std::string& text, Traces& traces) {
    const std::string making = path.string() + ".new";
    const auto failed = [&] {
        return fail(Errc::io,
                    "cannot write '" + path.string() + "': " + std::generic_category().message(errno));
    };
    ::unlink(making.c_str());
    const int fd = ::open(making.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0) return failed();
    std::FILE* file = ::fdopen(fd, "w");
    HP_ASSERT(file != nullptr);
    bool good = ::fchmod(fd, 0640) == 0 && std::fwrite(text.data(), 1, text.size(), file) == text.size();
    good = std::fflush(file) == 0 && ::fsync(fd) == 0 && good;
    const int error = errno;
    good = std::fclose(file) == 0 && good;
    if (good) {
        std::error_code ignored;
        const bool is_new = !fs::exists(fs::symlink_status(path, ignored));
        if (::rename(making.c_str(), path.c_str()) == 0) {
            if (is_new) traces.add(path);
            return {};
        }
    } else {
        errno = error;
    }
    auto why = failed();
    ::unlink(making.c_str());
    return why;
}

/// The mark's existence is what counts. One from an earlier attempt stays until the last file is written,
/// whatever fails in between.
Result<> mark_begun(const fs::path& dir, Traces& traces) {
    const fs::path file = dir / kBegunFile;
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0 && errno == EEXIST) return {};
    if (fd >= 0) traces.add(file);
    constexpr std::string_view kText = "'hp-config init' was interrupted here: repeat it.\n";
    const bool good =
        fd >= 0 && ::write(fd, kText.data(), kText.size()) == static_cast<ssize_t>(kText.size());
    const int error = errno;
    if (fd >= 0) ::close(fd);
    if (good) return {};
    return fail(Errc::io, "cannot write '" + file.string() + "': " + std::generic_category().message(error));
}

std::string environment_text() {
    return "# hashpool.env: variables for all systemd units. Variables override the files.\n"
           "\n"
           "# For all services; a level set here cannot be changed while they run; their own files are a "
           "better place.\n"
           "#HP_LOG_LEVEL=info\n"
           "\n"
           "# The network is set in shared/network.toml; this would override it for every program.\n"
           "#HP_NETWORK=sim\n";
}

}  // namespace

Result<> write_directory(const std::string& path, const std::vector<std::string>& roles,
                         const Chosens& chosen, const Secrets& secrets) {
    const fs::path dir{path};
    const auto programs = config::programs_of(roles);
    const auto has = [&](const char* program) {
        return std::ranges::find(programs, program) != programs.end();
    };
    Traces traces;
    HP_DO(make_directory(dir, 0750, traces));
    HP_DO(mark_begun(dir, traces));
    HP_DO(make_directory(dir / "shared", 0750, traces));
    HP_DO(make_directory(dir / "secrets", kPrivate, traces));
    if (const fs::path state = state_directory(dir); state.empty()) {
        HP_DO(make_directory(dir / "data", kPrivate, traces));
    } else {
        for (const std::string role : {"template", "pool", "mint", "proxy", "stats"}) {
            const bool is_needed = has(("hp-" + role).c_str()) || (role == "proxy" && has("hp-wallet"));
            std::error_code error;  // an existing one belongs to its service
            if (is_needed && !fs::is_directory(state / role, error))
                HP_DO(make_directory(state / role, kPrivate, traces));
        }
    }
    for (const auto& [file, text] : secrets) {
        const fs::path secret = dir / file;
        if (std::error_code error; fs::exists(secret, error)) continue;  // keep_begun() has read it
        HP_DO(write_secret(secret, text));
        traces.add(secret);
    }
    for (const auto& file : config::declared()) {
        if (!config::is_read_by(file.file, programs)) continue;
        const auto values = chosen.find(file.file);
        const auto text = config::example_file(
            file, values == chosen.end() ? std::map<std::string, Chosen>{} : values->second,
            roles.empty() ? std::vector<std::string>{} : programs);
        HP_DO(write_file(dir / file.file, text, traces));
    }
    HP_DO(write_file(dir / "hashpool.env", environment_text(), traces));
    if (::unlink((dir / kBegunFile).c_str()) != 0)
        return fail(Errc::io, "cannot remove '" + (dir / kBegunFile).string() +
                                  "': " + std::generic_category().message(errno));
    traces.keep();
    return {};
}

}  // namespace hp::cli
