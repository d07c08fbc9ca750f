#include "templates/sim_miner.hpp"

#include "bitcoin/coinbase.hpp"
#include "bitcoin/header.hpp"
#include "bitcoin/merkle.hpp"

namespace hp::templates {

SimMiner::SimMiner(std::shared_ptr<const BlockTemplate> block) : block_{std::move(block)} { next_coinbase(); }

void SimMiner::next_coinbase() {
    constexpr std::uint8_t kOpTrue = 0x51;
    bitcoin::Transaction coinbase;
    bitcoin::TxIn input;
    input.prev_index = 0xffff'ffff;
    input.script_sig = coinbase_prefix(*block_);
    ByteArray<8> number;
    put_le(number.data(), extranonce_++);
    append(input.script_sig, number);
    coinbase.inputs.push_back(std::move(input));
    coinbase.outputs.push_back({block_->coinbase_sats, Bytes{kOpTrue}});
    if (block_->with_commitment) coinbase.outputs.push_back({0, witness_commitment_script(*block_)});
    solution_ = {.version = block_->version,
                 .header_time = block_->header_time,
                 .nonce = 0,
                 .coinbase = coinbase.serialize(bitcoin::WitnessForm::stripped)};
    bitcoin::BlockHeader header{
        .version = solution_.version,
        .prev_hash = block_->prev_hash,
        .merkle_root = bitcoin::merkle_root_from_path(coinbase.txid(), merkle_path(*block_)),
        .ntime = solution_.header_time,
        .nbits = block_->nbits,
        .nonce = 0};
    header_ = header.encode();
    next_nonce_ = 0;
}

std::optional<Solution> SimMiner::try_nonces(std::uint32_t count) {
    constexpr std::size_t kNonceOffset = bitcoin::kHeaderSize - 4;
    for (; count > 0; --count) {
        if (next_nonce_ > UINT32_MAX) next_coinbase();
        solution_.nonce = static_cast<std::uint32_t>(next_nonce_++);
        put_le(header_.data() + kNonceOffset, solution_.nonce);
        if (bitcoin::meets(bitcoin::header_hash(header_), block_->target)) return solution_;
    }
    return std::nullopt;
}

}  // namespace hp::templates
