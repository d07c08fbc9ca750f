// Any bytes as a node's answer: each reader accepts or refuses them, and an accepted template is consistent.
#include "templates/gbt.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace hp;
    using namespace hp::templates;
    const std::string_view body = as_text({bytes, size});
    if (auto parsed = parse_block_template(body); parsed && parsed->value) {
        const auto& block = parsed->value->block;
        bitcoin::Sats fees = 0;
        for (const auto& transaction : block->transactions) fees += transaction->fee_sats;
        HP_ASSERT(fees <= block->coinbase_sats);
        HP_ASSERT(block->header_time >= block->min_time);
        HP_ASSERT(coinbase_prefix(*block).size() <= 8);
        if (auto count = fitting_transactions(*block, {1000, 100})) {
            auto cut = first_transactions(block, *count / 2);
            HP_ASSERT(cut->transactions.size() == *count / 2 && cut->coinbase_sats <= block->coinbase_sats);
        }
        auto again = parse_block_template(body, block.get());
        HP_ASSERT(again && again->value && again->value->block->transactions == block->transactions);
    }
    if (auto parsed = parse_submit_block(body); parsed && parsed->value)
        (void)answer_from_word(*parsed->value);
    (void)parse_block_hash(body);
    HP_ASSERT(words_of_error(body).size() <= 4 * 200 + 3);
    if (auto parsed = parse_chain_state(body); parsed && parsed->value)
        HP_ASSERT(parsed->value->chain.size() <= 4 * 32);
    return 0;
}
