// One more entry in allowed_mint_keys: the only edit of an existing file, which is replaced as a whole or not
// at all.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "config/declared.hpp"
#include "config/edit.hpp"
#include "config/mint_key.hpp"
#include "config/parse.hpp"
#include "units.hpp"
#include "verbs.hpp"

namespace hp::hp_config {
namespace {

namespace fs = std::filesystem;

constexpr const char* kKey = "allowed_mint_keys";

/// The file that `link` is or points to.
Result<> replace_file(const std::string& link, const std::string& text) {
    std::error_code error;
    const std::string path = fs::canonical(link, error).string();
    if (error) return fail(Errc::io, "cannot write '" + link + "': " + error.message());
    const auto failed = [&] {
        return fail(Errc::io, "cannot write '" + path + "': " + std::generic_category().message(errno));
    };
    struct stat was {};
    if (::stat(path.c_str(), &was) != 0) return failed();
    std::string fresh = path + ".XXXXXX";
    const int fd = ::mkstemp(fresh.data());
    if (fd < 0) return failed();
    // Owner before mode: changing the owner may clear mode bits.
    const bool good = (::fchown(fd, was.st_uid, was.st_gid) == 0 || errno == EPERM) &&
                      ::fchmod(fd, was.st_mode & 07777) == 0 &&
                      ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                      ::fsync(fd) == 0;
    const bool done = ::close(fd) == 0 && good && ::rename(fresh.c_str(), path.c_str()) == 0;
    if (done) return {};
    auto why = failed();
    ::unlink(fresh.c_str());
    return why;
}

}  // namespace

Result<> add_mint(const AddMintOptions& options) {
    const std::string entry = options.name + ":" + options.key;
    const auto fresh = config::mint_key_from_text(entry);
    if (!fresh)
        return fail(Errc::usage, "'" + printable(entry, 120) + "' is not a mint's name and key",
                    "NAME: [a-z0-9_-], at most 32 characters; --key: the 64 hex digits that "
                    "'hp-config pubkey secrets/mint-link.key' prints as link");
    std::error_code error;
    const fs::path dir = fs::absolute(options.dir, error).lexically_normal();
    const std::string path = (dir / config::Pool::file).string();
    HP_TRY(const auto text, config::read_config_file(path));
    config::Pool pool;
    // No variables: the file itself is edited.
    config::Loader loader{dir.string(), {}, {}};
    loader.load(pool);
    for (const auto& problem : loader.problems())
        if (problem.key != kKey && problem.key != "payout_script") return fail(Errc::usage, problem.text());
    HP_TRY(const auto known, config::mint_keys_from_list(pool.allowed_mint_keys));
    for (const auto& mint : known) {
        if (mint.key == fresh->key && mint.name == fresh->name) {
            std::printf("%s already has it\n", path.c_str());
            return {};
        }
        if (mint.name == fresh->name && !options.rotate)
            return fail(
                Errc::usage,
                path + ": " + kKey + " has a mint '" + mint.name + "' already, with key " + to_hex(mint.key),
                "another NAME for another mint; --rotate if this is a second key of that mint");
    }
    auto entries = pool.allowed_mint_keys;
    entries.push_back(fresh->name == config::kOnlyMint ? options.key : entry);
    HP_DO(config::mint_keys_from_list(entries));
    const auto edited = config::with_list(text, kKey, entries);
    if (!edited) {
        const auto& [line, column, what] = edited.error();
        return fail(Errc::usage, config::Problem{path, line, column, kKey, what}.text(),
                    "add this element to the list: " + config::toml_text(config::Setting{entries.back()}));
    }
    HP_DO(replace_file(path, *edited));
    std::printf("%s: %s has %zu %s\n", path.c_str(), kKey, entries.size(),
                entries.size() == 1 ? "key" : "keys");
    const auto suffix = unit_suffix(dir.string());
    std::printf("Next:\n  %s\n", suffix ? ("systemctl try-restart hp-pool" + *suffix).c_str()
                                        : "restart hp-pool where it runs");
    return {};
}

}  // namespace hp::hp_config
