#include "bitcoin/block.hpp"

#include <functional>

#include "bitcoin/coinbase.hpp"
#include "bitcoin/merkle.hpp"
#include "bitcoin/target.hpp"
#include "vectors.hpp"

using namespace hp;
using namespace hp::bitcoin;

namespace {

constexpr std::uint32_t kNbits = 0x207f'ffff;

const BlockRules kRules{.height = 300,
                        .prev_hash = {7},
                        .nbits = kNbits,
                        .ntime_min = 1'700'000'000,
                        .ntime_max = 1'700'007'200,
                        .fees_sats = 1'000};

/// A block in parts, so that a test can spoil one of them and have the rest made to fit.
struct Parts {
    std::vector<Transaction> transactions{};
    BlockHeader header{0x2000'0000, {7}, {}, 1'700'000'000, kNbits, 0};
    bool commit{true};
    bool mine{true};

    Parts() {
        Transaction coinbase;
        TxIn& input = coinbase.inputs.emplace_back();
        input.prev_index = 0xffff'ffff;
        input.script_sig = height_push(300);
        input.script_sig.push_back(0);
        coinbase.outputs.push_back({5'000'001'000, {0x51}});
        transactions.push_back(coinbase);
        for (std::uint8_t i = 1; i <= 3; ++i) {
            Transaction tx;
            tx.inputs.emplace_back();
            tx.inputs[0].prev_txid[0] = i;
            tx.inputs[0].witness = {{i}};
            tx.outputs.push_back({i, {0x51}});
            transactions.push_back(tx);
        }
    }
    Block make() {
        if (commit) {
            std::vector<Bytes32> wtxids{Bytes32{}};
            for (std::size_t i = 1; i < transactions.size(); ++i) wtxids.push_back(transactions[i].wtxid());
            transactions[0].outputs.push_back(
                witness_commitment_output(witness_commitment(merkle_root(wtxids))));
            transactions[0].inputs[0].witness = {Bytes(32, 0)};
        }
        std::vector<Bytes32> txids;
        for (const auto& tx : transactions) txids.push_back(tx.txid());
        header.merkle_root = merkle_root(txids);
        return finish();
    }
    Block finish() const {
        Block block{header, {}};
        for (const auto& tx : transactions) block.transactions.push_back(tx.serialize(WitnessForm::full));
        const auto target = *target_from_nbits(kNbits);
        while (mine && !meets(block.header.hash(), target)) ++block.header.nonce;
        return block;
    }
};

/// Bitcoin Core's reject reason, or "accepted".
std::string verdict(const Block& block, const BlockRules& rules = kRules) {
    auto result = check_block(block, rules);
    return result ? "accepted" : result.error().what.substr(0, result.error().what.find(':'));
}
std::string spoiled(const std::function<void(Parts&)>& spoil) {
    Parts parts;
    spoil(parts);
    return verdict(parts.make());
}

}  // namespace

TEST_CASE("a good block is accepted, and survives serialisation") {
    const Block block = Parts{}.make();
    CHECK(verdict(block) == "accepted");
    const auto bytes = serialize_block(block);
    CHECK(parse_block(bytes).value() == block);
    for (std::size_t size = 0; size < bytes.size(); ++size)
        CHECK_FALSE(parse_block(ByteView{bytes}.first(size)));
    auto longer = bytes;
    longer.push_back(0);
    CHECK_FALSE(parse_block(longer));
}

TEST_CASE("each broken rule is named as Bitcoin Core names it") {
    CHECK(spoiled([](Parts& p) { p.header.prev_hash = {8}; }) == "bad-prevblk");
    CHECK(spoiled([](Parts& p) { p.header.nbits = 0x2070'0000; }) == "bad-diffbits");
    CHECK(spoiled([](Parts& p) { p.header.ntime = 1'699'999'999; }) == "time-too-old");
    CHECK(spoiled([](Parts& p) { p.header.ntime = 1'700'007'201; }) == "time-too-new");
    CHECK(spoiled([](Parts& p) { p.header.version = 0x1000'0000; }) == "bad-version");
    CHECK(spoiled([](Parts& p) { p.header.version = 0xa000'0000; }) == "bad-version");  // negative
    CHECK(spoiled([](Parts& p) {
              p.transactions.erase(p.transactions.begin());
              p.commit = false;
          }) == "bad-cb-missing");
    CHECK(spoiled([](Parts& p) {
              auto second = p.transactions[0];
              second.locktime = 1;
              p.transactions.push_back(second);
          }) == "bad-cb-multiple");
    CHECK(spoiled([](Parts& p) { p.transactions[0].inputs[0].script_sig = height_push(301); }) ==
          "bad-cb-height");
    CHECK(spoiled([](Parts& p) { p.transactions[0].inputs[0].script_sig.resize(101); }) == "bad-cb-length");
    CHECK(spoiled([](Parts& p) { p.transactions[0].inputs[0].script_sig.resize(1); }) == "bad-cb-length");
    CHECK(spoiled([](Parts& p) { p.transactions[0].outputs[0].value_sats += 1; }) == "bad-cb-amount");
    CHECK(spoiled([](Parts& p) { p.transactions[0].outputs[0].value_sats = ~0ull; }) ==
          "bad-txns-txouttotal-toolarge");
    CHECK(spoiled([](Parts& p) {
              p.transactions[0].outputs.assign(2, {~0ull / 2 + 1, {}});
          }) == "bad-txns-txouttotal-toolarge");
    CHECK(spoiled([](Parts& p) { p.transactions[2].outputs.clear(); }) == "bad-txns-vout-empty");
    CHECK(spoiled([](Parts& p) { p.commit = false; }) == "unexpected-witness");
    CHECK(spoiled([](Parts& p) {
              p.transactions[1].locktime = 300;
              p.transactions[1].inputs[0].sequence = 0;
          }) == "bad-txns-nonfinal");
    CHECK(spoiled([](Parts& p) {
              p.transactions[1].locktime = 1'699'999'999;
              p.transactions[1].inputs[0].sequence = 0;
          }) == "bad-txns-nonfinal");
    CHECK(spoiled([](Parts& p) {
              p.transactions[1].locktime = 299;
              p.transactions[1].inputs[0].sequence = 0;
          }) == "accepted");
    CHECK(spoiled([](Parts& p) { p.transactions[1].locktime = 300; }) == "accepted");  // sequence is final
    CHECK(spoiled([](Parts& p) { p.transactions[1].inputs[0].witness = {Bytes(3'997'000)}; }) == "accepted");
    CHECK(spoiled([](Parts& p) { p.transactions[1].inputs[0].witness = {Bytes(4'000'000)}; }) ==
          "bad-blk-weight");
    CHECK(spoiled([](Parts& p) { p.transactions[1].inputs[0].script_sig = Bytes(1'000'000); }) ==
          "bad-blk-weight");
}

TEST_CASE("what must fit together is checked") {
    Parts parts;
    Block block = parts.make();
    SUBCASE("too little work") {
        const auto target = *target_from_nbits(kNbits);
        while (meets(block.header.hash(), target)) ++block.header.nonce;
        CHECK(verdict(block) == "high-hash");
    }
    SUBCASE("merkle root") {
        parts.header.merkle_root[0] ^= 1;
        CHECK(verdict(parts.finish()) == "bad-txnmrklroot");
    }
    SUBCASE("a repeated tail has the same root (CVE-2012-2459)") {
        Parts odd;
        odd.transactions.pop_back();
        odd.make();
        odd.transactions.push_back(odd.transactions.back());
        CHECK(verdict(odd.finish()) == "bad-txns-duplicate");
    }
    SUBCASE("a witness that was changed") {
        parts.transactions[2].inputs[0].witness[0].push_back(1);
        CHECK(verdict(parts.finish()) == "bad-witness-merkle-match");
    }
    SUBCASE("a coinbase without its witness") {
        parts.transactions[0].inputs[0].witness.clear();
        CHECK(verdict(parts.finish()) == "bad-witness-nonce-size");
    }
    SUBCASE("a transaction that does not parse") {
        block.transactions[1].pop_back();
        CHECK(verdict(block) == "bad-txns-malformed");
    }
    SUBCASE("no transactions") {
        block.transactions.clear();
        CHECK(verdict(block) == "bad-blk-length");
    }
}

TEST_CASE("the subsidy follows the chain's halving interval") {
    BlockRules rules = kRules;
    rules.halving_interval = 150;  // height 300: two halvings, 12.5 coins
    Parts parts;
    CHECK(verdict(parts.make(), rules) == "bad-cb-amount");
    Parts modest;
    modest.transactions[0].outputs[0].value_sats = 1'250'000'000 + 1'000;
    CHECK(verdict(modest.make(), rules) == "accepted");
}
