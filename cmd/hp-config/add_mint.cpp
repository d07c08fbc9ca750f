// One more entry in allowed_mint_keys: the only edit of an existing file, which is replaced as a whole or not
// or not.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "config/declared.hpp"
#include "config/edit.hpp"
#include "config/mint_key.hpp"
#include "config/parse.hpp"
#include "directory.hpp"
#include "units.hpp"

namespace hp::hp_config {
namespace {

struct AddMintOptions {
    std::string dir, name, key;
    bool rotate{false};  ///< a second key for a mint that has one
    bool json{false};
};

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

void print_json(const std::string& path, std::size_t keys, bool is_changed) {
    const nlohmann::ordered_json out = {{"file", path}, {"changed", is_changed}, {"keys", keys}};
    std::printf("%s\n", out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

Result<> run_add_mint(const AddMintOptions& options) {
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
            if (options.json)
                print_json(path, known.size(), false);
            else
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
    if (options.json) {
        print_json(path, entries.size(), true);
        return {};
    }
    std::printf("%s: %s has %zu %s\n", path.c_str(), kKey, entries.size(),
                entries.size() == 1 ? "key" : "keys");
    const auto suffix = unit_suffix(dir.string());
    std::printf("Next:\n  %s\n", suffix ? ("systemctl try-restart hp-pool" + *suffix).c_str()
                                        : "restart hp-pool where it runs");
    return {};
}

}  // namespace

cli::Verb add_mint() {
    return {
        .name = "add-mint",
        .summary = "let a mint serve this pool: its key into allowed_mint_keys of pool.toml",
        .examples = {"hp-config add-mint mint --key "
                     "50929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0"},
        .declare = [](cli::Options& add) -> cli::Action {
            auto directory = std::make_shared<Directory>();
            auto options = std::make_shared<AddMintOptions>();
            add.text("NAME", options->name, "what the pool calls it: mint, or another for a further one")
                .required();
            add_usual_directory(add, *directory, "configuration directory of the pool [/etc/hashpool]");
            add.text("--key", options->key, "the mint's public link key, 64 hex digits")
                .required()
                .value_name("KEY");
            add.flag("--rotate", options->rotate, "a second key for a mint that has one");
            add.json(options->json);
            return [directory, options]() -> Result<> {
                HP_TRY(options->dir, directory->usual());
                return run_add_mint(*options);
            };
        },
    };
}

}  // namespace hp::hp_config
