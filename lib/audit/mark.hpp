// How far a mint's ledger has come, as it was written down elsewhere: in the mint's mark file, and by the
// pool that it serves. Read apart from lib/ehash, which writes it.
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

/// Where a mint keeps its mark while its pool has not let it in.
std::string held_mark(const std::string& mark_file);
/// Of a mint's mark_file, or of its held mark where there is none.
Result<Mark> read_mark(const std::string& mark_file);

/// What a ledger lacks of it.
struct Lack {
    Wide starts{0}, quotes{0}, operations{0}, issued{0}, spent{0};
    Wide doubled_max() const { return issued + spent; }
    std::string text() const;
};
/// An old copy of a ledger that an operator let in.
struct LetIn {
    std::int64_t at_ms{};
    std::string by;
    std::optional<Lack> lost{};  ///< nothing: there was no mark to say it
};
/// Those that are kept beside a mark file: a database that is restored once more has lost its own word of
/// them.
Result<std::vector<LetIn>> read_let_in(const std::string& mark_file);

/// Nothing: the ledger is there, or beyond. Both are of one database.
std::optional<Lack> lack(const Mark& has, const Mark& known);

}  // namespace hp::audit
