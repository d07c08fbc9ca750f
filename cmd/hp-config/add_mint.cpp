// One more entry in allowed_mint_keys: the only edit of a file that exists. The file is replaced as a whole,
// or not.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "config/declared.hpp"
#include "config/mint_key.hpp"
#include "config/parse.hpp"
#include "units.hpp"
#include "verbs.hpp"

namespace hp::hp_config {
namespace {

namespace fs = std::filesystem;

constexpr const char* kKey = "allowed_mint_keys";

struct Line {
    std::size_t begin, end;  ///< in the text, without the newline
};

/// Where the list stands: the key's own line, or the commented one of a fresh file. An error where it goes
/// over several lines, which we leave to a person.
Result<Line> find_line(const std::string& path, const std::string& text, int number,
                       const std::string& wanted) {
    std::size_t begin = 0;
    const std::string commented = std::string("#") + kKey + " =";
    if (number > 0) {
        for (int line = 1; line < number; ++line) begin = text.find('\n', begin) + 1;
    } else {
        begin = text.starts_with(commented) ? 0 : text.find("\n" + commented);
        if (begin == std::string::npos) return Line{text.size(), text.size()};
        if (begin > 0) ++begin;
    }
    const auto end = std::min(text.find('\n', begin), text.size());
    if (number > 0 && text.substr(begin, end - begin).find(']') == std::string::npos)
        return fail(Errc::usage, config::Problem{path, number, 1, kKey, "is written on several lines"}.text(),
                    "add this element to the list: " + config::toml_text(config::Setting{wanted}));
    return Line{begin, end};
}

Result<> replace_file(const std::string& path, const std::string& text) {
    const auto failed = [&] {
        return fail(Errc::io, "cannot write '" + path + "': " + std::generic_category().message(errno));
    };
    struct stat was {};
    if (::stat(path.c_str(), &was) != 0) return failed();
    std::string fresh = path + ".XXXXXX";
    const int fd = ::mkstemp(fresh.data());
    if (fd < 0) return failed();
    // Owner before mode: changing the owner may take bits away.
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
    // No variables: what is edited is the file.
    config::Loader loader{dir.string(), {}, {}};
    loader.load(pool);
    for (const auto& problem : loader.problems())
        if (problem.key != kKey && problem.key != "payout_script") return fail(Errc::usage, problem.text());
    HP_TRY(const auto known, config::mint_keys_from_list(pool.allowed_mint_keys));
    for (const auto& mint : known) {
        if (mint.key == fresh->key && mint.name == fresh->name) {
            std::printf("%s has it already\n", path.c_str());
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
    const auto& shown = loader.shown();
    const auto at = std::ranges::find(shown, std::string(kKey), &config::Shown::key);
    HP_TRY(const auto line, find_line(path, text, at->line, entries.back()));
    std::string out = text.substr(0, line.begin);
    if (!out.empty() && out.back() != '\n') out += '\n';
    out += std::string(kKey) + " = " + config::toml_text(config::Setting{entries});
    if (line.end == text.size()) out += '\n';
    HP_DO(replace_file(path, out + text.substr(line.end)));
    std::printf("%s: %s has %zu %s\n", path.c_str(), kKey, entries.size(),
                entries.size() == 1 ? "key" : "keys");
    const auto suffix = unit_suffix(dir.string());
    std::printf("Next:\n  %s\n", suffix ? ("systemctl try-restart hp-pool" + *suffix).c_str()
                                        : "restart hp-pool where it runs");
    return {};
}

}  // namespace hp::hp_config
