// Shares from a file: the live code's verdict on a recorded share.
#pragma once
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace hp::mining {

/// One JSON object as in tests/vectors/share-validation.json ("expect" and other members are ignored) to one
/// line of JSON: id, refused (the reason, of a record that hp-pool kept: refused_share.hpp),
/// coinbase_txid_bytes (extended channels), merkle_root, header, hash_bytes, hash_displayed, outcome; only
/// the outcome if the extranonce has the wrong size, or "job" is null, so that there is nothing to hash.
/// Without "ntime_max" no time is too late. An error names the missing or wrong member.
Result<std::string> check_share_line(std::string_view json_line);

}  // namespace hp::mining
