#include "mining/job.hpp"

#include "bitcoin/coinbase.hpp"
#include "bitcoin/merkle.hpp"
#include "mining/share.hpp"

namespace hp::mining {
namespace {

using bitcoin::WitnessForm;

constexpr std::uint8_t kOpPushData1 = 0x4c;

/// The shortest push of up to 255 bytes.
void append_push(Bytes& script, ByteView bytes) {
    if (bytes.size() >= kOpPushData1) script.push_back(kOpPushData1);
    script.push_back(static_cast<std::uint8_t>(bytes.size()));
    append(script, bytes);
}

}  // namespace

Result<CoinbaseSplit> split_coinbase(const Template& from, const std::vector<bitcoin::TxOut>& pool_outputs,
                                     std::string_view scriptsig_tag, std::size_t full_extranonce_size,
                                     WitnessForm form) {
    HP_ASSERT(full_extranonce_size >= 1 && full_extranonce_size <= 32);
    if (scriptsig_tag.size() > bitcoin::kCoinbaseScriptMax)
        return fail(Errc::invalid, "scriptsig_tag: " + std::to_string(scriptsig_tag.size()) +
                                       " bytes, longer than a whole scriptSig");
    // The scriptSig except the extranonce.
    Bytes script = from.coinbase_prefix;
    if (!scriptsig_tag.empty()) append_push(script, as_bytes(scriptsig_tag));
    script.push_back(static_cast<std::uint8_t>(full_extranonce_size));
    const std::size_t script_size = script.size() + full_extranonce_size;
    if (script_size > bitcoin::kCoinbaseScriptMax)
        return fail(Errc::invalid,
                    "coinbase scriptSig: " + std::to_string(script_size) + " bytes, at most 100",
                    "shorten the scriptSig tag");

    // The transaction with zeros for the extranonce, then cut around them.
    bitcoin::Transaction tx;
    tx.version = from.coinbase_tx_version;
    tx.locktime = from.coinbase_tx_locktime;
    bitcoin::TxIn& input = tx.inputs.emplace_back();
    input.prev_index = 0xffff'ffff;
    input.sequence = from.coinbase_tx_input_sequence;
    input.script_sig = script;
    input.script_sig.resize(script_size, 0);
    if (form == WitnessForm::full) input.witness = {Bytes(32, 0)};
    tx.outputs = pool_outputs;
    tx.outputs.insert(tx.outputs.end(), from.outputs.begin(), from.outputs.end());
    const Bytes whole = tx.serialize(form);

    // version, marker and flag in full form, input count, outpoint, scriptSig length (one byte: at most 100).
    const std::size_t before_script = 4 + (form == WitnessForm::full ? 2 : 0) + 1 + 36 + 1;
    const auto cut = whole.begin() + static_cast<std::ptrdiff_t>(before_script + script.size());
    return CoinbaseSplit{Bytes(whole.begin(), cut),
                         Bytes(cut + static_cast<std::ptrdiff_t>(full_extranonce_size), whole.end())};
}

Result<CoinbaseSplit> strip_bip141(const CoinbaseSplit& split, std::size_t full_extranonce_size) {
    Bytes whole = split.prefix;
    whole.resize(whole.size() + full_extranonce_size, 0);
    append(whole, split.suffix);
    HP_TRY(auto tx, bitcoin::parse_transaction(whole));
    if (!tx.is_coinbase()) return fail(Errc::invalid, "coinbase: its input spends another transaction");
    if (!tx.has_witness()) return split;
    // Both forms have the same bytes up to the marker, and from the scriptSig to the last output.
    constexpr std::size_t kMarkerAt = 4, kMarkerSize = 2, kLocktimeSize = 4;
    const Bytes stripped = tx.serialize(WitnessForm::stripped);
    const std::size_t script_end = kMarkerAt + 1 + 36 + 1 + tx.inputs[0].script_sig.size();
    if (split.prefix.size() < kMarkerAt + kMarkerSize + 1 + 36 + 1 ||
        split.prefix.size() - kMarkerSize + full_extranonce_size > script_end ||
        stripped.size() < script_end + kLocktimeSize)
        return fail(Errc::invalid, "coinbase: the extranonce is not within the scriptSig");
    const auto cut = stripped.begin() + static_cast<std::ptrdiff_t>(split.prefix.size() - kMarkerSize);
    return CoinbaseSplit{Bytes(stripped.begin(), cut),
                         Bytes(cut + static_cast<std::ptrdiff_t>(full_extranonce_size), stripped.end())};
}

Result<ExtendedJob> make_job(const Template& from, std::uint32_t job_id, ByteView payout_script,
                             std::string_view scriptsig_tag, std::size_t full_extranonce_size,
                             bool version_rolling_allowed) {
    const std::vector<bitcoin::TxOut> pool_outputs{
        {from.value_remaining_sats, Bytes(payout_script.begin(), payout_script.end())}};
    HP_TRY(auto split,
           split_coinbase(from, pool_outputs, scriptsig_tag, full_extranonce_size, WitnessForm::stripped));
    // The messages' limit: B0_64K for each half.
    if (split.suffix.size() > 0xffff)
        return fail(Errc::invalid,
                    "coinbase suffix: " + std::to_string(split.suffix.size()) + " bytes, at most 65535");
    ExtendedJob job;
    job.job_id = job_id;
    job.template_id = from.template_id;
    job.version = from.version;
    job.version_rolling_allowed = version_rolling_allowed;
    job.full_extranonce_size = static_cast<std::uint8_t>(full_extranonce_size);
    job.has_witness_commitment = bitcoin::find_witness_commitment(from.outputs).has_value();
    job.coinbase = std::move(split);
    job.merkle_path = from.merkle_path;
    return job;
}

sv2::mining::NewExtendedMiningJob extended_job_message(const ExtendedJob& job, std::uint32_t channel_id,
                                                       std::optional<std::uint32_t> min_ntime) {
    sv2::mining::NewExtendedMiningJob out;
    out.channel_id = channel_id;
    out.job_id = job.job_id;
    out.min_ntime = min_ntime;
    out.version = job.version;
    out.version_rolling_allowed = job.version_rolling_allowed;
    for (const Bytes32& node : job.merkle_path) out.merkle_path.items.push_back({node});
    out.coinbase_tx_prefix.value = job.coinbase.prefix;
    out.coinbase_tx_suffix.value = job.coinbase.suffix;
    return out;
}

sv2::mining::NewMiningJob standard_job_message(const ExtendedJob& job, std::uint32_t channel_id,
                                               ByteView extranonce_prefix,
                                               std::optional<std::uint32_t> min_ntime) {
    const CoinbaseMidstate midstate{job.coinbase.prefix, extranonce_prefix};
    sv2::mining::NewMiningJob out;
    out.channel_id = channel_id;
    out.job_id = job.job_id;
    out.min_ntime = min_ntime;
    out.version = job.version;
    out.merkle_root.bytes =
        bitcoin::merkle_root_from_path(midstate.txid({}, job.coinbase.suffix), job.merkle_path);
    return out;
}

ExtendedJob job_from_message(const sv2::mining::NewExtendedMiningJob& message,
                             std::size_t full_extranonce_size) {
    ExtendedJob job;
    job.job_id = message.job_id;
    job.version = message.version;
    job.version_rolling_allowed = message.version_rolling_allowed;
    job.full_extranonce_size = static_cast<std::uint8_t>(full_extranonce_size);
    job.coinbase = {message.coinbase_tx_prefix.value, message.coinbase_tx_suffix.value};
    for (const wire::U256& node : message.merkle_path.items) job.merkle_path.push_back(node.bytes);
    return job;
}

Bytes block_coinbase(const ExtendedJob& job, ByteView extranonce_prefix, ByteView extranonce) {
    Bytes stripped = job.coinbase.prefix;
    append(stripped, extranonce_prefix);
    append(stripped, extranonce);
    append(stripped, job.coinbase.suffix);
    if (!job.has_witness_commitment) return stripped;
    auto full = bitcoin::add_coinbase_witness(stripped);
    HP_ASSERT(full);  // built from a checked template
    return *std::move(full);
}

}  // namespace hp::mining
