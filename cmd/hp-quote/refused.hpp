// Recently refused shares, from the pool's file keep_refused.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "places.hpp"

namespace hp::hp_quote {

struct RefusedRow {
    std::int64_t at_ms{};
    std::string reason, detail, peer, worker, locking_key;  ///< empty if unknown
    std::uint64_t connection_id{}, channel_id{}, sequence_number{};
    Bytes32 hash{};  ///< header byte order
};

/// Those with one of the hashes, oldest first. Ignores damaged lines.
struct RefusedFound {
    std::vector<RefusedRow> rows;
    std::string why;  ///< without rows: where it looked
};
Result<RefusedFound> find_refused(const Places& places, const std::vector<Bytes32>& hashes);

}  // namespace hp::hp_quote
