// mining.notify as a value, and its fields' meaning in a block header. SV1 writes numbers as big-endian hex,
// and the previous block's hash as eight byte-swapped words.
#pragma once
#include <string>
#include <vector>

#include "base/bytes.hpp"

namespace hp::sv1 {

/// A job in plain values: SV2's NewExtendedMiningJob and SetNewPrevHash combined. The coinbase is coinbase1 +
/// extranonce1 + extranonce2 + coinbase2; hashes are in header byte order.
struct Notify {
    std::string job_id;
    Bytes32 prev_hash{};
    Bytes coinbase1;
    Bytes coinbase2;
    std::vector<Bytes32> merkle_branch;
    std::uint32_t version{};
    std::uint32_t nbits{};
    std::uint32_t ntime{};
    bool clean_jobs{};
    friend bool operator==(const Notify&, const Notify&) = default;
};

/// Each of the eight 4-byte words reversed: header byte order to SV1's and back.
Bytes32 swap_words(const Bytes32& hash);

/// How an SV2 channel's extranonce becomes SV1's. The channel has extranonce_prefix and `extranonce_size`
/// bytes of its own; the miner gets the last `extranonce2_size` of these as extranonce2. Of the bytes before,
/// the last `extranonce1_size` are extranonce1 and the rest is appended to coinbase1 (some firmware cannot
/// handle a long extranonce1).
struct ExtranonceSplit {
    Bytes coinbase1_tail;
    Bytes extranonce1;
    std::uint8_t extranonce2_size{};
};
/// `before` is everything between the coinbase prefix and extranonce2. REQUIRES: extranonce1_size <=
/// before.size()
ExtranonceSplit split_extranonce(ByteView before, std::size_t extranonce1_size,
                                 std::uint8_t extranonce2_size);

/// An SV2 job, active on a tip, in SV1's terms.
Notify notify_from_job(std::string job_id, std::uint32_t version, const Bytes32& prev_hash,
                       std::uint32_t nbits, std::uint32_t ntime, std::vector<Bytes32> merkle_path,
                       ByteView coinbase_tx_prefix, const ExtranonceSplit& split, ByteView coinbase_tx_suffix,
                       bool clean_jobs);

/// The header's version for a share: the job's, with the miner's bits inside the mask. BIP 310.
constexpr std::uint32_t rolled_version(std::uint32_t job_version, std::uint32_t mask,
                                       std::uint32_t version_bits) {
    return (job_version & ~mask) | (version_bits & mask);
}
/// Bits that a miner set outside the mask. It may repeat the job's version there (whole versions are common).
constexpr bool version_bits_allowed(std::uint32_t job_version, std::uint32_t mask,
                                    std::uint32_t version_bits) {
    const std::uint32_t outside = version_bits & ~mask;
    return outside == 0 || outside == (job_version & ~mask);
}

}  // namespace hp::sv1
