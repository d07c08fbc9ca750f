#include "ehash/valuation.hpp"

#include "vectors.hpp"

using namespace hp;
using namespace hp::ehash;
using hp::test::Json;

namespace {

/// A hash with exactly this many leading zero bits in its displayed form.
Bytes32 hash_with(unsigned zero_bits) {
    Bytes32 out{};
    if (zero_bits < 256) out[31 - zero_bits / 8] = static_cast<std::uint8_t>(0x80 >> (zero_bits % 8));
    return out;
}

}  // namespace

TEST_CASE("leading zeros: amounts as published, with the published cap") {
    hp::test::for_each_vector(
        hp::test::read_vectors("targets.json")["ehash_amount"]["vectors"], [](const Json& v) {
            unsigned zero_bits = v["leading_zero_bits"], minimum = v["min"];
            CHECK(leading_zeros_amount(zero_bits, minimum, 63) == v["amount"].get<std::uint64_t>());
            // Ours ends at 2^62.
            Valuation rule{.rule = Valuation::Rule::leading_zeros, .minimum_difficulty = minimum};
            CHECK(rule.amount(hash_with(zero_bits), Bytes32{}) ==
                  std::min(v["amount"].get<std::uint64_t>(), kAmountMax));
        });
}

TEST_CASE("target: the work that the credited target stands for, whatever the hash") {
    Valuation rule;
    for (unsigned bits : {32u, 33u, 40u, 63u, 94u}) {
        auto target = bitcoin::target_from_work_bits(bits);
        CHECK(rule.amount(hash_with(bits), target) == std::uint64_t{1} << (bits - 32));
        CHECK(rule.amount(hash_with(200), target) == std::uint64_t{1} << (bits - 32));
    }
    CHECK(rule.amount(hash_with(0), bitcoin::target_from_work_bits(31)) == 0);
    CHECK(rule.amount(hash_with(0), Bytes32{}) == kAmountMax);  // target 0: 2^256 hashes
    Bytes32 all_ones;
    all_ones.fill(0xff);
    CHECK(Valuation{.unit_bits = 0}.amount(hash_with(0), all_ones) == 1);
}

TEST_CASE("the text on the link is canonical: one rule, one spelling") {
    for (const char* text : {"target/unit_bits=32", "target/unit_bits=0", "target/unit_bits=255",
                             "leading_zeros/minimum_difficulty=32", "leading_zeros/minimum_difficulty=0"}) {
        auto rule = Valuation::from_text(text);
        REQUIRE(rule.has_value());
        CHECK(rule->text() == text);
    }
    for (const char* bad : {"", "target", "target/unit_bits=", "target/unit_bits=032", "target/unit_bits=-1",
                            "target/unit_bits=+1", "target/unit_bits=256", "target/unit_bits=32 ",
                            "target/unit_bits=4294967328", "Target/unit_bits=32",
                            "leading_zeros/unit_bits=32", "leading_zeros/minimum_difficulty=3x"}) {
        CAPTURE(bad);
        CHECK(!Valuation::from_text(bad).has_value());
    }
    CHECK(Valuation::from_text("target/unit_bits=32")->rule == Valuation::Rule::target);
    CHECK(Valuation::from_text("leading_zeros/minimum_difficulty=7")->minimum_difficulty == 7);
}
