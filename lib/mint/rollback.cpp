#include "mint/rollback.hpp"

#include <filesystem>

#include "mint/ledger.hpp"
#include "mint/mark_file.hpp"
#include "mint/release_file.hpp"

namespace hp::mint {

Result<RollbackAccepted> accept_rollback(const std::string& database, const std::string& mark_file,
                                         const std::string& by, UnixMs now) {
    std::error_code error;
    if (!std::filesystem::exists(database, error))
        return fail(Errc::io,
                    "database '" + printable(database, 4096) +
                        "' does not exist: " + (error ? error.message() : "nothing to accept"),
                    "the first start creates a new one, without a mark file");
    HP_TRY(auto db, Ledger::open(database));
    RollbackAccepted out;
    HP_TRY(out.has, Ledger::mark_in(db));
    if (out.has.store == Bytes32{})
        return fail(Errc::refused,
                    "database '" + printable(database, 4096) + "' is empty: it was never used by a mint",
                    "use a copy of the database; to begin a new one, remove it and the mark file '" +
                        printable(mark_file, 4096) + "'");
    auto known = read_known_mark(mark_file);
    if (known)
        out.known = known->mark;
    else if (known.error().code == Errc::invalid)
        out.unreadable = known.error().what;
    else
        return fail(known.error());
    if (out.known) out.lost = ehash::setback(out.has, *out.known);
    // Read everything before writing anything.
    HP_DO(read_rollbacks(mark_file));
    // The mark last: if something fails before, the database is still behind it, and this is repeated.
    if (out.lost || !out.known) {
        HP_TRY(const UnixMs at, begin_acceptance(mark_file, now, database));
        HP_DO(Ledger::remember_rollback(db, out.lost, by, at));
    }
    HP_TRY(const auto in_database, Ledger::rollbacks(db));
    HP_TRY(out.all, add_rollbacks(mark_file, in_database, database));
    // An earlier request does not cover what is held from now on.
    HP_DO(remove_request(database));
    // Without a mark nothing is signed until the pool has confirmed: only it can tell what is missing.
    const bool is_held = !out.known || known->is_held;
    if (is_held && !std::filesystem::remove(mark_file, error) && error)
        return fail(Errc::io, "mark file '" + printable(mark_file, 4096) + "': " + error.message());
    HP_DO(write_mark_file(is_held ? held_mark_path(mark_file) : mark_file, out.has, database));
    HP_DO(end_acceptance(mark_file));
    return out;
}

}  // namespace hp::mint
