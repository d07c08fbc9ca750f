#include "templates/sim_chain.hpp"

#include <doctest/doctest.h>

#include <set>

#include "bitcoin/coinbase.hpp"
#include "bitcoin/merkle.hpp"
#include "chain_blocks.hpp"

using namespace hp;
using namespace hp::templates;
using hp::test::changed;
using hp::test::kEasyBits;
using hp::test::kNow;
using hp::test::mine_next;

namespace {

std::string refusal(const SimChain& chain, ByteView block, UnixSeconds now = kNow) {
    auto checked = chain.check(block, now);
    return checked ? "accepted" : checked.error().what;
}
bool refused_as(const SimChain& chain, ByteView block, std::string_view reason, UnixSeconds now = kNow) {
    std::string text = refusal(chain, block, now);
    INFO(text);
    CHECK(text.starts_with(reason));
    return text.starts_with(reason);
}

void grow(SimChain& chain, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        auto checked = chain.check(mine_next(chain, i % 8, kNow + static_cast<UnixSeconds>(i)), kNow + 100);
        REQUIRE(checked);
        chain.extend(*checked);
    }
}

void rebuild_root(bitcoin::Block& block) {
    std::vector<Bytes32> leaves;
    for (const Bytes& raw : block.transactions) leaves.push_back(bitcoin::parse_transaction(raw)->txid());
    block.header.merkle_root = bitcoin::merkle_root(leaves);
}
/// Changes the coinbase and everything that follows from it.
template <class Change>
Bytes with_coinbase(ByteView raw, const SimChain& chain, Change change) {
    return changed(raw, chain, [&](bitcoin::Block& block) {
        auto coinbase = *bitcoin::parse_transaction(block.transactions[0]);
        change(coinbase);
        block.transactions[0] = coinbase.serialize(bitcoin::WitnessForm::full);
        rebuild_root(block);
    });
}

}  // namespace

TEST_CASE("the genesis block follows from the difficulty alone") {
    CHECK(SimChain{8}.tip_hash() == SimChain{8}.tip_hash());
    CHECK(SimChain{8}.tip_hash() != SimChain{9}.tip_hash());
    CHECK(SimChain{8}.height() == 0);
}

TEST_CASE("a block takes 2^bits hashes, at every difficulty that may be configured") {
    for (unsigned bits = 1; bits <= 60; ++bits) {
        SimChain chain{bits};
        double work = bitcoin::work_from_target(chain.make_template(kNow, 0)->target);
        double expected = static_cast<double>(std::uint64_t{1} << bits);
        CHECK(work >= expected * 0.999);
        CHECK(work <= expected * 1.01);
    }
}

TEST_CASE("templates hold real transactions, and pay their fees") {
    SimChain chain{kEasyBits};
    std::set<Bytes32> txids;
    std::set<std::size_t> counts;
    for (int height = 1; height <= 40; ++height) {
        auto block = chain.make_template(kNow, SimChain::kTransactionsPerHeight);
        bitcoin::Sats fees = 0;
        for (const auto& transaction : block->transactions) {
            auto parsed = bitcoin::parse_transaction(transaction->raw);
            REQUIRE(parsed);
            CHECK(parsed->has_witness());
            CHECK(parsed->txid() == transaction->txid);
            CHECK(transaction->txid != transaction->wtxid);
            CHECK(txids.insert(transaction->txid).second);
            fees += transaction->fee_sats;
        }
        CHECK(block->coinbase_sats == bitcoin::block_subsidy(block->height, 210'000) + fees);
        counts.insert(chain.first_transaction_count());
        grow(chain, 1);
    }
    CHECK(counts.size() == 8);  // 0 to 7 all occur
}

TEST_CASE("valid blocks extend the chain") {
    SimChain chain{kEasyBits};
    grow(chain, 20);
    CHECK(chain.height() == 20);
}

TEST_CASE("a block may leave transactions out and reorder independent ones") {
    SimChain chain{kEasyBits};
    auto full = std::make_shared<BlockTemplate>(*chain.make_template(kNow, 7));
    std::swap(full->transactions[0], full->transactions[2]);  // both are parents
    std::swap(full->transactions[1], full->transactions[3]);
    CHECK(refusal(chain, test::mine(full)) == "accepted");
}

TEST_CASE("each kind of invalid block is refused with its reason") {
    SimChain chain{kEasyBits};
    grow(chain, 12);
    const Bytes good = mine_next(chain);
    REQUIRE(refusal(chain, good) == "accepted");

    SUBCASE("not a block") {
        refused_as(chain, {}, "bad-block-encoding");
        refused_as(chain, ByteView(good).first(good.size() - 1), "bad-block-encoding");
        Bytes longer = good;
        longer.push_back(0);
        refused_as(chain, longer, "bad-block-encoding");
    }
    SUBCASE("no proof of work") {
        auto block = *bitcoin::parse_block(good);
        auto target = *bitcoin::target_from_nbits(chain.nbits());
        while (bitcoin::meets(block.header.hash(), target)) ++block.header.nonce;
        refused_as(chain, bitcoin::serialize_block(block), "high-hash");
    }
    SUBCASE("easier difficulty") {
        refused_as(chain, changed(good, chain, [](auto& block) { block.header.nbits = 0x207f'ffff; }),
                   "bad-diffbits");
    }
    SUBCASE("unknown parent") {
        refused_as(chain, changed(good, chain, [](auto& block) { block.header.prev_hash[5] ^= 1; }),
                   "bad-prevblk");
    }
    SUBCASE("stale and duplicate") {
        const Bytes other = mine_next(chain, 0);
        chain.extend(*chain.check(good, kNow));
        refused_as(chain, good, "duplicate");
        refused_as(chain, other, "stale-prevblk");
    }
    SUBCASE("time") {
        auto at = [&](std::uint32_t time) {
            return changed(good, chain, [time](auto& block) { block.header.ntime = time; });
        };
        refused_as(chain, at(chain.time_min() - 1), "time-too-old");
        CHECK(refusal(chain, at(chain.time_min())) == "accepted");
        refused_as(chain, at(static_cast<std::uint32_t>(kNow) + 7201), "time-too-new");
        CHECK(refusal(chain, at(static_cast<std::uint32_t>(kNow) + 7200)) == "accepted");
    }
    SUBCASE("merkle root") {
        refused_as(chain, changed(good, chain, [](auto& block) { block.header.merkle_root[0] ^= 1; }),
                   "bad-txnmrklroot");
    }
    SUBCASE("a repeated transaction with the same merkle root (CVE-2012-2459)") {
        // Six leaves: the last pair repeated gives eight leaves with the same root.
        auto six = changed(mine_next(chain, 5), chain, [](auto& block) {
            block.transactions.push_back(block.transactions[4]);
            block.transactions.push_back(block.transactions[5]);
        });
        CHECK(refusal(chain, six) != "accepted");
    }
    SUBCASE("a coinbase without the height, or with another one") {
        refused_as(chain,
                   with_coinbase(good, chain, [](auto& coinbase) { coinbase.inputs[0].script_sig[0] ^= 1; }),
                   "bad-cb-height");
    }
    SUBCASE("a coinbase that pays one satoshi too much, or less") {
        refused_as(chain,
                   with_coinbase(good, chain, [](auto& coinbase) { ++coinbase.outputs[0].value_sats; }),
                   "bad-cb-amount");
        CHECK(refusal(chain, with_coinbase(good, chain, [](auto& coinbase) {
                          --coinbase.outputs[0].value_sats;
                      })) == "accepted");
    }
    SUBCASE("a wrong or missing witness commitment") {
        refused_as(
            chain,
            with_coinbase(good, chain, [](auto& coinbase) { coinbase.outputs[1].script_pubkey.back() ^= 1; }),
            "bad-witness-merkle-match");
        CHECK(refusal(chain, with_coinbase(good, chain, [](auto& coinbase) {
                          coinbase.outputs.pop_back();
                          coinbase.inputs[0].witness.clear();
                      })) != "accepted");
    }
    SUBCASE("a coinbase without its witness") {
        CHECK(refusal(chain, with_coinbase(good, chain, [](auto& coinbase) {
                          coinbase.inputs[0].witness.clear();
                      })) != "accepted");
    }
    SUBCASE("transactions that nobody offered, twice, or before their parents") {
        auto block = std::make_shared<BlockTemplate>(*chain.make_template(kNow, 2));
        auto offered = block->transactions;
        block->transactions = {offered[1]};
        refused_as(chain, test::mine(block), "bad-txns-inputs-missingorspent");
        block->transactions = {offered[1], offered[0]};
        refused_as(chain, test::mine(block), "bad-txns-inputs-missingorspent");
        block->transactions = {offered[0], offered[0]};
        CHECK(refusal(chain, test::mine(block)) != "accepted");
        SimChain later{kEasyBits};
        block->transactions = later.make_template(kNow, 1)->transactions;  // of height 1
        refused_as(chain, test::mine(block), "bad-txns-inputs-missingorspent");
    }
    SUBCASE("a changed witness") {
        refused_as(chain,
                   changed(good, chain,
                           [](auto& block) {
                               auto spend = *bitcoin::parse_transaction(block.transactions[1]);
                               spend.inputs[0].witness[0][0] ^= 1;
                               block.transactions[1] = spend.serialize(bitcoin::WitnessForm::full);
                           }),
                   "bad-txns-inputs-missingorspent");
    }
}
