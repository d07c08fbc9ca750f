#include "mining/share.hpp"

namespace hp::mining {

std::string_view outcome_text(Outcome outcome) {
    switch (outcome) {
        case Outcome::valid:
            return "valid";
        case Outcome::block:
            return "block";
        case Outcome::stale_share:
            return "stale-share";
        case Outcome::invalid_job_id:
            return "invalid-job-id";
        case Outcome::bad_extranonce_size:
            return "bad-extranonce-size";
        case Outcome::invalid_share:
            return "invalid-share";
        case Outcome::version_rolling_not_allowed:
            return "version-rolling-not-allowed";
        case Outcome::invalid_non_rollable_version_bit:
            return "invalid-non-rollable-version-bit";
        case Outcome::duplicate_share:
            return "duplicate-share";
        case Outcome::difficulty_too_low:
            return "difficulty-too-low";
    }
    assertion_failed("an outcome without a text", __FILE_NAME__, __LINE__);
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
