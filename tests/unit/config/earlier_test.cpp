#include "config/earlier.hpp"

#include <doctest/doctest.h>

#include "config/declared.hpp"
#include "config/earlier_keys.hpp"

namespace {

using namespace hp;
using namespace hp::config;

constexpr Published kNonePublished{[](const crypto::SecretKey&) { return false; },
                                   [](std::string_view) { return false; },
                                   [](std::string_view) { return false; }};
constexpr Published kAllPublished{[](const crypto::SecretKey&) { return true; },
                                  [](std::string_view) { return true; },
                                  [](std::string_view) { return false; }};

Imported imported(const std::vector<std::pair<std::string, std::string>>& texts,
                  const Published& published = kNonePublished) {
    std::vector<EarlierFile> files;
    for (const auto& [name, text] : texts) {
        auto entries = parse_toml_with_tables(text);
        REQUIRE(entries.has_value());
        files.push_back({name, std::move(*entries)});
    }
    return from_earlier(files, "testnet4", published);
}

std::string chosen(const Imported& from, const std::string& file, const std::string& key) {
    const auto values = from.chosen.find(file);
    if (values == from.chosen.end() || !values->second.contains(key)) return "nothing";
    return toml_text(values->second.at(key).value);
}

std::string first(const Imported& from) {
    const Outcome& one = from.outcomes.at(0);
    return std::string(became_text(one.became)) + ": " + one.text;
}

}  // namespace

TEST_CASE("every row of the earlier keys names a file that is read and a key that is declared") {
    for (const EarlierKey& row : earlier_keys()) {
        CAPTURE(row.file);
        CAPTURE(row.key);
        const auto& files = earlier_files();
        CHECK(std::find(files.begin(), files.end(), row.file) != files.end());
        if (row.to_file.ends_with(".toml")) CHECK(find_key(row.to_file, row.to_key) != nullptr);
        const bool needs_reason = row.treatment == Treatment::drop || row.treatment == Treatment::decide ||
                                  row.treatment == Treatment::decide_if_on;
        CHECK(needs_reason == (!row.why.empty() && row.treatment != Treatment::template_key));
    }
}

TEST_CASE("tables: dotted names, numbers in lists of tables, places") {
    const auto entries = parse_toml_with_tables("a = 1\n[b]\n  c = 'x'\n[[d]]\ne = 2\n[[d]]\ne = 3\n");
    REQUIRE(entries.has_value());
    REQUIRE(entries->size() == 4);
    CHECK(entries->at(1).name == "b.c");
    CHECK(entries->at(1).line == 3);
    CHECK(entries->at(1).column == 3);
    CHECK(entries->at(3).name == "d.1.e");
}

TEST_CASE("halves of an address become one; a missing half is the default's") {
    const auto both = imported({{"tproxy.config.toml", "downstream_port = 5\ndownstream_address = '::1'"}});
    CHECK(chosen(both, "shared/network.toml", "proxy_listen") == "\"[::1]:5\"");
    CHECK(first(both) == "changed: shared/network.toml: proxy_listen = \"[::1]:5\"");
    const auto half = imported({{"tproxy.config.toml", "faucet_port = 8083"}});
    CHECK(chosen(half, "shared/network.toml", "proxy_api_listen") == "\"127.0.0.1:8083\"");
    const auto wrong = imported({{"tproxy.config.toml", "downstream_port = 70000"}});
    CHECK(chosen(wrong, "shared/network.toml", "proxy_listen") == "nothing");
    CHECK(wrong.outcomes[0].became == Became::undecided);
}

TEST_CASE("an address that both ends share is listened on here, unless it is elsewhere") {
    const auto here = imported({{"pool.config.toml", "tp_address = '0.0.0.0:7'"}});
    CHECK(chosen(here, "shared/pool.toml", "template_address") == "\"127.0.0.1:7\"");
    CHECK(chosen(here, "shared/network.toml", "template_listen") == "\"0.0.0.0:7\"");
    const auto elsewhere = imported({{"pool.config.toml", "tp_address = '10.0.0.1:7'"}});
    CHECK(chosen(elsewhere, "shared/pool.toml", "template_address") == "\"10.0.0.1:7\"");
    CHECK(chosen(elsewhere, "shared/network.toml", "template_listen") == "nothing");
    CHECK(elsewhere.outcomes[0].became == Became::undecided);
}

TEST_CASE("the first file wins, the other one needs a decision") {
    const auto same = imported({{"shared/pool.toml", "[ehash]\nminimum_difficulty = 33"},
                                {"shared/miner.toml", "[ehash]\nminimum_difficulty = 33"}});
    CHECK(same.outcomes[1].became == Became::taken);
    const auto other = imported({{"shared/pool.toml", "[ehash]\nminimum_difficulty = 33"},
                                 {"shared/miner.toml", "[ehash]\nminimum_difficulty = 34"}});
    CHECK(other.outcomes[1].became == Became::undecided);
    CHECK(chosen(other, "shared/pool.toml", "minimum_difficulty") == "33");
}

TEST_CASE("shares worth nothing are no longer taken") {
    const auto raised = imported({{"shared/pool.toml",
                                   "[validation]\nminimum_share_difficulty_bits = 8\n"
                                   "[ehash]\nminimum_difficulty = 40"}});
    CHECK(chosen(raised, "pool.toml", "easiest_target_bits") == "40");
    CHECK(raised.outcomes[0].became == Became::changed);
}

TEST_CASE("secrets: into a file, replaced where published, never in a text") {
    const std::string words = "legal winner thank year wave sausage worth useful legal winner thank yellow";
    const std::string text = "[info]\nmnemonic = '" + words + "'";
    const auto kept = imported({{"mint.config.toml", text}});
    CHECK(kept.secrets.at("secrets/mint.seed") == words);
    CHECK(first(kept).find("winner") == std::string::npos);
    const auto replaced = imported({{"mint.config.toml", text}}, kAllPublished);
    CHECK(replaced.secrets.empty());
    CHECK(first(replaced) == "changed: are published test words; secrets/mint.seed has new ones");
    const auto damaged = imported({{"mint.config.toml", "[info]\nmnemonic = 'legal winner'"}});
    CHECK(damaged.secrets.empty());
    CHECK(damaged.outcomes[0].became == Became::undecided);
}

TEST_CASE("a descriptor that is no address needs a decision") {
    const auto addr = imported({{"pool.config.toml", "coinbase_reward_script = 'addr(tb1qx)'"}});
    CHECK(chosen(addr, "pool.toml", "payout_script") == "\"tb1qx\"");
    const auto wpkh = imported({{"pool.config.toml", "coinbase_reward_script = 'wpkh(xpub1)'"}});
    CHECK(chosen(wpkh, "pool.toml", "payout_script") == "nothing");
    CHECK(wpkh.outcomes[0].became == Became::undecided);
}
