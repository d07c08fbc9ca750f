// Why the pool refuses an SV2 connection or a channel: all reasons. The word is the error_code of
// SetupConnection.Error and OpenMiningChannel.Error, and the `reason` of event records and metrics.
#pragma once
#include <array>
#include <string_view>

namespace hp::wire {

namespace setup_refusal {
inline constexpr const char* kProtocol = "unsupported-protocol";
inline constexpr const char* kVersion = "protocol-version-mismatch";
inline constexpr const char* kFlags = "unsupported-feature-flags";
inline constexpr const char* kMalformed = "malformed-setup-connection";
inline constexpr std::array kAll{kProtocol, kVersion, kFlags, kMalformed};
}  // namespace setup_refusal

namespace channel_refusal {
inline constexpr const char* kTooMany = "too-many-channels";
inline constexpr const char* kTooFewShares =
    "too-few-shares";  ///< from earlier channels; later there is room
inline constexpr const char* kHashRate = "invalid-nominal-hashrate";
inline constexpr const char* kNoTemplate = "no-template-yet";
inline constexpr const char* kLockingKey = "invalid-locking-key";
inline constexpr const char* kMaxTarget = "max-target-out-of-range";
inline constexpr const char* kExtranonce = "min-extranonce-size-too-large";
inline constexpr std::array kAll{kTooMany,    kTooFewShares, kHashRate,  kNoTemplate,
                                 kLockingKey, kMaxTarget,    kExtranonce};
}  // namespace channel_refusal

}  // namespace hp::wire
