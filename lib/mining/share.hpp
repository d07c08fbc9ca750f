// Shares, and the order of their checks. Nothing here allocates.
#pragma once
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "bitcoin/header.hpp"
#include "bitcoin/target.hpp"
#include "crypto/sha256.hpp"
#include "wire/share_refusal.hpp"

namespace hp::mining {

/// Version bits that miners may roll if the job allows it: BIP 323, eight more than BIP 320's 0x1fffe000.
/// SRI's servers and miners take these too (tests/vectors/share-validation.json).
inline constexpr std::uint32_t kVersionRollingMask = 0x1fff'ffe0;
/// Consensus allows a block's time to be this far ahead, in seconds.
inline constexpr std::uint32_t kNtimeAheadMax = 7200;

/// The start time for a miner, for a job whose `min_ntime` came `elapsed_s` ago: our clock's time if a pool
/// would accept it, else the pool's time plus `elapsed_s`.
std::uint32_t ntime_to_start(std::uint32_t min_ntime, std::int64_t elapsed_s, UnixSeconds now);

enum class Outcome : std::uint8_t {
    valid,
    block,  ///< the hash meets the network's target; see Verdict::credited
    stale_share,
    invalid_job_id,
    bad_extranonce_size,
    invalid_share,  ///< ntime out of bounds
    version_rolling_not_allowed,
    invalid_non_rollable_version_bit,
    duplicate_share,
    difficulty_too_low,
};
/// Nothing for valid and block.
std::optional<wire::ShareRefusal> refusal_of(Outcome outcome);
/// "valid", "block", or the code of its refusal.
std::string_view outcome_text(Outcome outcome);

struct Share {
    std::uint32_t job_id{};
    std::uint32_t nonce{};
    std::uint32_t ntime{};
    std::uint32_t version{};
    ByteView extranonce{};  ///< empty on a standard channel
};

/// What a job's shares are checked against.
struct ShareTerms {
    std::uint32_t version{};  ///< the job's
    bool version_rolling_allowed{true};
    std::size_t extranonce_size{};
    std::uint32_t ntime_min{};
    std::uint32_t ntime_max{0xffff'ffff};
};
/// The checks that do not need a hash, in this order: extranonce size, ntime, version.
std::optional<Outcome> check_terms(const ShareTerms& terms, const Share& share);

/// SHA-256 of everything before the extranonce, once per channel and job.
class CoinbaseMidstate {
  public:
    CoinbaseMidstate(ByteView coinbase_prefix, ByteView extranonce_prefix);
    Bytes32 txid(ByteView extranonce, ByteView coinbase_suffix) const;

  private:
    crypto::Sha256 state_;
};

bitcoin::HeaderBytes share_header(const Share& share, const Bytes32& prev_hash, const Bytes32& merkle_root,
                                  std::uint32_t nbits);

/// The hash against both targets, the network's first: block, valid or difficulty_too_low.
Outcome judge_hash(const Bytes32& hash, const bitcoin::Target& network_target,
                   const bitcoin::Target& job_target);

}  // namespace hp::mining
