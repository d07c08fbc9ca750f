#include "ehash/mint_mark.hpp"

#include <doctest/doctest.h>

using namespace hp;
using namespace hp::ehash;

namespace {

constexpr Amount128 kBig = Amount128{1} << 90;
MintMark some_mark() { return {Bytes32{7}, 3, 10, 12, kBig, 300}; }

}  // namespace

TEST_CASE("a ledger at its mark or beyond lacks nothing") {
    const auto known = some_mark();
    CHECK_FALSE(setback(known, known));
    auto has = known;
    ++has.generation, ++has.quotes, ++has.operations, ++has.issued, ++has.spent;
    CHECK_FALSE(setback(has, known));
}

TEST_CASE("each number that is behind shows, with what can be doubled") {
    const auto known = some_mark();
    auto has = known;
    SUBCASE("an older start") {
        --has.generation;
        CHECK(setback(has, known)->generations == 1);
    }
    SUBCASE("a swap alone") {
        --has.operations;
        has.spent -= 100;
        // A later start hides nothing.
        has.generation += 5;
        const auto lost = setback(has, known);
        REQUIRE(lost);
        CHECK(lost->operations == 1);
        CHECK(lost->doubled_max() == 100);
        CHECK(describe(*lost) == "0 quotes, 1 operation, issued 0, spent 100: at most 100 can be doubled");
    }
    SUBCASE("a mint alone") {
        has.issued -= 5;
        CHECK(setback(has, known)->doubled_max() == 5);
    }
    SUBCASE("a quote alone") {
        has.quotes -= 2;
        CHECK(setback(has, known)->quotes == 2);
        CHECK(setback(has, known)->doubled_max() == 0);
    }
    SUBCASE("another database lacks all") {
        has.store = Bytes32{8};
        has.issued = has.spent = kBig * 2;
        const auto lost = setback(has, known);
        REQUIRE(lost);
        CHECK(lost->is_other_store);
        CHECK(lost->doubled_max() == kBig + 300);
    }
}

TEST_CASE("the file's text leads back to the mark; anything else is refused with its line") {
    const auto mark = some_mark();
    const std::string text = file_text(mark);
    auto read = mint_mark_from_text(text);
    REQUIRE_MESSAGE(read, read.error().what);
    CHECK(*read == mark);
    for (std::size_t size = 0; size < text.size(); ++size)
        CHECK_FALSE(mint_mark_from_text(text.substr(0, size)));
    auto wrong = [&](std::string from, const std::string& to, const char* where) {
        std::string other = text;
        other.replace(other.find(from), from.size(), to);
        auto result = mint_mark_from_text(other);
        REQUIRE_FALSE(result);
        CHECK_MESSAGE(result.error().what.find(where) == 0, result.error().what);
    };
    wrong("mark 1", "mark 2", "line 1:");
    wrong("store 07", "store 7", "line 2:");
    wrong("generation 3", "generation -3", "line 3:");
    wrong("generation 3", "generation 9223372036854775808", "line 3:");
    wrong("quotes", "quote", "line 4:");
    wrong("operations 12", "operations ", "line 5:");
    wrong("spent 300", "spent 300\nmore", "line 8:");
    wrong("spent 300", "spent 999999999999999999999999999999999999999", "line 7:");
}

TEST_CASE("a mark travels, and what cannot be kept is refused") {
    const auto mark = some_mark();
    const auto message = to_message(mark);
    CHECK(*mint_mark_from_message(message, mark.store, 3) == mark);
    CHECK_FALSE(mint_mark_from_message(message, mark.store, 4));
    auto wrong = message;
    SUBCASE("quotes") { wrong.quotes = std::uint64_t{1} << 63; }
    SUBCASE("operations") { wrong.operations = UINT64_MAX; }
    SUBCASE("issued") { wrong.issued_high = std::uint64_t{1} << 31; }
    SUBCASE("spent") { wrong.spent_high = UINT64_MAX; }
    CHECK_FALSE(mint_mark_from_message(wrong, mark.store, 3));
}
