#include "bitcoin/merkle.hpp"

#include <random>

#include "bitcoin/header.hpp"
#include "bitcoin/target.hpp"
#include "bitcoin/transaction.hpp"
#include "crypto/sha256.hpp"
#include "vectors.hpp"

using namespace hp;
using namespace hp::bitcoin;
using hp::test::for_each_vector;
using hp::test::Json;
using hp::test::read_vectors;

namespace {

Bytes hex(const Json& v, const char* member) {
    return v.contains(member) ? from_hex(v.at(member).get<std::string>()).value() : Bytes{};
}
Bytes32 hash32(const Json& v, const char* member) { return to_array<32>(hex(v, member)); }

Bytes32 numbered(std::uint32_t number) {
    ByteArray<4> bytes;
    put_le(bytes.data(), number);
    return crypto::sha256d(bytes);
}

/// Straight from the definition, apart from the code under test.
Bytes32 oracle_root(std::vector<Bytes32> level) {
    if (level.size() == 1) return level[0];
    std::vector<Bytes32> up;
    for (std::size_t i = 0; i < level.size(); i += 2) {
        Bytes both(level[i].begin(), level[i].end());
        append(both, i + 1 < level.size() ? level[i + 1] : level[i]);
        up.push_back(crypto::sha256(crypto::sha256(both)));
    }
    return oracle_root(std::move(up));
}

}  // namespace

TEST_CASE("jobs and blocks of blocks-and-merkle.json") {
    for_each_vector(read_vectors("blocks-and-merkle.json").at("vectors"), [](const Json& v) {
        Bytes coinbase = hex(v, "coinbase_tx");
        if (coinbase.empty())
            for (const char* part :
                 {"coinbase_tx_prefix", "extranonce_prefix", "extranonce", "coinbase_tx_suffix"})
                append(coinbase, hex(v, part));
        if (!coinbase.empty()) {
            const auto tx = parse_transaction(coinbase);
            REQUIRE_MESSAGE(tx, tx.error().what);
            CHECK(tx->is_coinbase());
            CHECK(tx->serialize(WitnessForm::full) == coinbase);
            if (v.contains("coinbase_txid_bytes")) CHECK(tx->txid() == hash32(v, "coinbase_txid_bytes"));
            std::vector<Bytes32> path;
            for (const Json& node : v.at("merkle_path"))
                path.push_back(array_from_hex<32>(node.get<std::string>()).value());
            if (v.contains("merkle_root"))
                CHECK(merkle_root_from_path(tx->txid(), path) == hash32(v, "merkle_root"));
            if (v.contains("merkle_root_with_empty_path"))
                CHECK(merkle_root_from_path(tx->txid(), {}) == hash32(v, "merkle_root_with_empty_path"));
        }
        if (v.at("kind") == "job") return;
        const BlockHeader header{v.at("version"), hash32(v, "prev_hash"), hash32(v, "merkle_root"),
                                 v.at("ntime"),   v.at("nbits"),          v.at("nonce")};
        CHECK(to_hex(header.encode()) == v.at("header"));
        CHECK(BlockHeader::decode(to_array<80>(hex(v, "header"))) == header);
        CHECK(to_hex(header.hash()) == v.at("hash_bytes"));
        CHECK(to_hex_reversed(header.hash()) == v.at("hash_displayed"));
        const auto target = target_from_nbits(header.nbits);
        REQUIRE(target);
        CHECK(to_hex(*target) == v.at("target"));
        CHECK(meets(header.hash(), *target));
    });
}

TEST_CASE("AC_105 path and whole list give the same root") {
    for (std::uint32_t count = 1; count <= 70; ++count) {
        CAPTURE(count);
        std::vector<Bytes32> leaves;
        for (std::uint32_t i = 0; i < count; ++i) leaves.push_back(numbered(i));
        const auto path = merkle_path_of_first(std::span{leaves}.subspan(1));
        const auto expected = oracle_root(leaves);
        CHECK(merkle_root(leaves) == expected);
        CHECK(merkle_root_from_path(leaves[0], path) == expected);
    }
}

TEST_CASE("a repeated tail has the root of the shorter list, so roots alone prove nothing") {
    const std::vector<Bytes32> three{numbered(1), numbered(2), numbered(3)};
    const std::vector<Bytes32> four{numbered(1), numbered(2), numbered(3), numbered(3)};
    CHECK(merkle_root(three) == merkle_root(four));
}
