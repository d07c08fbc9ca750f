#include "migration_round.hpp"

#include <sqlite3.h>

#include <array>

#include "store/sqlite.hpp"

namespace hp::crash {
namespace {

constexpr std::int32_t kId = 0x48504d47;
constexpr int kRows = 300;
constexpr std::array kSchema{
    "CREATE TABLE money (id INTEGER PRIMARY KEY, amount INTEGER NOT NULL, owner TEXT NOT NULL) STRICT",
    "ALTER TABLE money ADD COLUMN currency TEXT NOT NULL DEFAULT 'hash';"
    "CREATE INDEX money_owner ON money(owner)",
    "CREATE TABLE sum (owner TEXT PRIMARY KEY, amount INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "INSERT INTO sum SELECT owner, sum(amount) FROM money GROUP BY owner;"
    "ALTER TABLE money DROP COLUMN currency"};

/// What each version's schema must look like: nothing of the next one.
constexpr std::array kShapes{"id,amount,owner|money", "id,amount,owner,currency|money,money_owner",
                             "id,amount,owner|money,money_owner,sum"};

Result<store::Database> open(const std::string& path, store::Journal journal, std::size_t versions) {
    return store::Database::open(path, store::Mode::create, journal, kId, std::span{kSchema}.first(versions));
}

class MigrationRound {
  public:
    MigrationRound(std::uint64_t seed, const CutPlan& plan, CutTally& tally)
        : seed_{seed},
          plan_{plan},
          tally_{tally},
          journal_{seed % 2 ? store::Journal::wal : store::Journal::rollback},
          target_{2 + seed / 2 % 2},
          main_{plan.scratch + "/main"},
          after_{plan.scratch + "/after0"},
          again_{plan.scratch + "/after1"} {}

    void run() {
        if (auto made = make_old(); !made) return report(made.error().what);
        main_.ignores_sync = plan_.ignores_sync;
        main_.before = [this](const Operation& operation) {
            before_change(operation);
            return Verdict{};
        };
        auto migrated = open(path_on(main_), journal_, target_);
        if (!migrated) report("without a cut: " + migrated.error().what);
        tally_.indices += index_;
        ++tally_.promised;
    }

  private:
    static std::string path_on(const Disk& disk) { return disk.path("money.db"); }

    Result<> make_old() {
        HP_TRY(auto db, open(path_on(main_), journal_, 1));
        store::Transaction transaction{db};
        auto insert = db.prepare("INSERT INTO money(amount, owner) VALUES(?,?)");
        for (int i = 1; i <= kRows; ++i)
            insert.bind(i, std::string(40, static_cast<char>('a' + i % 26))).run();
        transaction.commit();
        return {};
    }

    void report(const std::string& what) {
        if (!is_failed_) tally_.failures.push_back(what);
        is_failed_ = true;
    }
    bool is_over() const { return is_failed_ || tally_.cuts >= plan_.cuts_max; }

    void before_change(const Operation& operation) {
        ++index_;
        if (is_over() || (plan_.only_index && index_ != plan_.only_index)) return;
        Rng rng{mix(seed_, index_)};
        std::string trail = "migration --seed " + std::to_string(seed_) + " --at " + std::to_string(index_) +
                            " (before " + name_of(operation.op) + " of " + operation.file + ")";
        // A few outcomes of each moment, since the migration is short.
        for (int i = 0; i < 4 && !is_over(); ++i) try_cut(rng, trail);
        bool is_own_file = operation.file == "money.db" || operation.file == "money.db-wal";
        is_changed_ |= operation.op == Op::write && is_own_file;
    }

    void try_cut(Rng& rng, const std::string& trail) {
        load(after_, main_.cut(rng));
        auto wrong = check_between(after_, is_changed_);
        if (!wrong.empty()) return report(trail + ": " + wrong);
        std::uint64_t count = 0, cut_at = 1 + rng.below(120);
        bool is_cut_again = rng.chance(1, 2);
        after_.before = [&](const Operation& operation) {
            if (!is_cut_again || ++count != cut_at) return Verdict{};
            ++tally_.chained;
            load(again_, after_.cut(rng));
            auto bad = check_between(again_, false);
            if (bad.empty()) bad = finish(again_);
            if (!bad.empty())
                report(trail + ", then before change " + std::to_string(count) + " (" +
                       name_of(operation.op) + " of " + operation.file + "): " + bad);
            return Verdict{};
        };
        wrong = finish(after_);
        after_.before = nullptr;
        if (!wrong.empty()) report(trail + ": " + wrong);
    }

    void load(Disk& disk, const Image& image) {
        ++tally_.cuts;
        tally_.torn += image.is_torn;
        tally_.sectors_dropped += image.dropped;
        disk.load(image);
    }

    /// After the cut: one complete version or the other, and the copy of the old one if anything changed.
    std::string check_between(Disk& disk, bool must_have_backup) {
        std::int64_t version = 0;
        auto wrong = check_shape(path_on(disk), version);
        if (!wrong.empty()) return wrong;
        if (version == 1 && !must_have_backup) return {};
        std::int64_t copied = 0;
        wrong = check_shape(path_on(disk) + ".backup-v1", copied);
        if (wrong.empty() && copied != 1) wrong = "is of version " + std::to_string(copied);
        return wrong.empty() ? wrong : "the backup: " + wrong;
    }

    /// The next start finishes the migration.
    std::string finish(Disk& disk) {
        {
            auto db = open(path_on(disk), journal_, target_);
            if (!db) return "opening: " + db.error().what;
        }
        std::int64_t version = 0;
        auto wrong = check_shape(path_on(disk), version);
        if (wrong.empty() && version != static_cast<std::int64_t>(target_))
            wrong = "the next start leaves version " + std::to_string(version);
        return wrong.empty() ? check_between(disk, true) : wrong;
    }

    static std::string check_shape(const std::string& path, std::int64_t& version) {
        sqlite3* db = nullptr;
        std::string wrong;
        int code = sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE, nullptr);
        if (code != SQLITE_OK) {
            wrong = std::string("does not open: ") + sqlite3_errstr(code);
        } else {
            try {
                wrong = shape_of(db, version);
            } catch (const std::exception& error) {
                wrong = error.what();
            }
        }
        sqlite3_close(db);
        return wrong;
    }

    static std::string shape_of(sqlite3* db, std::int64_t& version) {
        if (Rows rows{db, "PRAGMA integrity_check(1)"}; !rows.next() || rows.text(0) != "ok")
            return "integrity_check: " + rows.text(0);
        {
            Rows rows{db, "PRAGMA user_version"};
            version = rows.next() ? rows.integer(0) : -1;
        }
        if (version < 1 || version > static_cast<std::int64_t>(kSchema.size()))
            return "its version is " + std::to_string(version);
        Rows rows{
            db,
            "SELECT (SELECT group_concat(name) FROM pragma_table_info('money')) || '|' || "
            "(SELECT group_concat(name) FROM (SELECT name FROM sqlite_schema WHERE name NOT LIKE "
            "'sqlite_%' ORDER BY name)), (SELECT count(*) FROM money), (SELECT sum(amount) FROM money)"};
        if (!rows.next()) return "no rows";
        if (auto shape = rows.text(0); shape != kShapes[static_cast<std::size_t>(version - 1)])
            return "version " + std::to_string(version) + " looks like " + shape;
        if (rows.integer(1) != kRows || rows.integer(2) != kRows * (kRows + 1) / 2)
            return "LOST: rows are gone";
        return {};
    }

    std::uint64_t seed_;
    const CutPlan& plan_;
    CutTally& tally_;
    store::Journal journal_;
    std::size_t target_;
    Disk main_, after_, again_;
    std::uint64_t index_{0};
    bool is_changed_{false}, is_failed_{false};
};

}  // namespace

void migration_round(std::uint64_t seed, const CutPlan& plan, CutTally& tally) {
    MigrationRound{seed, plan, tally}.run();
}

}  // namespace hp::crash
