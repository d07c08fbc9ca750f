// How far a mint's ledger has come, as recorded elsewhere: in the mint's mark file, and by its pool. Parsed
// independently of lib/ehash, which writes it.
#pragma once
#include <optional>
#include <vector>

#include "audit/wide.hpp"
#include "base/bytes.hpp"

namespace hp::audit {

struct Mark {
    std::string from;  ///< the file that has it
    Bytes store;       ///< id of the mint's database
    std::int64_t generation{};
    Wide quotes{0}, operations{0}, issued{0}, spent{0};
    bool has_sums{true};  ///< false: only the generation is known
};

/// Where a mint keeps its mark until its pool has accepted it.
std::string held_mark(const std::string& mark_file);
/// From a mint's mark_file, or from its held mark if there is none.
Result<Mark> read_mark(const std::string& mark_file);

/// What a ledger lacks of it.
struct Lack {
    Wide starts{0}, quotes{0}, operations{0}, issued{0}, spent{0};
    Wide doubled_max() const { return issued + spent; }
    std::string text() const;
};
/// An old copy of a ledger that an operator accepted.
struct LetIn {
    std::int64_t at_ms{};
    std::string by;
    std::optional<Lack> lost{};  ///< nothing: there was no mark to tell
};
/// Those in the file beside a mark file: a database that was restored again has lost its own record of them.
Result<std::vector<LetIn>> read_let_in(const std::string& mark_file);

/// Nothing: the ledger is at the mark or beyond. Both are from the same database.
std::optional<Lack> lack(const Mark& has, const Mark& known);

}  // namespace hp::audit
