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

Result<std::uint32_t> coinbase_height(ByteView script_sig) {
    constexpr std::size_t kHeightBytesMax = 5;
    const auto is_start = [&](std::uint32_t height) {
        const Bytes push = height_push(height);
        return script_sig.size() >= push.size() && std::ranges::equal(script_sig.first(push.size()), push);
    };
    const std::uint8_t first = script_sig.empty() ? 0xff : script_sig[0];
    std::uint64_t height = first >= kOp1 && first < kOp1 + 16 ? first - kOp1 + 1u : 0;
    if (first >= 1 && first <= kHeightBytesMax && script_sig.size() > first)
        for (std::size_t i = first; i > 0; --i) height = height << 8 | script_sig[i];
    if (height > UINT32_MAX || !is_start(static_cast<std::uint32_t>(height)))
        return fail(Errc::invalid, "the coinbase does not start with the block's height (BIP 34)");
    return static_cast<std::uint32_t>(height);
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
