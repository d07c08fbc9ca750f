#include "reopened_log.hpp"

#include <sqlite3.h>

#include "store/sqlite.hpp"
#include "vfs_disk.hpp"

namespace hp::crash {
namespace {

constexpr std::int32_t kId = 0x4850524c;
constexpr const char* kSchema[] = {"CREATE TABLE money (id INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT"};

Result<store::Database> open(const std::string& path) {
    return store::Database::open(path, store::Mode::create, store::Journal::wal, kId, kSchema);
}

void add_rows(store::Database& db, Rng& rng) {
    store::Transaction transaction{db};
    auto insert = db.prepare("INSERT INTO money(note) VALUES(?)");
    for (std::uint64_t i = 1 + rng.below(40); i > 0; --i) insert.bind(std::string(300, 'x')).run();
    transaction.commit();
}

Result<std::int64_t> rows_in(const std::string& path) {
    HP_TRY(auto db, open(path));
    try {
        auto row = db.prepare("SELECT count(*) FROM money");
        return row.step() ? row.integer(0) : 0;
    } catch (const store::DbError& error) {
        return fail(Errc::io, error.what());
    }
}

}  // namespace

std::string reopened_log_round(std::uint64_t seed, const std::string& scratch) {
    Rng rng{mix(seed, kId)};
    Disk disk{scratch + "/log"}, after{scratch + "/log-after"};
    const std::string path = disk.path("money.db");
    bool is_sync_broken = false, is_dead = false;
    disk.before = [&](const Operation& operation) -> Verdict {
        if (is_dead && operation.op != Op::read) return {SQLITE_IOERR_WRITE};
        return is_sync_broken && is_sync(operation.op) ? Verdict{SQLITE_IOERR_FSYNC} : Verdict{};
    };
    {
        auto db = open(path);
        if (!db) return db.error().what;
        for (std::uint64_t i = rng.below(4); i > 0; --i) add_rows(*db, rng);
        is_sync_broken = true;
        try {
            add_rows(*db, rng);
            return "a commit whose sync failed says that it is done";
        } catch (const store::DbError&) {
        }
        is_sync_broken = false;
        is_dead = true;  // killed: no destructors
    }
    is_dead = false;
    auto db = open(path);
    if (!db) return "opening again: " + db.error().what;
    auto row = db->prepare("SELECT count(*) FROM money");
    const std::int64_t readable = row.step() ? row.integer(0) : -1;
    row.reset();
    for (int i = 0; i < 8; ++i) {
        after.load(disk.cut(rng));
        auto left = rows_in(after.path("money.db"));
        if (!left) return "seed " + std::to_string(seed) + ": after the power cut: " + left.error().what;
        if (*left != readable)
            return "seed " + std::to_string(seed) + ": LOST: " + std::to_string(readable) +
                   " rows were readable after the restart, " + std::to_string(*left) + " after the power cut";
    }
    return {};
}

}  // namespace hp::crash
