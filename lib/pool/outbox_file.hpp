// For outbox*.cpp only.
#pragma once
#include <optional>
#include <string>

#include "pool/outbox.hpp"

namespace hp::pool {

/// In the journal: a row got a new quote id; the detail is the previous one.
inline constexpr std::string_view kRequoted = "requoted";

/// Inside a transaction: records what happened to a row, or to all (no `seq`).
void write_journal(store::Database& db, std::optional<std::uint64_t> seq, std::string_view what,
                   const std::string& detail, UnixMs now);

}  // namespace hp::pool
