// Jobs: a template with the pool's outputs, split where the extranonce goes.
#pragma once
#include <memory>
#include <string_view>

#include "mining/template.hpp"
#include "sv2/mining.hpp"

namespace hp::mining {

/// A coinbase around its extranonce: transaction = prefix || extranonce_prefix || extranonce || suffix.
struct CoinbaseSplit {
    Bytes prefix;
    Bytes suffix;
    friend bool operator==(const CoinbaseSplit&, const CoinbaseSplit&) = default;
};

/// scriptSig = the template's coinbase_prefix, a push of `scriptsig_tag` (omitted if empty), one push opcode
/// with the full extranonce length, then the extranonce. Outputs: `pool_outputs`, then the template's.
/// Refuses a scriptSig over 100 bytes. REQUIRES: 1 <= full_extranonce_size <= 32
Result<CoinbaseSplit> split_coinbase(const Template& from, const std::vector<bitcoin::TxOut>& pool_outputs,
                                     std::string_view scriptsig_tag, std::size_t full_extranonce_size,
                                     bitcoin::WitnessForm form);

/// The stripped form of a split with segwit marker and witness; a stripped one is returned unchanged.
/// `full_extranonce_size` bytes are missing between the halves.
Result<CoinbaseSplit> strip_bip141(const CoinbaseSplit& split, std::size_t full_extranonce_size);

/// One job, shared by all channels; immutable, so that any thread may read it.
struct ExtendedJob {
    std::uint32_t job_id{};
    std::uint64_t template_id{};
    std::uint32_t version{};
    bool version_rolling_allowed{true};
    std::uint8_t full_extranonce_size{};
    bool has_witness_commitment{};  ///< then the block's coinbase needs its witness
    CoinbaseSplit coinbase{};       ///< stripped form
    std::vector<Bytes32> merkle_path{};
};

/// `value_remaining_sats` goes to `payout_script` in one output; nothing else is paid.
Result<ExtendedJob> make_job(const Template& from, std::uint32_t job_id, ByteView payout_script,
                             std::string_view scriptsig_tag, std::size_t full_extranonce_size,
                             bool version_rolling_allowed = true);

/// The message for an extended channel (or a group). Without `min_ntime` it is a future job.
sv2::mining::NewExtendedMiningJob extended_job_message(const ExtendedJob& job, std::uint32_t channel_id,
                                                       std::optional<std::uint32_t> min_ntime);
/// The message for a standard channel, whose prefix is the whole extranonce.
sv2::mining::NewMiningJob standard_job_message(const ExtendedJob& job, std::uint32_t channel_id,
                                               ByteView extranonce_prefix,
                                               std::optional<std::uint32_t> min_ntime);

/// A job as received by a client, to check shares before sending them upstream.
ExtendedJob job_from_message(const sv2::mining::NewExtendedMiningJob& message,
                             std::size_t full_extranonce_size);

/// The coinbase of a found block, with its witness if the outputs have a commitment: for SubmitSolution.
Bytes block_coinbase(const ExtendedJob& job, ByteView extranonce_prefix, ByteView extranonce);

}  // namespace hp::mining
