#include "wire/share_refusal.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <set>
#include <sstream>

using namespace hp::wire;

TEST_CASE("every reason has a word of its own, which leads back to it") {
    std::set<std::string_view> words;
    std::size_t number = 0;
    for (const auto& one : share_refusals()) {
        CAPTURE(one.word);
        CHECK(static_cast<std::size_t>(one.refusal) == number++);
        CHECK(words.insert(one.word).second);
        CHECK(share_refusal(one.word) == one.refusal);
        CHECK(word_of(one.refusal) == one.word);
        CHECK(!one.meaning.empty());
        CHECK(refusal_word(refusal_text(one.word)) == one.word);
    }
    CHECK(number == static_cast<std::size_t>(ShareRefusal::bad_line) + 1);
}

TEST_CASE("a word of another pool stays as it is") {
    CHECK(!share_refusal("share-difficulty-too-low"));
    CHECK(refusal_text("share-difficulty-too-low") == "share-difficulty-too-low");
    CHECK(refusal_word("Above target: 12") == "Above target: 12");
}

TEST_CASE("docs/troubleshooting.md has a row for every reason, and none for another") {
    std::ifstream in{HP_SOURCE_DIR "/docs/troubleshooting.md"};
    REQUIRE(in.good());
    std::set<std::string> rows;
    bool is_table = false;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("## ")) is_table = line == "## Shares are refused";
        if (is_table && line.starts_with("| `")) rows.insert(line.substr(3, line.find('`', 3) - 3));
    }
    std::set<std::string> words;
    for (const auto& one : share_refusals()) words.insert(std::string(one.word));
    CHECK(rows == words);
}
