#include "cli/secrets.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "cli/owner.hpp"
#include "crypto/base58.hpp"
#include "crypto/bip32.hpp"
#include "crypto/random.hpp"

namespace hp::cli {
namespace {

/// A program that holds a secret must not leave a core dump.
void forbid_core_dump() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_CORE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max = 0;
    ::setrlimit(RLIMIT_CORE, &limit);
}

/// x-only public keys of secrets that are public; comparing these needs no secret in our source.
constexpr std::array<std::string_view, 6> kPublishedKeys = {
    "24ee3c3804a1aaa4c03b80ea19f7a5863c916e8994b7db94a3bad7ee092b6ce7",  // SRI's and Hashpool's
                                                                         // configurations
    "4df78c3f49302eef4ec3ef2daf5fa337bb63c59a2f1844664776277e9470118c",  // Hashpool's key-utils
    "76637000979c1c11af0c300bcd8c7fe48610fce9b9c11e3daee35ae0b08a7455",  // SV2 spec 4.7.1
    "51a5aa67a6d87f08ac532827d962a0cec316bdd87a72afdb5c126afd41b101cd",  // certificate vectors, authority
    "60e2c4ffaa9c241f22e25dfaa9fe35c4adf186df358ecba0ff3c5b1d5c447740",  // certificate vectors, static key
    "387b8527d7528f2e2f76899f41a0c6a87c87be83d3ff57c2dbec1a176b805c70",  // Hashpool's translator, locking key
};

constexpr std::array<std::string_view, 8> kPublishedWords = {
    // Hashpool's configurations; BIP 39's vectors
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about",
    "legal winner thank year wave sausage worth useful legal winner thank yellow",
    "letter advice cage absurd amount doctor acoustic avoid letter advice cage above",
    "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong",
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon art",
    "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo vote",
    // Ethereum's tools
    "test test test test test test test test test test test junk",
    // NUT-13's vectors
    "half depart obvious quality work element tank gorilla view sugar picture humble",
};

tl::unexpected<Error> wrong_file(const std::string& path, const std::string& what, std::string hint = {}) {
    return fail(Errc::usage, "secret file '" + path + "' " + what, std::move(hint));
}

/// If no network was given.
std::string published_hint(std::string_view network) {
    return network.empty() ? "--network sim, if it is for that; " : "";
}

std::string reason(int error) {
    std::string text = std::generic_category().message(error);
    if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] - 'A' + 'a');
    return text;
}

bool is_systemd_credential(const std::string& path) {
    const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
    return directory != nullptr && *directory == '/' && path.starts_with(std::string(directory) + "/") &&
           path.find("/../") == std::string::npos;
}

class Descriptor {
  public:
    explicit Descriptor(int fd) : fd_{fd} {}
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return fd_; }

  private:
    int fd_;
};

struct KeyForm {
    Result<crypto::SecretKey> (*from_text)(std::string_view);
    std::string allowed;
    std::string kind;  ///< argument of hp-config keygen
};

bool is_public_key(std::string_view text) {
    const auto point = array_from_hex<33>(text);
    return crypto::authority_key_from_text(text).has_value() ||
           (point && crypto::is_valid_public_key(*point));
}

/// If a world-readable file holds a public key, its mode is not the problem.
bool holds_public_key(const std::string& path) {
    std::error_code none;
    std::string line;
    if (!std::filesystem::is_regular_file(path, none)) return false;
    std::getline(std::ifstream{path} >> std::ws, line);
    return is_public_key(line);
}

Result<crypto::SecretKey> read_key(const std::string& path, std::string_view network, const KeyForm& form) {
    const std::string keygen = "'hp-config keygen " + form.kind + "' makes ";
    const auto is_public = [&] {
        return wrong_file(path, "holds a public key, allowed: a secret key", keygen + "one");
    };
    const auto text = read_secret_text(path);
    if (!text) return holds_public_key(path) ? is_public() : fail(text.error());
    const auto key = form.from_text(text->reveal());
    if (!key && is_public_key(text->reveal())) return is_public();
    if (!key) return wrong_file(path, "does not hold a secret key, allowed: " + form.allowed, keygen + "one");
    if (!may_use_published(network) && is_published(*key)) {
        return wrong_file(path, "holds a published test key, allowed only on sim and regtest",
                          published_hint(network) + keygen + "your own key");
    }
    return *key;
}

Result<> check_mode(const std::string& path, mode_t mode) {
    const mode_t forbidden = is_systemd_credential(path) ? S_IRWXO | S_IWGRP | S_IXGRP : S_IRWXG | S_IRWXO;
    if ((mode & forbidden) == 0) return {};
    char octal[8];
    std::snprintf(octal, sizeof octal, "%04o", static_cast<unsigned>(mode & 07777));
    return wrong_file(path, "has mode " + std::string(octal) + ", accessible to others, allowed: 0600",
                      "chmod 600 '" + path + "'");
}

/// The owner of a secret's file knows it, and can change it. In a closed directory root decides on the owner:
/// a secret may belong to the service that reads it, and root's `hp-config check` reads it too.
Result<> check_owner(const std::string& path, uid_t owner) {
    if (owner == 0 || owner == ::geteuid() || is_systemd_credential(path)) return {};
    if (is_closed_directory(std::filesystem::path{path}.parent_path())) return {};
    const std::string me = ::geteuid() == 0 ? "" : " or " + user_text(::geteuid());
    return wrong_file(path, "belongs to " + user_text(owner) + ", expected root (uid 0)" + me,
                      "if nobody else knows it: chown " + std::to_string(::geteuid()) + " '" + path + "'");
}

}  // namespace

std::string handed_secret(const std::string& file, const std::string& config_dir) {
    namespace fs = std::filesystem;
    const char* handed = std::getenv("CREDENTIALS_DIRECTORY");
    const fs::path path{file};
    if (handed == nullptr || *handed != '/' || path.parent_path() != fs::path{config_dir} / "secrets")
        return file;
    const fs::path credential = fs::path{handed} / path.filename();
    std::error_code error;
    const auto size = fs::file_size(credential, error);
    return !error && size > 1 ? credential.string() : file;
}

Result<crypto::SecretText> read_secret_text(const std::string& path) {
    forbid_core_dump();
    // O_NONBLOCK: opening a FIFO without a writer must not wait for one.
    const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
    if (file.get() < 0) {
        const int number = errno;
        return wrong_file(
            path, "cannot be read: " + reason(number),
            number == ENOENT ? "if the path is right: 'hp-config keygen' makes secret files"
            : std::getenv("CREDENTIALS_DIRECTORY")
                ? "systemd hands a service only the secrets that its unit names: systemctl edit, [Service], "
                  "LoadCredential=" +
                      std::filesystem::path{path}.filename().string() + ":" + path
                : "");
    }
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) return wrong_file(path, "cannot be read: " + reason(errno));
    if (!S_ISREG(info.st_mode)) return wrong_file(path, "is not a regular file");
    HP_DO(check_owner(path, info.st_uid));
    HP_DO(check_mode(path, info.st_mode));
    std::string text(kSecretSizeMax + 1, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        const ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return wrong_file(path, "cannot be read: " + reason(errno));
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    if (size > kSecretSizeMax) return wrong_file(path, "is larger than 4096 bytes");
    text.resize(size);
    if (text.ends_with('\n')) text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
    if (text.empty())
        return wrong_file(path,
                          is_systemd_credential(path)
                              ? "is empty: the file that the unit's LoadCredential= names is missing or empty"
                              : "is empty");
    return crypto::SecretText{std::move(text)};
}

Result<crypto::SecretKey> read_secret_key(const std::string& path, std::string_view network) {
    return read_key(path, network, {crypto::secret_key_from_text, "32 bytes in base58check", "authority"});
}

Result<crypto::SecretKey> read_locking_key(const std::string& path, std::string_view network) {
    return read_key(path, network,
                    {crypto::locking_key_from_text, "64 hex digits, or 32 bytes in base58check", "locking"});
}

Result<crypto::SecretText> read_mnemonic(const std::string& path, std::string_view network) {
    HP_TRY(auto text, read_secret_text(path));
    // The error gives only the wrong word's number: it goes to logs.
    if (const auto good = crypto::bip39_check(text.reveal()); !good) {
        return wrong_file(path, "does not hold valid BIP 39 words: " + good.error().what,
                          "allowed: 12 to 24 words of the English list, separated by single spaces; "
                          "'hp-config keygen mnemonic' makes them");
    }
    if (!may_use_published(network) && is_published_words(text.reveal())) {
        return wrong_file(path, "holds published test words, allowed only on sim and regtest",
                          published_hint(network) + "'hp-config keygen mnemonic' makes your own words");
    }
    return text;
}

bool is_published(const crypto::SecretKey& key) {
    const auto& bytes = key.bytes();
    const bool is_small = std::all_of(bytes.begin(), bytes.end() - 1, [](auto byte) { return byte == 0; });
    if (is_small && bytes.back() <= 16) return true;
    return std::find(kPublishedKeys.begin(), kPublishedKeys.end(), to_hex(key.xonly())) !=
           kPublishedKeys.end();
}

bool is_published_words(std::string_view mnemonic) {
    return std::find(kPublishedWords.begin(), kPublishedWords.end(), mnemonic) != kPublishedWords.end();
}

bool may_use_published(std::string_view network) { return network == "sim" || network == "regtest"; }

Result<> write_secret(const std::string& path, std::string_view text) {
    const std::string making = path + ".new-" + std::to_string(::getpid());
    ::unlink(making.c_str());  // left by a killed process that had our pid
    const Descriptor file{
        ::open(making.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR)};
    if (file.get() < 0) return fail(Errc::io, "cannot write '" + path + "': " + reason(errno));
    std::string content = std::string(text) + "\n";
    bool done = ::fchmod(file.get(), S_IRUSR | S_IWUSR) == 0;
    std::size_t at = 0;
    while (done && at < content.size()) {
        const ssize_t put = ::write(file.get(), content.data() + at, content.size() - at);
        if (put < 0 && errno == EINTR) continue;
        done = put > 0;
        if (done) at += static_cast<std::size_t>(put);
    }
    // link(2) never replaces a file, and the content is complete.
    done = done && ::fsync(file.get()) == 0 && ::link(making.c_str(), path.c_str()) == 0;
    const int error = errno;
    crypto::wipe({reinterpret_cast<std::uint8_t*>(content.data()), content.size()});
    ::unlink(making.c_str());
    if (done) return {};
    if (error == EEXIST)
        return fail(Errc::usage, "'" + path + "' exists, refusing to overwrite a secret",
                    "move it away, or choose another name");
    return fail(Errc::io, "cannot write '" + path + "': " + reason(error));
}

}  // namespace hp::cli
