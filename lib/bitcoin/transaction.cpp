#include "bitcoin/transaction.hpp"

#include "bitcoin/cursor.hpp"
#include "crypto/sha256.hpp"

namespace hp::bitcoin {
namespace {

// Minimum serialized sizes: outpoint, empty script, sequence; value, empty script; a witness item's length.
constexpr std::size_t kTxInSizeMin = 41;
constexpr std::size_t kTxOutSizeMin = 9;
constexpr std::size_t kWitnessItemSizeMin = 1;

template <class UInt>
void append_le(Bytes& out, UInt value) {
    std::uint8_t bytes[sizeof(UInt)];
    put_le(bytes, value);
    append(out, bytes);
}

void append_sized(Bytes& out, ByteView bytes) {
    append_compact_size(out, bytes.size());
    append(out, bytes);
}

void read_inputs(Cursor& in, std::uint64_t count, std::vector<TxIn>& inputs) {
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
        TxIn& input = inputs.emplace_back();
        input.prev_txid = in.hash();
        input.prev_index = in.le<std::uint32_t>();
        input.script_sig = in.sized_bytes();
        input.sequence = in.le<std::uint32_t>();
    }
}

void read_outputs(Cursor& in, std::uint64_t count, std::vector<TxOut>& outputs) {
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
        TxOut& output = outputs.emplace_back();
        output.value_sats = in.le<std::uint64_t>();
        output.script_pubkey = in.sized_bytes();
    }
}

Transaction read(Cursor& in) {
    Transaction tx;
    tx.version = in.le<std::uint32_t>();
    bool has_witness = false;
    // An input count of zero can only be the marker of BIP 144's form; the flag must then be 1.
    if (!in.rest().empty() && in.rest()[0] == 0) {
        in.take(1);
        if (in.le<std::uint8_t>() != 1) in.fail("no inputs, or an unknown witness flag");
        has_witness = true;
    }
    auto input_count = in.count(kTxInSizeMin);
    if (in.ok() && input_count == 0) in.fail("no inputs");
    read_inputs(in, input_count, tx.inputs);
    read_outputs(in, in.count(kTxOutSizeMin), tx.outputs);
    if (has_witness) {
        for (TxIn& input : tx.inputs) {
            auto items = in.count(kWitnessItemSizeMin);
            for (std::uint64_t i = 0; i < items && in.ok(); ++i) input.witness.push_back(in.sized_bytes());
        }
        if (in.ok() && !tx.has_witness()) in.fail("a witness flag without a witness");
    }
    tx.locktime = in.le<std::uint32_t>();
    return tx;
}

}  // namespace

bool Transaction::has_witness() const {
    return std::ranges::any_of(inputs, [](const TxIn& input) { return !input.witness.empty(); });
}

bool Transaction::is_coinbase() const {
    return inputs.size() == 1 && inputs[0].prev_index == 0xffff'ffff && inputs[0].prev_txid == Bytes32{};
}

Bytes Transaction::serialize(WitnessForm form) const {
    const bool with_witness = form == WitnessForm::full && has_witness();
    Bytes out;
    append_le(out, version);
    if (with_witness) append(out, ByteArray<2>{0x00, 0x01});
    append_compact_size(out, inputs.size());
    for (const TxIn& input : inputs) {
        append(out, input.prev_txid);
        append_le(out, input.prev_index);
        append_sized(out, input.script_sig);
        append_le(out, input.sequence);
    }
    append_compact_size(out, outputs.size());
    for (const TxOut& output : outputs) append_output(out, output);
    if (with_witness) {
        for (const TxIn& input : inputs) {
            append_compact_size(out, input.witness.size());
            for (const Bytes& item : input.witness) append_sized(out, item);
        }
    }
    append_le(out, locktime);
    return out;
}

Bytes32 Transaction::txid() const { return crypto::sha256d(serialize(WitnessForm::stripped)); }

Bytes32 Transaction::wtxid() const { return crypto::sha256d(serialize(WitnessForm::full)); }

Result<Transaction> parse_transaction(ByteView bytes) {
    HP_TRY(auto tx, read_transaction(bytes));
    if (!bytes.empty())
        return fail(Errc::invalid, "transaction: " + std::to_string(bytes.size()) + " bytes after its end");
    return tx;
}

Result<Transaction> read_transaction(ByteView& in) {
    Cursor cursor{in};
    Transaction tx = read(cursor);
    if (!cursor.ok()) return fail(Errc::invalid, std::string("transaction: ") + cursor.why());
    in = cursor.rest();
    return tx;
}

Result<std::vector<TxOut>> parse_outputs(ByteView bytes, std::uint64_t count) {
    const auto announced = [&] { return std::to_string(count) + " outputs announced"; };
    if (count > bytes.size() / kTxOutSizeMin)
        return fail(Errc::invalid, announced() + ", " + std::to_string(bytes.size()) + " bytes are too few");
    Cursor cursor{bytes};
    std::vector<TxOut> outputs;
    read_outputs(cursor, count, outputs);
    if (!cursor.ok()) return fail(Errc::invalid, announced() + ", " + cursor.why());
    if (!cursor.rest().empty())
        return fail(Errc::invalid,
                    announced() + ", " + std::to_string(cursor.rest().size()) + " bytes after the last");
    return outputs;
}

void append_output(Bytes& out, const TxOut& output) {
    append_le(out, output.value_sats);
    append_sized(out, output.script_pubkey);
}

std::size_t compact_size_length(std::uint64_t value) {
    return value < 0xfd ? 1 : value <= 0xffff ? 3 : value <= 0xffff'ffff ? 5 : 9;
}

void append_compact_size(Bytes& out, std::uint64_t value) {
    switch (compact_size_length(value)) {
        case 1:
            out.push_back(static_cast<std::uint8_t>(value));
            break;
        case 3:
            out.push_back(0xfd), append_le(out, static_cast<std::uint16_t>(value));
            break;
        case 5:
            out.push_back(0xfe), append_le(out, static_cast<std::uint32_t>(value));
            break;
        default:
            out.push_back(0xff), append_le(out, value);
    }
}

std::optional<std::uint64_t> read_compact_size(ByteView& in) {
    if (in.empty()) return std::nullopt;
    const std::size_t length = in[0] < 0xfd ? 1 : in[0] == 0xfd ? 3 : in[0] == 0xfe ? 5 : 9;
    if (in.size() < length) return std::nullopt;
    std::uint64_t value = in[0];
    if (length > 1) {
        value = 0;
        for (std::size_t i = 1; i < length; ++i) value |= std::uint64_t{in[i]} << (8 * (i - 1));
    }
    if (compact_size_length(value) != length) return std::nullopt;
    in = in.subspan(length);
    return value;
}

}  // namespace hp::bitcoin
