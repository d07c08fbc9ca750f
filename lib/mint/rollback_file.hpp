// Every old copy that was let in, in a file beside the mark (MARK.rollbacks): with a database that is
// restored once more its own table of them goes back too, and what was lost before would be forgotten.
#pragma once
#include <string>
#include <vector>

#include "mint/ledger.hpp"

namespace hp::mint {

std::string rollback_path(const std::string& mark_file);

/// "hashpool mint rollbacks 1", then a line "AT_MS QUOTES OPERATIONS ISSUED SPENT BY" for each, oldest first.
/// "-" for the four where nothing said what it lacked.
std::string to_text(const std::vector<Rollback>& rollbacks);
/// Errors name the line.
Result<std::vector<Rollback>> rollbacks_from_text(std::string_view text);

/// Nothing where there is no file.
Result<std::vector<Rollback>> read_rollbacks(const std::string& mark_file);
/// Adds those of `more`, which take the place of others of their time. Whole or not at all, and synced.
Result<std::vector<Rollback>> add_rollbacks(const std::string& mark_file, const std::vector<Rollback>& more,
                                            const std::string& owned_like);

/// When the rollback is accepted that is under way. One that did not end (a kill, a full disk) goes on with
/// its time, by which its row is one row; `now` otherwise. It is kept in MARK.accepting.
Result<UnixMs> begin_acceptance(const std::string& mark_file, UnixMs now, const std::string& owned_like);
/// It is done, or a mint has started since: the next one is another.
Result<> end_acceptance(const std::string& mark_file);

}  // namespace hp::mint
