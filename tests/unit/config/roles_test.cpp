#include "config/roles.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/bytes.hpp"
#include "config/declared.hpp"
#include "config/documentation.hpp"
#include "crypto/base58.hpp"

using namespace hp;
using namespace hp::config;

namespace {

const Key& key_of(std::string_view file, std::string_view name) {
    const Key* key = find_key(file, name);
    REQUIRE(key != nullptr);
    return *key;
}

}  // namespace

TEST_CASE("the roles have all programs, and each program that is a service stands in one") {
    CHECK(programs_of({}).size() == programs().size());
    CHECK(programs_of({"pool", "mint", "proxy", "wallet"}) == programs_of({}));
    CHECK(programs_of({"mint"}) == std::vector<std::string>{"hp-mint"});
    CHECK(programs_of({"wallet"}) == std::vector<std::string>{"hp-wallet"});
    // In the order of programs(), whatever that of the roles is.
    CHECK(programs_of({"proxy", "mint"}) ==
          std::vector<std::string>{"hp-mint", "hp-proxy", "hp-wallet", "hp-stats", "hp-web"});
    CHECK(has_role({}, "mint"));
    CHECK_FALSE(has_role({"pool"}, "mint"));
    // What the key allows is what there is.
    std::vector<std::string> names;
    for (const auto& role : all_roles()) names.push_back(role.name);
    CHECK(key_of("shared/network.toml", "roles").rule.choices == names);
}

TEST_CASE("each secret file that a key names by default is one that a role with its file makes") {
    for (const auto& file : declared()) {
        for (const auto& key : file.keys) {
            const auto text = key.default_text;
            if (key.rule.kind != Rule::Kind::secret_file || text == "\"\"") continue;
            const auto path = text.substr(1, text.size() - 2);
            CAPTURE(path);
            for (const auto& role : all_roles()) {
                const auto secrets = secrets_of({role.name});
                const bool has = std::ranges::find(secrets, path) != secrets.end();
                CHECK(has == is_read_by(file.file, role.programs));
            }
        }
    }
}

TEST_CASE("a file of a role leaves out the keys that its programs do not use") {
    const auto& file = *std::ranges::find(declared(), "shared/pool.toml", &FileDeclaration::file);
    const auto text = example_file(file, {}, programs_of({"mint"}));
    CHECK(text.find("link_address = ") != std::string::npos);
    CHECK(text.find("unit_bits = ") != std::string::npos);
    CHECK(text.find("template_address = ") == std::string::npos);
    CHECK(example_file(file).find("template_address = ") != std::string::npos);
}

TEST_CASE("what must be set must be only where a program uses it") {
    const auto key = crypto::authority_key_text(
        *array_from_hex<32>("50929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0"));
    // Without files: all is well where flags have what the program needs.
    const auto is_complete = [&](const char* program, std::map<std::string, std::string> flags) {
        PoolShared shared;
        Loader loader{"/nonexistent", std::move(flags), {}, Loader::MissingFile::optional_when_complete};
        loader.only_for({program});
        loader.load(shared);
        return loader.problems().empty();
    };
    CHECK(is_complete("hp-audit", {}));
    CHECK_FALSE(is_complete("hp-mint", {}));
    CHECK(is_complete("hp-mint", {{"link-authority-public-key", key}}));
    CHECK_FALSE(is_complete("hp-pool", {{"link-authority-public-key", key}}));
    CHECK(is_complete("hp-pool", {{"template-authority-public-key", key}}));
}

TEST_CASE("relative paths are anchored, and what is no path stays") {
    const auto at = [](const Rule& rule, const char* text) { return anchored(rule, text, "/base"); };
    for (const Rule& rule : {path(), secret_file(), records()}) {
        CHECK(at(rule, "a/b") == "/base/a/b");
        CHECK(at(rule, "./a/../b") == "/base/b");
        CHECK(at(rule, "../b") == "/b");
        for (const char* same : {"", "/a/b", "~/a", "-", "postgresql://me@db/stats", "tcp://h:1/KEY"})
            CHECK(at(rule, same) == same);
    }
    CHECK(at(records(), "unix:a.sock") == "unix:/base/a.sock");
    CHECK(at(records(), "unix:/a.sock") == "unix:/a.sock");
    CHECK(at(any(), "a/b") == "a/b");
    CHECK(at(endpoint(), "localhost:1") == "localhost:1");
}
