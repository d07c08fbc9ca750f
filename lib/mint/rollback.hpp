// An operator's one-time decision: a mint may continue with a database that lacks known commits.
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
    std::optional<std::string> unreadable{};  ///< why the mark file could not be read
    std::vector<Rollback> all{};              ///< ever accepted with this mark file, including this one
};
/// Records in the database, and beside the mark file, what it lacks, who accepted it (`by`) and when, and
/// rewrites the mark file (or the held mark, if there is no other) to match the database. Refused while a
/// mint has the database open.
Result<RollbackAccepted> accept_rollback(const std::string& database, const std::string& mark_file,
                                         const std::string& by, UnixMs now);

}  // namespace hp::mint
