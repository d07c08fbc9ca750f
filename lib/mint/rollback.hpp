// An operator's decision, once: a mint may go on with a database that lacks what is known to have been
// committed.
#pragma once
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "ehash/mint_mark.hpp"
#include "mint/rollback_file.hpp"

namespace hp::mint {

struct RollbackAccepted {
    ehash::MintMark has;                      ///< the database
    std::optional<ehash::MintMark> known;     ///< the mark file, or the held mark; nothing: neither
    std::optional<ehash::Setback> lost;       ///< what the database lacks of it
    std::optional<std::string> unreadable{};  ///< why the mark file said nothing
    std::vector<Rollback> all{};              ///< that were ever accepted with this mark file, this one too
};
/// Keeps in the database, and beside the mark file, what it lacks, who let it in (`by`) and when, and writes
/// the mark file (or the held mark, where there is no other) new, as the database is. Refused while a mint
/// has the database open.
Result<RollbackAccepted> accept_rollback(const std::string& database, const std::string& mark_file,
                                         const std::string& by, UnixMs now);

}  // namespace hp::mint
