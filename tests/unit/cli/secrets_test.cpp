#include "cli/secrets.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ostream>

using namespace hp;

namespace {

/// systemd's directory of credentials, as a service finds it.
class Credentials {
  public:
    Credentials() {
        std::filesystem::create_directory(dir_);
        ::setenv("CREDENTIALS_DIRECTORY", dir_.c_str(), 1);
    }
    ~Credentials() {
        ::unsetenv("CREDENTIALS_DIRECTORY");
        std::filesystem::remove_all(dir_);
    }
    Credentials(const Credentials&) = delete;
    Credentials& operator=(const Credentials&) = delete;

    std::string write(const std::string& name, const std::string& text, mode_t mode) const {
        const std::string path = dir_ + "/" + name;
        std::ofstream{path} << text;
        REQUIRE(::chmod(path.c_str(), mode) == 0);
        return path;
    }

  private:
    std::string dir_ =
        std::filesystem::temp_directory_path() / ("hp-secrets-test-" + std::to_string(::getpid()));
};

template <class T>
concept HasStream = requires(std::ostream& out, const T& value) {
    out << value;
};

/// What log::info("{}", value) needs to compile, and the ways around it.
template <class T>
constexpr bool kIsPrintable =
    fmt::is_formattable<T>::value || HasStream<T> || std::is_convertible_v<T, std::string_view> ||
    std::is_convertible_v<T, std::string>;

}  // namespace

TEST_CASE("a credential of systemd may be readable for its group, a file elsewhere may not") {
    Credentials credentials;
    const auto path = credentials.write("key", "secret\n", 0440);
    CHECK(cli::read_secret_text(path).value().reveal() == "secret");
    CHECK_FALSE(cli::read_secret_text(credentials.write("open", "secret\n", 0444)));
    ::unsetenv("CREDENTIALS_DIRECTORY");
    const auto refused = cli::read_secret_text(path);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().what.find("has mode 0440") != std::string::npos);
}

TEST_CASE("an empty credential says where it came from") {
    Credentials credentials;
    const auto path = credentials.write("key", "\n", 0400);
    const auto of_systemd = cli::read_secret_text(path);
    REQUIRE_FALSE(of_systemd);
    CHECK(of_systemd.error().what.ends_with(
        "is empty: the file that the unit's LoadCredential= names is missing or empty"));
    ::unsetenv("CREDENTIALS_DIRECTORY");
    const auto of_a_person = cli::read_secret_text(path);
    REQUIRE_FALSE(of_a_person);
    CHECK(of_a_person.error().what.ends_with("is empty"));
}

TEST_CASE("a log line that takes a secret does not compile") {
    static_assert(kIsPrintable<std::string>);
    static_assert(!kIsPrintable<crypto::SecretKey>);
    static_assert(!kIsPrintable<crypto::SecretText>);
    static_assert(std::is_same_v<decltype(cli::read_mnemonic("", ""))::value_type, crypto::SecretText>);
    static_assert(std::is_same_v<decltype(cli::read_secret_text(""))::value_type, crypto::SecretText>);
    static_assert(std::is_same_v<decltype(cli::read_secret_key("", ""))::value_type, crypto::SecretKey>);
}

TEST_CASE("a secret file: what it holds only by reveal(), and never in an error") {
    char name[] = "/tmp/hp-secrets-test-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    const std::string path = std::string(name) + "/password";
    REQUIRE(cli::write_secret(path, "hunter2"));
    const auto text = cli::read_secret_text(path);
    REQUIRE(text.has_value());
    CHECK(text->reveal() == "hunter2");
    const auto as_key = cli::read_secret_key(path, "sim");
    REQUIRE_FALSE(as_key.has_value());
    CHECK((as_key.error().what + as_key.error().hint).find("hunter2") == std::string::npos);
    std::filesystem::remove_all(name);
}

TEST_CASE("a service reads what its unit hands out for a file of CONFIG_DIR/secrets, and no other file's") {
    const std::string file = "/etc/hashpool/secrets/key";
    CHECK(cli::handed_secret(file, "/etc/hashpool") == file);
    Credentials credentials;
    CHECK(cli::handed_secret(file, "/etc/hashpool") == file);
    const auto path = credentials.write("key", "secret\n", 0400);
    CHECK(cli::handed_secret(file, "/etc/hashpool") == path);
    CHECK(cli::handed_secret("/etc/hashpool/secrets/key-2", "/etc/hashpool") ==
          "/etc/hashpool/secrets/key-2");
    // A file of the same name elsewhere is another one.
    CHECK(cli::handed_secret("/root/key", "/etc/hashpool") == "/root/key");
    CHECK(cli::handed_secret(file, "/etc/hashpool/second") == file);
    // What our units hand out for a file that is missing.
    credentials.write("none", "\n", 0400);
    CHECK(cli::handed_secret("/etc/hashpool/secrets/none", "/etc/hashpool") == "/etc/hashpool/secrets/none");
}
