// Why a share is refused: all reasons. The word is SubmitShares.Error's error_code, the start of an SV1
// error's text, and the `reason` of event records and metrics. docs/troubleshooting.md says what to do about
// each.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace hp::wire {

enum class ShareRefusal : std::uint8_t {
    // From the pool. The words are those of the specification (5.3.14) and of SRI.
    stale_share,
    invalid_job_id,
    bad_extranonce_size,
    invalid_share,
    version_rolling_not_allowed,
    invalid_non_rollable_version_bit,
    duplicate_share,
    difficulty_too_low,
    invalid_channel_id,
    invalid_locking_key,
    invalid_user_identity,
    too_many_invalid_shares,
    pool_overloaded,
    pool_storage_failed,
    // From the proxy, before the pool sees the share.
    pool_away,
    pool_closed_channel,
    pool_connection_lost,
    not_subscribed,
    unauthorized,
    invalid_version_bits,
    too_many_outstanding,
    bad_line,
};

struct ShareRefusalText {
    ShareRefusal refusal;
    std::string_view word;
    std::string_view meaning;  ///< a sentence without its full stop
};
/// In the order of the enum, each once.
std::span<const ShareRefusalText> share_refusals();

std::string_view word_of(ShareRefusal refusal);
std::string_view meaning_of(ShareRefusal refusal);
/// Nothing for a word that is not ours: other pools may have more.
std::optional<ShareRefusal> share_refusal(std::string_view word);
/// The text for an SV1 miner: "stale-share: a new block came before it". For a word that is not ours just the
/// word.
std::string refusal_text(std::string_view word);
/// The word of such a text; the whole text if it does not begin with one of ours.
std::string_view refusal_word(std::string_view text);

}  // namespace hp::wire
