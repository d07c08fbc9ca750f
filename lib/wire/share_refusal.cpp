#include "wire/share_refusal.hpp"

#include <algorithm>

#include "base/result.hpp"

namespace hp::wire {
namespace {

constexpr ShareRefusalText kRefusals[] = {
    {ShareRefusal::stale_share, "stale-share", "a new block came before it"},
    {ShareRefusal::invalid_job_id, "invalid-job-id",
     "its job is unknown: it is too old, or from another server"},
    {ShareRefusal::bad_extranonce_size, "bad-extranonce-size",
     "its extranonce does not have the channel's size"},
    {ShareRefusal::invalid_share, "invalid-share",
     "its time is before the job's, or more than 2 h ahead of the pool's clock"},
    {ShareRefusal::version_rolling_not_allowed, "version-rolling-not-allowed",
     "it changes version bits, but its job does not allow that"},
    {ShareRefusal::invalid_non_rollable_version_bit, "invalid-non-rollable-version-bit",
     "it changes version bits outside 1fffffe0"},
    {ShareRefusal::duplicate_share, "duplicate-share", "it was accepted before"},
    {ShareRefusal::difficulty_too_low, "difficulty-too-low", "its hash misses the target of its job"},
    {ShareRefusal::invalid_channel_id, "invalid-channel-id", "its channel is not open"},
    {ShareRefusal::invalid_locking_key, "invalid-locking-key",
     "the owner that it names is not a valid public key"},
    {ShareRefusal::invalid_user_identity, "invalid-user-identity",
     "its worker's name has more than the 32 bytes of extension 0x0002"},
    {ShareRefusal::too_many_invalid_shares, "too-many-invalid-shares",
     "it was not checked: nearly all before it were invalid"},
    {ShareRefusal::pool_overloaded, "pool-overloaded", "the pool's disk does not keep up"},
    {ShareRefusal::pool_storage_failed, "pool-storage-failed", "the pool could not store it"},
    {ShareRefusal::pool_away, "pool-away", "the pool is down: this share does not count"},
    {ShareRefusal::pool_closed_channel, "pool-closed-channel", "the pool closed this miner's channel"},
    {ShareRefusal::pool_connection_lost, "pool-connection-lost",
     "the connection to the pool ended before its answer came"},
    {ShareRefusal::not_subscribed, "not-subscribed", "mining.subscribe must come first"},
    {ShareRefusal::unauthorized, "unauthorized", "its worker is not authorized on this connection"},
    {ShareRefusal::invalid_version_bits, "invalid-version-bits",
     "its version bits are not 8 hex digits, or are outside the granted mask"},
    {ShareRefusal::too_many_outstanding, "too-many-outstanding",
     "too many earlier shares are not answered yet"},
    {ShareRefusal::bad_line, "bad-line", "the line is not a valid request from a miner"},
};

const ShareRefusalText& text_of(ShareRefusal refusal) {
    const auto at = static_cast<std::size_t>(refusal);
    HP_ASSERT(at < std::size(kRefusals) && kRefusals[at].refusal == refusal);
    return kRefusals[at];
}

}  // namespace

std::span<const ShareRefusalText> share_refusals() { return kRefusals; }
std::string_view word_of(ShareRefusal refusal) { return text_of(refusal).word; }
std::string_view meaning_of(ShareRefusal refusal) { return text_of(refusal).meaning; }

std::optional<ShareRefusal> share_refusal(std::string_view word) {
    const auto found = std::ranges::find(kRefusals, word, &ShareRefusalText::word);
    if (found == std::end(kRefusals)) return {};
    return found->refusal;
}

std::string refusal_text(std::string_view word) {
    std::string out{word};
    if (const auto known = share_refusal(word)) out += ": " + std::string(meaning_of(*known));
    return out;
}

std::string_view refusal_word(std::string_view text) {
    const auto word = text.substr(0, text.find(": "));
    return share_refusal(word) ? word : text;
}

}  // namespace hp::wire
