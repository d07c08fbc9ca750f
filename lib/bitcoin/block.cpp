#include "bitcoin/block.hpp"

#include "bitcoin/coinbase.hpp"
#include "bitcoin/cursor.hpp"
#include "bitcoin/merkle.hpp"
#include "bitcoin/target.hpp"

namespace hp::bitcoin {
namespace {

// Locktimes below this are heights, others times. Consensus.
constexpr std::uint32_t kLocktimeThreshold = 500'000'000;
// The smallest transaction: version, one input, one output, locktime.
constexpr std::size_t kTransactionSizeMin = 60;

tl::unexpected<Error> reject(const char* reason, const std::string& why) {
    return fail(Errc::refused, std::string(reason) + ": " + why);
}

std::string expected_found(std::uint64_t expected, std::uint64_t found) {
    return "expected " + std::to_string(expected) + ", found " + std::to_string(found);
}

Result<> check_header(const BlockHeader& header, const BlockRules& rules) {
    if (header.prev_hash != rules.prev_hash)
        return reject("bad-prevblk", "expected " + to_hex_reversed(rules.prev_hash) + ", found " +
                                         to_hex_reversed(header.prev_hash));
    if (header.nbits != rules.nbits) return reject("bad-diffbits", expected_found(rules.nbits, header.nbits));
    auto target = target_from_nbits(header.nbits);
    const Bytes32 hash = header.hash();
    if (!target || !meets(hash, *target))
        return reject("high-hash", "hash " + to_hex_reversed(hash) + " is above its target");
    if (header.ntime < rules.ntime_min)
        return reject("time-too-old", "ntime " + std::to_string(header.ntime) + ", at least " +
                                          std::to_string(rules.ntime_min));
    if (header.ntime > rules.ntime_max)
        return reject("time-too-new", "ntime " + std::to_string(header.ntime) + ", at most " +
                                          std::to_string(rules.ntime_max));
    // Consensus treats versions as signed.
    if (static_cast<std::int32_t>(header.version) < static_cast<std::int32_t>(rules.version_min))
        return reject("bad-version", "version " + std::to_string(header.version) + ", at least " +
                                         std::to_string(rules.version_min));
    return {};
}

bool is_final(const Transaction& tx, const BlockRules& rules) {
    if (tx.locktime == 0) return true;
    // BIP 113: times are compared with the median time past, which is ntime_min - 1.
    const std::uint32_t passed = tx.locktime < kLocktimeThreshold ? rules.height
                                 : rules.ntime_min > 0            ? rules.ntime_min - 1
                                                                  : 0;
    if (tx.locktime < passed) return true;
    return std::ranges::all_of(tx.inputs, [](const TxIn& input) { return input.sequence == 0xffff'ffff; });
}

/// Their sum, if each value and the sum are within the money supply.
std::optional<Sats> output_sum(const Transaction& tx) {
    Sats sum = 0;
    for (const TxOut& output : tx.outputs) {
        if (output.value_sats > kMoneyMax) return std::nullopt;
        sum += output.value_sats;
        if (sum > kMoneyMax) return std::nullopt;
    }
    return sum;
}

Result<> check_coinbase(const Transaction& coinbase, const BlockRules& rules) {
    const Bytes& script = coinbase.inputs[0].script_sig;
    if (script.size() < kCoinbaseScriptMin || script.size() > kCoinbaseScriptMax)
        return reject("bad-cb-length", std::to_string(script.size()) + " bytes, expected 2 to 100");
    const Bytes height = height_push(rules.height);
    if (script.size() < height.size() || !std::equal(height.begin(), height.end(), script.begin()))
        return reject("bad-cb-height", "expected a push of " + std::to_string(rules.height));
    const Sats allowed = block_subsidy(rules.height, rules.halving_interval) + rules.fees_sats;
    const auto paid = output_sum(coinbase);
    if (!paid || *paid > allowed)
        return reject("bad-cb-amount",
                      paid ? "at most " + std::to_string(allowed) + ", found " + std::to_string(*paid)
                           : std::string("more than 21 million bitcoin"));
    return {};
}

Result<> check_transactions(const std::vector<Transaction>& transactions, const BlockRules& rules) {
    if (!transactions[0].is_coinbase()) return reject("bad-cb-missing", "the first transaction spends coins");
    for (std::size_t i = 0; i < transactions.size(); ++i) {
        const Transaction& tx = transactions[i];
        const std::string name = "transaction " + std::to_string(i);
        if (i > 0 && tx.is_coinbase()) return reject("bad-cb-multiple", name + " is a second coinbase");
        if (tx.outputs.empty()) return reject("bad-txns-vout-empty", name + " has no outputs");
        if (!output_sum(tx)) return reject("bad-txns-txouttotal-toolarge", name);
        if (!is_final(tx, rules))
            return reject("bad-txns-nonfinal", name + " is locked until " + std::to_string(tx.locktime));
    }
    return {};
}

Result<> check_merkle_root(const BlockHeader& header, const std::vector<Transaction>& transactions) {
    std::vector<Bytes32> txids;
    for (const Transaction& tx : transactions) txids.push_back(tx.txid());
    const Bytes32 root = merkle_root(txids);
    if (root != header.merkle_root)
        return reject("bad-txnmrklroot",
                      "expected " + to_hex_reversed(root) + ", found " + to_hex_reversed(header.merkle_root));
    std::ranges::sort(txids);
    if (auto twin = std::ranges::adjacent_find(txids); twin != txids.end())
        return reject("bad-txns-duplicate", to_hex_reversed(*twin) + " appears twice");
    return {};
}

Result<> check_witness(const std::vector<Transaction>& transactions) {
    const Transaction& coinbase = transactions[0];
    const auto commitment = find_witness_commitment(coinbase.outputs);
    if (!commitment) {
        if (std::ranges::any_of(transactions, &Transaction::has_witness))
            return reject("unexpected-witness", "a witness without a commitment to it in the coinbase");
        return {};
    }
    const auto& witness = coinbase.inputs[0].witness;
    if (witness.size() != 1 || witness[0].size() != 32)
        return reject("bad-witness-nonce-size", "the coinbase's witness must be one item of 32 bytes");
    std::vector<Bytes32> wtxids{Bytes32{}};
    for (std::size_t i = 1; i < transactions.size(); ++i) wtxids.push_back(transactions[i].wtxid());
    const Bytes32 expected = witness_commitment(merkle_root(wtxids), to_array<32>(witness[0]));
    if (*commitment != expected)
        return reject("bad-witness-merkle-match",
                      "expected " + to_hex(expected) + ", found " + to_hex(*commitment));
    return {};
}

Result<> check_weight(const std::vector<Transaction>& transactions) {
    const std::size_t base = kHeaderSize + compact_size_length(transactions.size());
    std::size_t stripped = base, full = base;
    for (const Transaction& tx : transactions) {
        stripped += tx.serialize(WitnessForm::stripped).size();
        full += tx.serialize(WitnessForm::full).size();
    }
    const std::size_t weight = 3 * stripped + full;
    if (weight > kBlockWeightMax)
        return reject("bad-blk-weight",
                      "at most " + std::to_string(kBlockWeightMax) + ", found " + std::to_string(weight));
    return {};
}

Result<std::vector<Transaction>> parse_all(const Block& block) {
    if (block.transactions.empty()) return reject("bad-blk-length", "no transactions");
    std::vector<Transaction> out;
    for (const Bytes& raw : block.transactions) {
        auto tx = parse_transaction(raw);
        if (!tx)
            return reject("bad-txns-malformed",
                          "transaction " + std::to_string(out.size()) + ": " + tx.error().what);
        out.push_back(*std::move(tx));
    }
    return out;
}

}  // namespace

Bytes serialize_block(const Block& block) {
    Bytes out;
    append(out, block.header.encode());
    append_compact_size(out, block.transactions.size());
    for (const Bytes& tx : block.transactions) append(out, tx);
    return out;
}

Result<Block> parse_block(ByteView bytes) {
    if (bytes.size() > kBlockWeightMax)
        return fail(Errc::invalid,
                    "block: " + std::to_string(bytes.size()) + " bytes, more than a block's weight");
    Cursor in{bytes};
    Block block;
    auto header = in.take(kHeaderSize);
    if (in.ok()) block.header = BlockHeader::decode(to_array<kHeaderSize>(header));
    auto count = in.count(kTransactionSizeMin);
    if (!in.ok()) return fail(Errc::invalid, std::string("block: ") + in.why());
    ByteView rest = in.rest();
    for (std::uint64_t i = 0; i < count; ++i) {
        const ByteView start = rest;
        if (auto tx = read_transaction(rest); !tx)
            return fail(Errc::invalid, "block: number " + std::to_string(i) + ": " + tx.error().what);
        const auto raw = start.first(start.size() - rest.size());
        block.transactions.emplace_back(raw.begin(), raw.end());
    }
    if (!rest.empty())
        return fail(Errc::invalid, "block: " + std::to_string(rest.size()) + " bytes after its end");
    return block;
}

Result<> check_commitments(const Block& block) {
    HP_TRY(const auto transactions, parse_all(block));
    HP_DO(check_merkle_root(block.header, transactions));
    return check_witness(transactions);
}

Result<> check_block(const Block& block, const BlockRules& rules) {
    HP_DO(check_header(block.header, rules));
    HP_TRY(const auto transactions, parse_all(block));
    HP_DO(check_merkle_root(block.header, transactions));
    HP_DO(check_transactions(transactions, rules));
    HP_DO(check_coinbase(transactions[0], rules));
    HP_DO(check_witness(transactions));
    return check_weight(transactions);
}

}  // namespace hp::bitcoin
