// The engines against crypto::sha256d, known blocks, and each other.
#include "miner/scan.hpp"

#include <random>

#include "crypto/sha256.hpp"
#include "miner/crew.hpp"
#include "miner/sha_ni.hpp"
#include "vectors.hpp"

using namespace hp;
using namespace hp::miner;

namespace {

std::vector<Engine> engines() {
    std::vector<Engine> out{Engine::openssl};
    if (is_available(Engine::sha_ni)) out.push_back(Engine::sha_ni);
    return out;
}

/// What a scan must find, the slow way.
std::optional<Found> by_hand(bitcoin::HeaderBytes header, const bitcoin::Target& target, std::uint32_t first,
                             std::uint64_t count, std::uint64_t& hashes) {
    for (std::uint64_t i = 0; i < count; ++i) {
        ++hashes;
        put_le(header.data() + 76, static_cast<std::uint32_t>(first + i));
        const Bytes32 hash = crypto::sha256d(header);
        if (bitcoin::meets(hash, target)) return Found{static_cast<std::uint32_t>(first + i), hash};
    }
    return {};
}

}  // namespace

TEST_CASE("known blocks are found at their nonce") {
    std::size_t blocks = 0;
    test::for_each_vector(
        test::read_vectors("blocks-and-merkle.json")["vectors"], [&](const test::Json& entry) {
            if (entry["kind"] != "block") return;
            ++blocks;
            const auto header = array_from_hex<80>(entry["header"].get<std::string>()).value();
            const auto target = array_from_hex<32>(entry["target"].get<std::string>()).value();
            const auto nonce = entry["nonce"].get<std::uint32_t>();
            for (Engine engine : engines()) {
                CAPTURE(engine_name(engine));
                const Scanner scanner{engine, header, target};
                // Odd and even distances, so that the nonce is once in each lane.
                for (std::uint32_t before : {0u, 1u, 2u, 1001u}) {
                    // An easy target is met before this nonce, too.
                    if (before > nonce || bitcoin::leading_zero_bits(target) < 32) continue;
                    std::uint64_t hashes = 0;
                    const auto found = scanner.scan(nonce - before, 5000, hashes);
                    REQUIRE(found.has_value());
                    CHECK(found->nonce == nonce);
                    CHECK(to_hex(found->hash) == entry["hash_bytes"]);
                    CHECK(hashes >= before + 1);
                    CHECK(hashes <= before + 2);
                }
                std::uint64_t hashes = 0;
                const auto found = scanner.scan(nonce, 1, hashes);
                REQUIRE(found.has_value());
                CHECK(found->nonce == nonce);
                CHECK(hashes == 1);
            }
        });
    CHECK(blocks > 0);
}

TEST_CASE("random headers and targets: every engine finds what the slow way finds") {
    std::mt19937_64 random{20260101};
    for (int round = 0; round < 400; ++round) {
        bitcoin::HeaderBytes header;
        for (auto& byte : header) byte = static_cast<std::uint8_t>(random());
        // From "every hash" to "one in 2^12", so that all paths are taken.
        const auto target = bitcoin::target_from_work_bits(static_cast<unsigned>(random() % 13));
        const std::uint64_t count = random() % 2000;
        const auto first = round % 10 == 0 ? static_cast<std::uint32_t>((std::uint64_t{1} << 32) - count)
                                           : static_cast<std::uint32_t>(random() >> 33);
        std::uint64_t expected_hashes = 0;
        const auto expected =
            count == 0 ? std::nullopt : by_hand(header, target, first, count, expected_hashes);
        for (Engine engine : engines()) {
            CAPTURE(engine_name(engine));
            std::uint64_t hashes = 0;
            const auto found = count == 0 ? Scanner(engine, header, target).scan(first % 1000, 0, hashes)
                                          : Scanner(engine, header, target).scan(first, count, hashes);
            REQUIRE(found.has_value() == expected.has_value());
            if (found) {
                CHECK(found->nonce == expected->nonce);
                CHECK(found->hash == expected->hash);
            }
            CHECK(hashes == expected_hashes);
        }
    }
}

TEST_CASE("a target inside the top 32 bits is compared in full") {
    bitcoin::HeaderBytes header{};
    header[0] = 1;
    // The hash of one nonce as the target: it meets itself; one less does not.
    std::uint64_t ignored = 0;
    const auto at = by_hand(header, bitcoin::target_from_work_bits(8), 0, 100'000, ignored);
    REQUIRE(at.has_value());
    bitcoin::Target less = at->hash;
    REQUIRE(less[0] != 0);
    --less[0];
    for (Engine engine : engines()) {
        std::uint64_t hashes = 0;
        const auto exact = Scanner(engine, header, at->hash).scan(at->nonce, 1, hashes);
        CHECK(exact.has_value());
        CHECK_FALSE(Scanner(engine, header, less).scan(at->nonce, 1, hashes).has_value());
    }
}

TEST_CASE("the first block's state continues to the same digest") {
    if (!sha_ni::is_available()) return;
    // One block of message and one of padding, both through first_block, would not be SHA-256; so the state
    // after the padding-only message "" is compared: its digest is the state.
    ByteArray<64> block{};
    block[0] = 0x80;
    std::uint32_t state[8];
    sha_ni::first_block(block.data(), state);
    ByteArray<32> digest;
    for (std::size_t i = 0; i < 8; ++i) put_be(digest.data() + 4 * i, state[i]);
    CHECK(digest == crypto::sha256(ByteView{}));
}

TEST_CASE("a measured hash rate is positive") {
    for (Engine engine : engines()) CHECK(measure_hash_rate(engine, 5) > 1000);
}
