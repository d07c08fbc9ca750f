#include "bitcoin/target.hpp"

#include <cmath>
#include <random>

#include "vectors.hpp"

using namespace hp;
using namespace hp::bitcoin;
using hp::test::for_each_vector;
using hp::test::Json;
using hp::test::read_vectors;

namespace {

Bytes32 bytes32(const std::string& hex) { return array_from_hex<32>(hex).value(); }
Bytes32 displayed(const std::string& hex) {
    auto out = bytes32(hex);
    std::ranges::reverse(out);
    return out;
}
Target ones() {
    Target out;
    out.fill(0xff);
    return out;
}
Target power_of_two(unsigned bit) {
    Target out{};
    out[bit / 8] = static_cast<std::uint8_t>(1u << (bit % 8));
    return out;
}

}  // namespace

TEST_CASE("compact targets expand as the vectors say") {
    for_each_vector(read_vectors("targets.json").at("nbits_to_target"), [](const Json& v) {
        const auto expected = bytes32(v.at("target"));
        CHECK(displayed(v.at("target_displayed")) == expected);
        const auto target = target_from_nbits(v.at("nbits").get<std::uint32_t>());
        if (expected == Target{}) {
            CHECK_FALSE(
                target);  // no hash can be a block: refused, as Bitcoin Core's proof of work check does
        } else {
            REQUIRE(target);
            CHECK(*target == expected);
        }
    });
}

TEST_CASE("AC_106 compact targets that Bitcoin Core refuses") {
    for (std::uint32_t nbits :
         {0x0000'0000u, 0x0100'3456u, 0x0080'0000u, 0x0180'3456u, 0x0492'3456u, 0x2080'0001u, 0x2300'0001u,
          0x2200'0100u, 0x2101'0000u, 0xff12'3456u, 0xff7f'ffffu}) {
        CAPTURE(nbits);
        CHECK_FALSE(target_from_nbits(nbits));
    }
    CHECK(target_from_nbits(0x2200'0001u) == power_of_two(248));  // the largest exponents that still fit
    CHECK(target_from_nbits(0x2100'0100u) == power_of_two(248));
    CHECK(target_from_nbits(0x2001'0000u) == power_of_two(248));
    CHECK(target_from_nbits(0x0112'3456u) == [] {
        Target t{};
        t[0] = 0x12;
        return t;
    }());
}

TEST_CASE("compact form and back") {
    for (std::uint32_t nbits : {0x207f'ffffu, 0x1d00'ffffu, 0x1b00'd7c0u, 0x1703'255bu, 0x1a44'b9f2u,
                                0x0312'3456u, 0x0212'3400u, 0x0112'0000u, 0x0200'8000u}) {
        CAPTURE(nbits);
        CHECK(nbits_from_target(*target_from_nbits(nbits)) == nbits);
    }
    CHECK(nbits_from_target(Target{}) == 0);
    CHECK(nbits_from_target(ones()) == 0x2100'ffffu);
}

TEST_CASE("hash rate to target as the vectors say") {
    for_each_vector(read_vectors("targets.json").at("hashrate_to_target").at("vectors"), [](const Json& v) {
        CHECK(to_hex(target_from_hashrate(v.at("hashrate"), v.at("shares_per_minute"))) == v.at("target"));
    });
}

TEST_CASE("absurd hash rates still make targets") {
    for (double bad : {std::nan(""), -1.0, 0.0, -HUGE_VAL}) CHECK(target_from_hashrate(bad, 6) == ones());
    for (double huge : {HUGE_VAL, 1e308, 1e80}) {
        CHECK(target_from_hashrate(huge, 6) != Target{});
        CHECK(compare(target_from_hashrate(huge, 6), power_of_two(8)) < 0);
    }
}

TEST_CASE("target to difficulty as the vectors say") {
    for_each_vector(read_vectors("targets.json").at("target_to_difficulty").at("vectors"), [](const Json& v) {
        const double difficulty = v.at("difficulty"), tolerance = v.at("tolerance");
        CHECK(std::abs(difficulty_from_target(displayed(v.at("target_displayed"))) - difficulty) <=
              tolerance);
    });
}

TEST_CASE("difficulty to target") {
    CHECK(target_from_difficulty(1) == *target_from_nbits(0x1d00'ffff));
    CHECK(to_hex_reversed(target_from_difficulty(65535)) == "0000000000010000" + std::string(48, '0'));
    CHECK(to_hex_reversed(target_from_difficulty(0.5)) == "00000001fffe0000" + std::string(48, '0'));
    CHECK(to_hex_reversed(target_from_difficulty(3)) == "0000000055550000" + std::string(48, '0'));
    for (double easy : {0.0, -5.0, std::nan(""), 1e-300, 0x1p-33})
        CHECK(target_from_difficulty(easy) == ones());
    for (double hard : {HUGE_VAL, 1e300, 0x1p230}) CHECK(target_from_difficulty(hard) == power_of_two(0));
    for (double d : {0.001, 1.5, 16384.0, 123456.789, 1e12, 9.9e13})
        CHECK(difficulty_from_target(target_from_difficulty(d)) == doctest::Approx(d).epsilon(1e-9));
    CHECK(std::isfinite(difficulty_from_target(Target{})));
}

TEST_CASE("leading zero bits as the vectors say") {
    for_each_vector(read_vectors("targets.json").at("leading_zero_bits"), [](const Json& v) {
        CHECK(leading_zero_bits(displayed(v.at("hash_displayed"))) == v.at("leading_zero_bits"));
    });
}

TEST_CASE("AC_092 zeros at the wrong end are worth nothing") {
    auto hash = ones();
    std::fill_n(hash.begin(), 8, std::uint8_t{0});
    CHECK(leading_zero_bits(hash) == 0);
    CHECK_FALSE(meets(hash, *target_from_nbits(0x207f'ffff)));
}

TEST_CASE("work is exact") {
    CHECK(work_units(ones(), 0) == 1);
    for (unsigned bits = 0; bits <= 61; ++bits) {
        CHECK(work_units(target_from_work_bits(bits), 0) == std::uint64_t{1} << bits);
        CHECK(work_from_target(target_from_work_bits(bits)) == std::ldexp(1.0, static_cast<int>(bits)));
    }
    for (unsigned bits : {62u, 63u, 64u, 200u, 255u, 256u, 999u})
        CHECK(work_units(target_from_work_bits(bits), 0) == std::uint64_t{1} << 62);
    CHECK(work_units(target_from_work_bits(80), 32) == std::uint64_t{1} << 48);
    CHECK(work_units(target_from_work_bits(31), 32) == 0);
    CHECK(work_units(Target{}, 256) == 1);
    CHECK(work_units(Target{}, 257) == 0);
    // One unit needs 2^32 hashes: the easiest target that is worth it, and the next that is not.
    auto easiest = target_from_work_bits(32);
    CHECK(work_units(easiest, 32) == 1);
    easiest[28] = 1, std::fill_n(easiest.begin(), 28, std::uint8_t{0});
    CHECK(work_units(easiest, 32) == 0);
    // 2^256 / (0xffff * 2^208 + 1) = 4295032833.000...: difficulty 1.
    CHECK(work_units(*target_from_nbits(0x1d00'ffff), 0) == 4295032833);
}

TEST_CASE("AC_079 equal to the target, one below, one above") {
    Target target = target_from_work_bits(20);
    target[3] = 0;  // so that adding and subtracting one carries over a word
    std::fill_n(target.begin(), 8, std::uint8_t{0});
    Bytes32 above = target, below = target;
    above[0] = 1;
    for (auto& byte : below) {
        if (byte-- != 0) break;
    }
    CHECK(meets(target, target));
    CHECK(meets(below, target));
    CHECK_FALSE(meets(above, target));
    CHECK(compare(below, above) == -1);
    CHECK(compare(above, below) == 1);
    CHECK(compare(above, above) == 0);
}

TEST_CASE("compare agrees with comparing the displayed forms") {
    std::mt19937_64 random{1};
    for (int round = 0; round < 2000; ++round) {
        Bytes32 a{}, b{};
        for (auto& byte : a) byte = static_cast<std::uint8_t>(random() % 3);
        b = a;
        b[random() % 32] = static_cast<std::uint8_t>(random() % 3);
        const int text = to_hex_reversed(a).compare(to_hex_reversed(b));
        CHECK(compare(a, b) == (text > 0) - (text < 0));
    }
}
