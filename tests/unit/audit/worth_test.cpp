#include "audit/worth.hpp"

#include <doctest/doctest.h>

#include "audit/sha256.hpp"

using namespace hp;
using audit::Worth;

namespace {
/// A little-endian number out of its usual, big-endian hex.
Bytes32 number(std::string_view hex) {
    std::string all(64 - hex.size(), '0');
    all += hex;
    auto out = *array_from_hex<32>(all);
    std::reverse(out.begin(), out.end());
    return out;
}
std::string ones(std::size_t digits) { return std::string(digits, 'f'); }
}  // namespace

TEST_CASE("the genesis block's header hashes to its hash, meets its target, and is worth its difficulty") {
    auto header = *from_hex(
        "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e6776"
        "8f61"
        "7fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c");
    audit::Sha256 sha256;
    auto hash = sha256.twice(header);
    CHECK(hash == number("000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"));
    auto target = number("00000000ffff0000000000000000000000000000000000000000000000000000");
    CHECK(audit::meets(hash, target));
    // 2^256 / (0xffff * 2^208 + 1), the expected hashes of difficulty 1.
    CHECK(Worth{Worth::Rule::target, 0}.of(hash, target) == 0x100010001);
    CHECK(Worth{Worth::Rule::target, 32}.of(hash, target) == 1);
    CHECK(Worth{Worth::Rule::leading_zeros, 32}.of(hash, target) == 1u << 11);
}

TEST_CASE("a hash meets a target that is equal, and none that is lower by 1") {
    CHECK(audit::meets(number("0100"), number("0100")));
    CHECK_FALSE(audit::meets(number("0100"), number("ff")));
    CHECK(audit::meets(number("0100"), number("010000")));
    CHECK(audit::meets(number("0"), number("0")));
    CHECK_FALSE(audit::meets(number("1" + std::string(63, '0')), number(ones(63))));
}

TEST_CASE("worth by the target at its edges") {
    Bytes32 hash{};
    auto units = [&](unsigned bits, const std::string& target) {
        return Worth{Worth::Rule::target, bits}.of(hash, number(target));
    };
    CHECK(units(0, ones(64)) == 1);  // every hash is a share
    CHECK(units(1, ones(64)) == 0);
    CHECK(units(0, "7" + ones(63)) == 2);
    CHECK(units(0, "8" + std::string(63, '0')) == 1);     // just above half: rounded down
    CHECK(units(60, ones(48)) == 16);                     // 2^64 hashes
    CHECK(units(0, ones(48)) == std::uint64_t{1} << 62);  // above the cap
    CHECK(units(194, "0") == std::uint64_t{1} << 62);     // 2^256 hashes, exactly the cap
    CHECK(units(195, "0") == std::uint64_t{1} << 61);
    CHECK(units(255, "0") == 2);
}

TEST_CASE("worth by leading zeros at its edges") {
    Bytes32 target{};
    auto units = [&](unsigned minimum, const std::string& hash) {
        return Worth{Worth::Rule::leading_zeros, minimum}.of(number(hash), target);
    };
    CHECK(units(0, ones(64)) == 1);
    CHECK(units(1, ones(64)) == 0);
    CHECK(units(1, "7" + ones(63)) == 1);
    CHECK(units(8, "1" + ones(60)) == 1u << 7);
    CHECK(units(194, "0") == std::uint64_t{1} << 62);
    CHECK(units(0, "0") == std::uint64_t{1} << 62);
    CHECK(units(255, "1") == 1);
    CHECK(units(255, "0") == 2);
}

TEST_CASE("a valuation's text is canonical") {
    for (const char* text :
         {"target/unit_bits=32", "target/unit_bits=0", "leading_zeros/minimum_difficulty=255"})
        CHECK(Worth::from_text(text)->text() == text);
    for (const char* text :
         {"", "target", "target/unit_bits=", "target/unit_bits=032", "target/unit_bits=32 ",
          "target/unit_bits=256", "target/unit_bits=-1", "Target/unit_bits=1", "leading_zeros/unit_bits=1",
          "target/unit_bits=99999999999999999999"})
        CHECK_MESSAGE(!Worth::from_text(text), text);
}
