// Bitcoin's formats as sent by peers and nodes: transactions, blocks, templates, coinbase halves, addresses
// and recorded shares. Nothing may crash, and what parses must serialize to the same bytes.
#include <cstdlib>

#include "bitcoin/block.hpp"
#include "bitcoin/script.hpp"
#include "mining/check_shares.hpp"
#include "mining/job.hpp"

namespace {

using namespace hp;

void fuzz_transaction(ByteView bytes) {
    if (auto tx = bitcoin::parse_transaction(bytes))
        HP_ASSERT(std::ranges::equal(tx->serialize(bitcoin::WitnessForm::full), bytes));
}

void fuzz_block(ByteView bytes) {
    auto block = bitcoin::parse_block(bytes);
    if (!block) return;
    HP_ASSERT(std::ranges::equal(bitcoin::serialize_block(*block), bytes));
    bitcoin::BlockRules rules;
    rules.prev_hash = block->header.prev_hash;
    rules.nbits = block->header.nbits;
    rules.version_min = 0x8000'0000;
    (void)bitcoin::check_block(*block, rules);
}

void fuzz_template(ByteView bytes) {
    sv2::templates::NewTemplate message;
    const auto take = [&](std::size_t size) {
        auto head = bytes.first(std::min(size, bytes.size()));
        bytes = bytes.subspan(head.size());
        return Bytes(head.begin(), head.end());
    };
    const auto number = [&] {
        auto raw = take(8);
        raw.resize(8);
        return get_le<std::uint64_t>(raw.data());
    };
    message.coinbase_tx_value_remaining = number() >> 12;
    message.coinbase_tx_outputs_count = static_cast<std::uint32_t>(number() % 4);
    message.coinbase_prefix.value = take(number() % 12);
    const std::size_t tag_size = number() % 120, full_size = 1 + number() % 32;
    const auto tag = take(tag_size);
    message.coinbase_tx_outputs.value = take(bytes.size());
    const auto checked = mining::template_from(message);
    if (!checked) return;
    const auto job = mining::make_job(*checked, 1, ByteArray<1>{0x51}, as_text(tag), full_size);
    if (!job) return;
    const Bytes extranonce(full_size, 0x77);
    const auto coinbase = bitcoin::parse_transaction(mining::block_coinbase(*job, extranonce, {}));
    HP_ASSERT(coinbase && coinbase->is_coinbase() && coinbase->inputs[0].script_sig.size() <= 100);
}

void fuzz_strip(ByteView bytes) {
    if (bytes.empty()) return;
    const std::size_t cut = std::min<std::size_t>(bytes[0], bytes.size());
    const mining::CoinbaseSplit split{Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(cut)),
                                      Bytes(bytes.begin() + static_cast<std::ptrdiff_t>(cut), bytes.end())};
    if (auto stripped = mining::strip_bip141(split, 8)) {
        Bytes whole = stripped->prefix;
        whole.resize(whole.size() + 8);
        append(whole, stripped->suffix);
        auto tx = bitcoin::parse_transaction(whole);
        HP_ASSERT(tx && !tx->has_witness());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const ByteView rest{data + 1, size - 1};
    switch (data[0] % 6) {
        case 0:
            fuzz_transaction(rest);
            break;
        case 1:
            fuzz_block(rest);
            break;
        case 2:
            fuzz_template(rest);
            break;
        case 3:
            fuzz_strip(rest);
            break;
        case 4:
            (void)bitcoin::script_from_text(as_text(rest), bitcoin::Network::sim);
            break;
        default:
            (void)mining::check_share_line(as_text(rest));
    }
    return 0;
}
