#include "bitcoin/transaction.hpp"

#include <random>

#include "bitcoin/coinbase.hpp"
#include "crypto/sha256.hpp"
#include "vectors.hpp"

using namespace hp;
using namespace hp::bitcoin;

namespace {

Transaction random_transaction(std::mt19937_64& random, bool with_witness) {
    const auto bytes = [&](std::size_t size_max) {
        Bytes out(random() % (size_max + 1));
        for (auto& byte : out) byte = static_cast<std::uint8_t>(random());
        return out;
    };
    Transaction tx;
    tx.version = static_cast<std::uint32_t>(random());
    tx.locktime = static_cast<std::uint32_t>(random());
    for (auto i = 1 + random() % 3; i > 0; --i) {
        TxIn& input = tx.inputs.emplace_back();
        for (auto& byte : input.prev_txid) byte = static_cast<std::uint8_t>(random());
        input.prev_index = static_cast<std::uint32_t>(random());
        input.script_sig = bytes(300);
        input.sequence = static_cast<std::uint32_t>(random());
        if (with_witness)
            for (auto j = 1 + random() % 3; j > 0; --j) input.witness.push_back(bytes(80));
    }
    for (auto i = 1 + random() % 4; i > 0; --i) tx.outputs.push_back({random(), bytes(60)});
    return tx;
}

}  // namespace

TEST_CASE("what is serialised parses back, in both forms") {
    std::mt19937_64 random{2};
    for (int round = 0; round < 300; ++round) {
        const auto tx = random_transaction(random, round % 2 == 0);
        CHECK(parse_transaction(tx.serialize(WitnessForm::full)).value() == tx);
        auto stripped = tx;
        for (auto& input : stripped.inputs) input.witness.clear();
        CHECK(parse_transaction(tx.serialize(WitnessForm::stripped)).value() == stripped);
        CHECK(tx.txid() == crypto::sha256d(tx.serialize(WitnessForm::stripped)));
        CHECK(tx.wtxid() == crypto::sha256d(tx.serialize(WitnessForm::full)));
        CHECK((tx.txid() == tx.wtxid()) == !tx.has_witness());
    }
}

TEST_CASE("every cut of a transaction is refused, and so is a byte more") {
    std::mt19937_64 random{3};
    auto bytes = random_transaction(random, true).serialize(WitnessForm::full);
    for (std::size_t size = 0; size < bytes.size(); ++size)
        CHECK_FALSE(parse_transaction(ByteView{bytes}.first(size)));
    bytes.push_back(0);
    CHECK(parse_transaction(bytes).error().what == "transaction: 1 bytes after its end");
}

TEST_CASE("hostile counts are refused before memory is taken for them") {
    const auto refused = [](const std::string& hex_text) {
        const auto tx = parse_transaction(from_hex(hex_text).value());
        return tx ? std::string("accepted") : tx.error().what;
    };
    CHECK(refused("02000000ffffffffffffffffff") == "transaction: count larger than the remaining data");
    CHECK(refused("02000000feffffffff") == "transaction: count larger than the remaining data");
    CHECK(refused("02000000fd0100" + std::string(200, '0')) == "transaction: count truncated or not minimal");
    CHECK(refused("020000000001" + std::string("00") + std::string(60, '0')) == "transaction: no inputs");
    CHECK(refused("020000000002" + std::string(100, '0')) ==
          "transaction: no inputs, or an unknown witness flag");
    // A flag, and an input whose witness is empty.
    CHECK(refused("02000000000101" + std::string(72, '0') + "00ffffffff01" + std::string(16, '0') + "00" +
                  "00" + "00000000") == "transaction: a witness flag without a witness");
}

TEST_CASE("compact sizes are minimal") {
    for (std::uint64_t value :
         {0ull, 0xfcull, 0xfdull, 0xffffull, 0x1'0000ull, 0xffff'ffffull, 0x1'0000'0000ull, ~0ull}) {
        Bytes bytes;
        append_compact_size(bytes, value);
        CHECK(bytes.size() == compact_size_length(value));
        ByteView in{bytes};
        CHECK(read_compact_size(in) == value);
        CHECK(in.empty());
        ByteView cut = ByteView{bytes}.first(bytes.size() - 1);
        CHECK_FALSE(read_compact_size(cut));
    }
    for (const char* longer : {"fdfc00", "feffff0000", "ffffffffff00000000"}) {
        const auto bytes = from_hex(longer).value();
        ByteView in{bytes};
        CHECK_FALSE(read_compact_size(in));
    }
}

TEST_CASE("outputs parse to exactly the announced count") {
    Bytes bytes;
    append_output(bytes, {5'000, {0x51}});
    append_output(bytes, {0, Bytes(300, 7)});
    CHECK(parse_outputs(bytes, 2).value().at(1).script_pubkey.size() == 300);
    CHECK_FALSE(parse_outputs(bytes, 1));
    CHECK_FALSE(parse_outputs(bytes, 3));
    CHECK_FALSE(parse_outputs(bytes, ~0ull));
    CHECK_FALSE(parse_outputs(ByteView{bytes}.first(bytes.size() - 1), 2));
    CHECK(parse_outputs({}, 0).value().empty());
    CHECK_FALSE(parse_outputs(bytes, 0));
}

TEST_CASE("heights are pushed as Bitcoin Core pushes them") {
    for (std::uint32_t height : {0u, 1u, 16u, 17u, 127u, 128u, 255u, 256u, 32768u, 900'000u, 0xffff'ffffu}) {
        Bytes script = height_push(height);
        append(script, Bytes{0xaa, 0xbb, 0xcc, 0xdd, 0xee});
        CHECK(coinbase_height(script).value() == height);
    }
    // Not the shortest push, cut, negative, of another kind.
    for (const Bytes& script : {Bytes{}, Bytes{2, 5, 0}, Bytes{3, 1, 2}, Bytes{1, 0x81}, Bytes{0x6a, 1},
                                Bytes{6, 1, 1, 1, 1, 1, 1}, Bytes{5, 0, 0, 0, 0, 1}})
        CHECK_FALSE(coinbase_height(script));
    const auto push = [](std::uint32_t height) { return to_hex(height_push(height)); };
    CHECK(push(0) == "00");
    CHECK(push(1) == "51");
    CHECK(push(2) == "52");
    CHECK(push(16) == "60");
    CHECK(push(17) == "0111");
    CHECK(push(114) == "0172");
    CHECK(push(127) == "017f");
    CHECK(push(128) == "028000");
    CHECK(push(255) == "02ff00");
    CHECK(push(256) == "020001");
    CHECK(push(32768) == "03008000");
    CHECK(push(755'083) == "038b850b");
    CHECK(push(0xffff'ffff) == "05ffffffff00");
}

TEST_CASE("subsidy halves, and ends") {
    CHECK(block_subsidy(0, 210'000) == 5'000'000'000);
    CHECK(block_subsidy(209'999, 210'000) == 5'000'000'000);
    CHECK(block_subsidy(210'000, 210'000) == 2'500'000'000);
    CHECK(block_subsidy(840'000, 210'000) == 312'500'000);
    CHECK(block_subsidy(150 * 33, 150) == 0);
    CHECK(block_subsidy(0xffff'ffff, 1) == 0);
    Sats total = 0;
    for (std::uint32_t era = 0; era < 64; ++era) total += 210'000 * block_subsidy(era * 210'000, 210'000);
    CHECK(total == 2'099'999'997'690'000);
}

TEST_CASE("the last witness commitment counts") {
    Bytes32 first{}, last{};
    first[0] = 1, last[0] = 2;
    const std::vector<TxOut> outputs{
        witness_commitment_output(first), witness_commitment_output(last), {1, {0x51}}};
    CHECK(find_witness_commitment(outputs) == last);
    CHECK_FALSE(find_witness_commitment(std::span{outputs}.subspan(2)));
}

TEST_CASE("a stripped coinbase gets its witness, anything else is refused") {
    Transaction coinbase;
    coinbase.inputs.emplace_back();
    coinbase.inputs[0].prev_index = 0xffff'ffff;
    coinbase.inputs[0].script_sig = {0x51, 0x00};
    coinbase.outputs.push_back({1, {0x51}});
    const auto full = add_coinbase_witness(coinbase.serialize(WitnessForm::stripped)).value();
    const auto parsed = parse_transaction(full).value();
    CHECK(parsed.inputs[0].witness == std::vector<Bytes>{Bytes(32, 0)});
    CHECK(parsed.txid() == coinbase.txid());
    coinbase.inputs[0].prev_index = 0;
    CHECK_FALSE(add_coinbase_witness(coinbase.serialize(WitnessForm::stripped)));
    CHECK_FALSE(add_coinbase_witness({}));
}
