// For outbox*.cpp only.
#pragma once
#include <optional>
#include <string>

#include "pool/outbox.hpp"
#include "store/reading.hpp"

namespace hp::pool {

/// In the journal: a row got a new quote id; the detail is the previous one.
inline constexpr std::string_view kRequoted = "requoted";
/// Rows left for an archive, or came back; the detail is by whom, and the file.
inline constexpr std::string_view kArchived = "archived", kUnarchived = "unarchived";

/// The file beside its pool, or without one, without changing it.
Result<store::Reading> open_outbox_reading(const std::string& path);

/// Inside a transaction: records what happened to a row, or to all (no `seq`).
void write_journal(store::Database& db, std::optional<std::uint64_t> seq, std::string_view what,
                   const std::string& detail, UnixMs now);

}  // namespace hp::pool
