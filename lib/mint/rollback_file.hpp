// Every old copy that was accepted, in a file beside the mark (MARK.rollbacks): when the database is restored
// again, its own table of them goes back too, and earlier losses would be forgotten.
#pragma once
#include <string>
#include <vector>

#include "mint/ledger.hpp"

namespace hp::mint {

std::string rollback_path(const std::string& mark_file);

/// "hashpool mint rollbacks 1", then a line "AT_MS QUOTES OPERATIONS ISSUED SPENT BY" for each, oldest first.
/// "-" for the four numbers if it is unknown what was lacking.
std::string to_text(const std::vector<Rollback>& rollbacks);
/// Errors name the line.
Result<std::vector<Rollback>> rollbacks_from_text(std::string_view text);

/// Empty if there is no file.
Result<std::vector<Rollback>> read_rollbacks(const std::string& mark_file);
/// Adds those in `more`, replacing others of the same time. Whole or not at all, and synced.
Result<std::vector<Rollback>> add_rollbacks(const std::string& mark_file, const std::vector<Rollback>& more,
                                            const std::string& owned_like);

/// The time of the acceptance in progress, kept in MARK.accepting. An interrupted one (a kill, a full disk)
/// continues with its own time, so that it has one row; otherwise `now`.
Result<UnixMs> begin_acceptance(const std::string& mark_file, UnixMs now, const std::string& owned_like);
/// It is done, or a mint has started since: the next acceptance is a new one.
Result<> end_acceptance(const std::string& mark_file);

}  // namespace hp::mint
