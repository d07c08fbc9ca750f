#include "bitcoin/coinbase.hpp"

#include "crypto/sha256.hpp"

namespace hp::bitcoin {
namespace {

constexpr std::uint8_t kOp1 = 0x51;
// OP_RETURN, a push of 36 bytes, and BIP 141's marker.
constexpr ByteArray<6> kCommitmentHead{0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed};

}  // namespace

Bytes height_push(std::uint32_t height) {
    if (height == 0) return {0x00};
    if (height <= 16) return {static_cast<std::uint8_t>(kOp1 + height - 1)};
    Bytes number;
    for (std::uint64_t rest = height; rest != 0; rest >>= 8)
        number.push_back(static_cast<std::uint8_t>(rest & 0xff));
    if (number.back() & 0x80) number.push_back(0);  // otherwise it would be negative
    number.insert(number.begin(), static_cast<std::uint8_t>(number.size()));
    return number;
}

Bytes32 witness_commitment(const Bytes32& witness_root, const Bytes32& reserved) {
    ByteArray<64> both;
    std::ranges::copy(witness_root, both.begin());
    std::ranges::copy(reserved, both.begin() + 32);
    return crypto::sha256d(both);
}

TxOut witness_commitment_output(const Bytes32& commitment) {
    TxOut out;
    append(out.script_pubkey, kCommitmentHead);
    append(out.script_pubkey, commitment);
    return out;
}

std::optional<Bytes32> find_witness_commitment(std::span<const TxOut> outputs) {
    for (std::size_t i = outputs.size(); i-- > 0;) {
        ByteView script = outputs[i].script_pubkey;
        if (script.size() >= kCommitmentHead.size() + 32 &&
            std::ranges::equal(script.first(kCommitmentHead.size()), kCommitmentHead))
            return to_array<32>(script.subspan(kCommitmentHead.size(), 32));
    }
    return std::nullopt;
}

Result<Bytes> add_coinbase_witness(ByteView stripped_coinbase) {
    HP_TRY(auto tx, parse_transaction(stripped_coinbase));
    if (!tx.is_coinbase()) return fail(Errc::invalid, "coinbase: its input spends another transaction");
    tx.inputs[0].witness = {Bytes(32, 0)};
    return tx.serialize(WitnessForm::full);
}

Sats block_subsidy(std::uint32_t height, std::uint32_t halving_interval) {
    HP_ASSERT(halving_interval > 0);
    const std::uint32_t halvings = height / halving_interval;
    return halvings < 64 ? Sats{5'000'000'000} >> halvings : 0;
}

}  // namespace hp::bitcoin
