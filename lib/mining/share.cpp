#include "mining/share.hpp"

namespace hp::mining {

std::optional<wire::ShareRefusal> refusal_of(Outcome outcome) {
    using wire::ShareRefusal;
    switch (outcome) {
        case Outcome::valid:
        case Outcome::block:
            return {};
        case Outcome::stale_share:
            return ShareRefusal::stale_share;
        case Outcome::invalid_job_id:
            return ShareRefusal::invalid_job_id;
        case Outcome::bad_extranonce_size:
            return ShareRefusal::bad_extranonce_size;
        case Outcome::invalid_share:
            return ShareRefusal::invalid_share;
        case Outcome::version_rolling_not_allowed:
            return ShareRefusal::version_rolling_not_allowed;
        case Outcome::invalid_non_rollable_version_bit:
            return ShareRefusal::invalid_non_rollable_version_bit;
        case Outcome::duplicate_share:
            return ShareRefusal::duplicate_share;
        case Outcome::difficulty_too_low:
            return ShareRefusal::difficulty_too_low;
    }
    assertion_failed("an outcome without a refusal", __FILE_NAME__, __LINE__);
}

std::string_view outcome_text(Outcome outcome) {
    if (const auto refusal = refusal_of(outcome)) return wire::word_of(*refusal);
    return outcome == Outcome::block ? "block" : "valid";
}

std::uint32_t ntime_to_start(std::uint32_t min_ntime, std::int64_t elapsed_s, UnixSeconds now) {
    const UnixSeconds pools = UnixSeconds{min_ntime} + elapsed_s;
    const bool is_ours_good = now >= min_ntime && now <= pools + UnixSeconds{kNtimeAheadMax};
    return static_cast<std::uint32_t>(is_ours_good ? now : pools);
}

std::optional<Outcome> check_terms(const ShareTerms& terms, const Share& share) {
    if (share.extranonce.size() != terms.extranonce_size) return Outcome::bad_extranonce_size;
    if (share.ntime < terms.ntime_min || share.ntime > terms.ntime_max) return Outcome::invalid_share;
    const std::uint32_t rolled = share.version ^ terms.version;
    if (rolled != 0) {
        if (!terms.version_rolling_allowed) return Outcome::version_rolling_not_allowed;
        if (rolled & ~kVersionRollingMask) return Outcome::invalid_non_rollable_version_bit;
    }
    return std::nullopt;
}

CoinbaseMidstate::CoinbaseMidstate(ByteView coinbase_prefix, ByteView extranonce_prefix) {
    state_.update(coinbase_prefix).update(extranonce_prefix);
}

Bytes32 CoinbaseMidstate::txid(ByteView extranonce, ByteView coinbase_suffix) const {
    crypto::Sha256 state = state_;
    const Bytes32 once = state.update(extranonce).update(coinbase_suffix).finish();
    return crypto::sha256(once);
}

bitcoin::HeaderBytes share_header(const Share& share, const Bytes32& prev_hash, const Bytes32& merkle_root,
                                  std::uint32_t nbits) {
    return bitcoin::BlockHeader{share.version, prev_hash, merkle_root, share.ntime, nbits, share.nonce}
        .encode();
}

Outcome judge_hash(const Bytes32& hash, const bitcoin::Target& network_target,
                   const bitcoin::Target& job_target) {
    if (bitcoin::meets(hash, network_target)) return Outcome::block;
    return bitcoin::meets(hash, job_target) ? Outcome::valid : Outcome::difficulty_too_low;
}

}  // namespace hp::mining
