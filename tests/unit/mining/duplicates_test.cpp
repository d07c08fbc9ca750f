#include "mining/duplicates.hpp"

#include <random>
#include <unordered_set>

#include "vectors.hpp"

using namespace hp;
using namespace hp::mining;

namespace {

Bytes32 random_hash(std::mt19937_64& random) {
    Bytes32 out{};
    for (std::size_t i = 0; i < 24; ++i) out[i] = static_cast<std::uint8_t>(random());
    return out;
}

}  // namespace

TEST_CASE("a hash is fresh once for each tip") {
    std::mt19937_64 random{1};
    DuplicateSet seen;
    std::vector<Bytes32> hashes;
    for (int i = 0; i < 5'000; ++i) hashes.push_back(random_hash(random));
    for (const auto& hash : hashes) CHECK(seen.insert({1}, hash) == Seen::fresh);
    for (const auto& hash : hashes) CHECK(seen.insert({1}, hash) == Seen::duplicate);
    CHECK(seen.size() == hashes.size());
    CHECK(seen.contains({1}, hashes[7]));
    CHECK_FALSE(seen.contains({2}, hashes[7]));
    CHECK(seen.insert({2}, hashes[7]) == Seen::fresh);
}

TEST_CASE("hashes that fall into one slot are kept apart") {
    DuplicateSet seen;
    for (int high = 0; high < 200; ++high) {
        Bytes32 hash{};
        hash[0] = 63;  // the last slot of a small table, so that looking on wraps around
        hash[8] = static_cast<std::uint8_t>(high);
        CHECK(seen.insert({1}, hash) == Seen::fresh);
        CHECK(seen.insert({1}, hash) == Seen::duplicate);
    }
}

TEST_CASE("AC_098 a hash of zeros is a hash") {
    DuplicateSet seen;
    CHECK_FALSE(seen.contains({1}, {}));
    CHECK(seen.insert({1}, {}) == Seen::fresh);
    CHECK(seen.insert({1}, {}) == Seen::duplicate);
    CHECK(seen.contains({1}, {}));
    CHECK(seen.size() == 1);
}

TEST_CASE("the oldest tip goes first, and old tips stay known while they are kept") {
    DuplicateSet seen{100, 3};
    for (std::uint8_t tip = 1; tip <= 3; ++tip) CHECK(seen.insert({tip}, {9}) == Seen::fresh);
    CHECK(seen.insert({1}, {9}) == Seen::duplicate);
    CHECK(seen.insert({4}, {9}) == Seen::fresh);
    CHECK(seen.insert({2}, {9}) == Seen::duplicate);
    CHECK_FALSE(seen.contains({1}, {9}));
}

TEST_CASE("a full set still knows what it holds, and says that it does not know the rest") {
    std::mt19937_64 random{2};
    DuplicateSet seen{1'000, 2};
    std::vector<Bytes32> hashes;
    for (int i = 0; i < 1'000; ++i)
        CHECK(seen.insert({1}, hashes.emplace_back(random_hash(random))) == Seen::fresh);
    CHECK(seen.insert({1}, random_hash(random)) == Seen::unknown);
    for (const auto& hash : hashes) CHECK(seen.insert({1}, hash) == Seen::duplicate);
    CHECK(seen.insert({2}, random_hash(random)) == Seen::fresh);
    CHECK(seen.overflow_count() == 1);
    CHECK(seen.size() == 1'001);
}

TEST_CASE("a forgotten hash is fresh again, and those that it had pushed on are still found") {
    std::mt19937_64 random{7};
    DuplicateSet seen;
    std::vector<Bytes32> hashes;
    for (int i = 0; i < 2'000; ++i) {
        hashes.push_back(random_hash(random));
        hashes.back()[0] = static_cast<std::uint8_t>(random() % 2 ? 0xff : 0);  // few home slots, with a wrap
        hashes.back()[1] = static_cast<std::uint8_t>(random() % 2 ? 0xff : 0);
        CHECK(seen.insert({1}, hashes.back()) == Seen::fresh);
    }
    CHECK(seen.insert({1}, {}) == Seen::fresh);
    for (std::size_t i = 0; i < hashes.size(); i += 3) seen.forget({1}, hashes[i]);
    seen.forget({1}, {});
    seen.forget({1}, {});
    seen.forget({1}, hashes[0]);
    seen.forget({2}, hashes[1]);
    CHECK(seen.size() == hashes.size() - (hashes.size() + 2) / 3);
    for (std::size_t i = 0; i < hashes.size(); ++i) CHECK(seen.contains({1}, hashes[i]) == (i % 3 != 0));
    CHECK(seen.insert({1}, hashes[0]) == Seen::fresh);
    CHECK(seen.insert({1}, {}) == Seen::fresh);
    CHECK(seen.insert({1}, hashes[1]) == Seen::duplicate);
}
