#include "pool/outbox.hpp"

#include <algorithm>
#include <map>

#include "base/crash_point.hpp"
#include "crypto/random.hpp"
#include "log/log.hpp"
#include "pool/job_rows.hpp"
#include "pool/outbox_file.hpp"
#include "store/late_map.hpp"

namespace hp::pool {
namespace {

/// Shares of this many hours are loaded into the duplicate check at start; older tips are stale anyway.
constexpr UnixMs kRecentMs = 6 * 3600 * 1000;
constexpr std::uint64_t kRecentRows = 1'000'000;

/// Rows between two updates of a mint's `settled`.
#ifdef HP_CRASH_POINTS
constexpr std::uint64_t kMarkStep = 4;
#else
constexpr std::uint64_t kMarkStep = 256;
#endif

constexpr const char* kRowColumns =
    "SELECT seq, share_hash, header, target, amount, locking_key, state FROM outbox ";

std::uint32_t header_ntime(const ByteArray<80>& header) { return get_le<std::uint32_t>(header.data() + 68); }

std::uint64_t natural(const store::Statement& row, int column) {
    return static_cast<std::uint64_t>(row.integer(column));
}

StoredIntent read_row(const store::Statement& row) {
    StoredIntent out;
    out.seq = natural(row, 0);
    out.intent.share_hash = row.array<32>(1);
    out.intent.header = row.array<80>(2);
    out.intent.target = row.array<32>(3);
    out.intent.amount = natural(row, 4);
    out.intent.locking_key = row.array<33>(5);
    out.state = static_cast<IntentState>(row.integer(6));
    return out;
}

/// From column 4 on.
ehash::MintMark read_mark(const store::Statement& row, const MintMemory& memory) {
    auto sum = [&](int column) {
        return (ehash::Amount128{natural(row, column)} << 32) + natural(row, column + 1);
    };
    return {memory.mint_store, memory.generation, natural(row, 4), natural(row, 5), sum(6), sum(8)};
}

/// In the order of share_key.
struct ShareKey {
    std::uint32_t ntime{};
    ByteArray<12> hash{};
    auto operator<=>(const ShareKey&) const = default;
    ByteView random_part() const { return hash; }
};

ShareKey key_of(std::uint32_t ntime, ByteView share_hash) {
    return {ntime, to_array<12>(share_hash.first(12))};
}

}  // namespace

/// The writer thread's state: statements, prepared before the database moves to its writer, and the shares
/// not yet in share_key.
struct Outbox::Rows : store::Writer::TransactionObserver {
    store::Statement last_of_mint, insert, ack, settled, first_pending, settle, bury, page, oldest, remember,
        save_mark, save_asked, find_key, insert_key, remember_keyed, is_answered, answer_of;
    store::LateMap<ShareKey, std::uint64_t> late;
    JobRows jobs;
    std::uint32_t newest_key_ntime{0};  // in the table: later ones cannot be there

    explicit Rows(store::Database& db)
        : last_of_mint{db.prepare("SELECT max((SELECT id << 48 | archived FROM mint WHERE id = ?3), "
                                  "coalesce((SELECT seq FROM share "
                                  "WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq DESC LIMIT 1), 0))")},
          insert{db.prepare(
              "INSERT INTO share(seq, ntime, share_hash, header, target, amount, locking_key, worker, "
              "accepted_ms, job, extranonce) VALUES(?,?,?,?,?,?,?,?,?,?,?)")},
          ack{db.prepare("INSERT INTO answer(seq, quote_id, acked_ms) VALUES(?,?,?) ON CONFLICT(seq) DO "
                         "UPDATE SET quote_id = excluded.quote_id, acked_ms = excluded.acked_ms")},
          settled{db.prepare("SELECT settled FROM mint WHERE id = ?")},
          first_pending{db.prepare(
              "SELECT seq FROM outbox WHERE seq BETWEEN ? AND ? AND state = 0 ORDER BY seq LIMIT 1")},
          settle{db.prepare("UPDATE mint SET settled = ? WHERE id = ?")},
          bury{db.prepare(
              "INSERT INTO dead(seq, reason) SELECT seq, ?1 FROM outbox WHERE seq = ?2 AND state = 0")},
          page{db.prepare(std::string(kRowColumns) +
                          "WHERE seq BETWEEN ?1 AND ?2 AND (state = 0 OR seq > ?3) ORDER BY seq LIMIT ?4")},
          oldest{
              db.prepare("SELECT accepted_ms FROM mint JOIN outbox ON seq BETWEEN settled + 1 AND (id << 48 "
                         "| 0xffffffffffff) WHERE id = ? AND state = 0 ORDER BY seq LIMIT 1")},
          remember{
              db.prepare("UPDATE mint SET store = ?, generation = ?, again = max(again, ?), asked = NULL "
                         "WHERE id = ?")},
          save_mark{db.prepare("UPDATE mint SET generation = ?, quotes = ?, operations = ?, issued_high = ?, "
                               "issued_low = ?, spent_high = ?, spent_low = ? WHERE id = ? AND store = ?")},
          save_asked{db.prepare("UPDATE mint SET asked = ? WHERE id = ?")},
          find_key{db.prepare("SELECT seq FROM share_key WHERE ntime = ? AND hash = ?")},
          insert_key{db.prepare("INSERT INTO share_key(ntime, hash, seq) VALUES(?,?,?)")},
          remember_keyed{db.prepare("UPDATE mint SET keyed = ? WHERE id = ?")},
          is_answered{db.prepare("SELECT 1 FROM answer WHERE seq = ?")},
          answer_of{db.prepare("SELECT quote_id FROM answer WHERE seq = ?")},
          jobs{db} {
        load_late(db);
    }

    /// The highest row of a mint, archived or not, or its row 0, which never exists.
    std::uint64_t last_seq(MintId mint) {
        return first_of(last_of_mint.bind(row_seq(mint, 1), row_seq(mint, kCountMax), std::uint32_t{mint}))
            .value_or(row_seq(mint, 0));
    }

    /// No row of this mint up to this one is pending.
    std::uint64_t settled_until(MintId mint) {
        return first_of(settled.bind(std::uint32_t{mint})).value_or(row_seq(mint, 0));
    }
    /// These rows are no longer pending. `settled` is written now and then: rows answered above it cost a
    /// lookup at the next start.
    void settle_rows(const std::vector<std::uint64_t>& seqs) {
        std::vector<MintId> touched;
        for (std::uint64_t seq : seqs) {
            const MintId mint = mint_of_row(seq);
            if (!marks.contains(mint)) marks[mint] = {settled_until(mint), settled_until(mint)};
            if (std::ranges::find(touched, mint) == touched.end()) touched.push_back(mint);
            if (seq == marks[mint].now + 1) marks[mint].now = seq;
        }
        for (MintId mint : touched) {
            auto& mark = marks[mint];
            // Rows answered out of order; if there are many, later calls continue.
            constexpr std::uint64_t kLookMax = 4096;
            const std::uint64_t end = std::min(mark.now + kLookMax, last_seq(mint));
            const auto pending = first_of(first_pending.bind(mark.now + 1, end));
            mark.now = pending ? *pending - 1 : end;
            if (mark.now < mark.written + kMarkStep) continue;
            settle.run_with(mark.now, std::uint32_t{mint});
            mark.written = mark.now;
        }
    }
    /// The cached marks are no longer valid.
    void forget_marks() { marks.clear(); }

    void write_mark(MintId mint, const ehash::MintMark& mark) {
        auto high = [](ehash::Amount128 sum) { return static_cast<std::uint64_t>(sum >> 32); };
        auto low = [](ehash::Amount128 sum) { return static_cast<std::uint32_t>(sum); };
        save_mark.run_with(mark.generation, mark.quotes, mark.operations, high(mark.issued), low(mark.issued),
                           high(mark.spent), low(mark.spent), std::uint32_t{mint}, mark.store);
    }

    /// Empty: none.
    std::string answered_with(std::uint64_t seq) {
        auto& row = answer_of.bind(seq);
        std::string id = row.step() ? row.text(0) : std::string{};
        row.reset();
        return id;
    }
    bool has_answer(std::uint64_t seq) { return first_of(is_answered.bind(seq)).has_value(); }
    /// The row of this share.
    std::optional<std::uint64_t> find(const ShareKey& key) {
        if (auto seq = late.find(key)) return seq;
        if (key.ntime > newest_key_ntime) return {};
        return first_of(find_key.bind(key.ntime, key.hash));
    }

    void before_commit(store::Database&) override {
        const bool is_last = late.write_next([this](const ShareKey& key, std::uint64_t seq) {
            insert_key.run_with(key.ntime, key.hash, seq);
            newest_key_ntime = std::max(newest_key_ntime, key.ntime);
        });
        if (is_last) save_keyed();
    }
    void committed() override { late.committed(); }
    void undo_all() override {
        late.undo_all();
        forget_marks();
        jobs.forget();
    }
    void job_begins() override { late.job_begins(); }
    void undo_job() override {
        late.undo_job();
        forget_marks();
        jobs.forget();
    }

  private:
    struct Mark {
        std::uint64_t now{}, written{};  ///< no row up to it is pending; and its value in the table
    };
    std::map<MintId, Mark> marks;

    static std::optional<std::uint64_t> first_of(store::Statement& statement) {
        std::optional<std::uint64_t> value;
        if (statement.step()) value = natural(statement, 0);
        statement.reset();
        return value;
    }

    void save_keyed() {
        std::map<MintId, std::uint64_t> keyed;
        for (const auto& [key, seq] : late.leaving()) {
            auto& highest = keyed[mint_of_row(seq)];
            highest = std::max(highest, seq);
        }
        for (const auto& [mint, seq] : keyed) remember_keyed.run_with(seq, std::uint32_t{mint});
    }

    void load_late(store::Database& db) {
        auto newest = db.prepare("SELECT max(ntime) FROM share_key");
        if (newest.step()) newest_key_ntime = static_cast<std::uint32_t>(newest.integer(0));
        auto rows = db.prepare(
            "SELECT seq, ntime, share_hash FROM mint CROSS JOIN share "
            "ON seq BETWEEN keyed + 1 AND (id << 48 | 0xffffffffffff)");
        while (rows.step()) {
            const ShareKey key = key_of(static_cast<std::uint32_t>(rows.integer(1)), rows.view(2));
            const std::uint64_t seq = natural(rows, 0);
            if (auto before = find(key); !before)
                late.put(key, seq);
            else if (*before != seq)
                log::error("outbox: row {} is the same share as row {}; ask hp-audit", seq, *before);
        }
        late.committed();
    }
};

Outbox::~Outbox() = default;

Result<std::unique_ptr<Outbox>> Outbox::open(const std::string& path, std::span<const std::string> mint_names,
                                             store::Writer::Post post, UnixMs now) {
    HP_TRY(auto db, open_outbox_file(path, store::Mode::create));
    std::unique_ptr<Outbox> outbox{new Outbox};
    try {
        outbox->read_all(db, mint_names, now);
    } catch (const store::DbError& e) {
        return fail(Errc::io, "outbox '" + path + "': " + e.what());
    }
    outbox->writer_ = std::make_unique<store::Writer>(std::move(db), std::move(post), outbox->rows_.get());
    return outbox;
}

void Outbox::read_all(store::Database& db, std::span<const std::string> mint_names, UnixMs now) {
    {
        store::Transaction transaction{db};
        auto id = db.prepare("SELECT id FROM store");
        if (id.step()) {
            store_id_ = id.array<32>(0);
        } else {
            store_id_ = crypto::random_array<32>();
            db.prepare("INSERT INTO store(id) VALUES(?)").bind(store_id_).run();
        }
        id.reset();
        auto insert = db.prepare(
            "INSERT INTO mint(id, name, keyed, settled) SELECT n, ?, n << 48, n << 48 FROM (SELECT "
            "coalesce(max(id) + 1, 0) AS n FROM mint)");
        auto is_known = db.prepare("SELECT 1 FROM mint WHERE name = ?");
        for (const auto& name : mint_names) {
            if (!is_known.bind(name).step()) insert.bind(name).run();
            is_known.reset();
        }
        transaction.commit();
    }
    auto mints = db.prepare(
        "SELECT id, name, store, generation, quotes, operations, issued_high, issued_low, spent_high, "
        "spent_low, asked, again, archived FROM mint ORDER BY id");
    std::vector<MintId> unknown_asked;
    while (mints.step()) {
        if (natural(mints, 0) != mints_at_open_.size()) throw store::DbError(0, "the mint ids have a gap");
        KnownMint mint;
        mint.name = mints.text(1);
        if (!mints.is_null(2)) mint.memory = MintMemory{mints.array<32>(2), natural(mints, 3), {}};
        if (mint.memory && !mints.is_null(4)) mint.memory->mark = read_mark(mints, *mint.memory);
        mint.again_until = natural(mints, 11);
        mint.archived_until = natural(mints, 12);
        if (!mints.is_null(10))
            mint.asked_until = natural(mints, 10);
        else if (mint.memory)
            unknown_asked.push_back(static_cast<MintId>(mints_at_open_.size()));
        mints_at_open_.push_back(std::move(mint));
    }
    auto count = [&](const char* sql, std::uint64_t KnownMint::*field) {
        auto counts = db.prepare(sql);
        while (counts.step())
            mints_at_open_.at(static_cast<std::size_t>(counts.integer(0))).*field = natural(counts, 1);
    };
    count(
        "SELECT id, count(*) FROM mint CROSS JOIN outbox ON seq BETWEEN settled + 1 AND (id << 48 | "
        "0xffffffffffff) WHERE state = 0 GROUP BY id",
        &KnownMint::pending);
    count("SELECT seq >> 48, count(*) FROM dead WHERE seq NOT IN (SELECT seq FROM answer) GROUP BY 1",
          &KnownMint::dead);
    rows_ = std::make_unique<Rows>(db);
    auto recent = db.prepare(
        "SELECT header, share_hash FROM share WHERE seq BETWEEN ? AND ? AND accepted_ms >= ? ORDER BY seq");
    for (std::size_t i = 0; i < mints_at_open_.size(); ++i) {
        const std::uint64_t last = rows_->last_seq(static_cast<MintId>(i));
        mints_at_open_[i].last_count = count_of_row(last);
        // A session was up when the pool was killed.
        if (std::ranges::find(unknown_asked, i) != unknown_asked.end()) {
            mints_at_open_[i].asked_until = count_of_row(last);
            rows_->save_asked.run_with(count_of_row(last), static_cast<std::uint32_t>(i));
        }
        const std::uint64_t behind = std::min(kRecentRows, count_of_row(last));
        recent.bind(last - behind, last, now - kRecentMs);
        while (recent.step()) {
            auto header = recent.array<80>(0);
            recent_at_open_.emplace_back(to_array<32>(ByteView{header}.subspan(4, 32)), recent.array<32>(1));
        }
    }
}

void Outbox::add(std::shared_ptr<const std::vector<NewIntent>> batch, OnAdded done) {
    auto seqs = std::make_shared<std::vector<std::uint64_t>>();
    writer_->submit(
        [this, batch, seqs](store::Database&) {
            seqs->assign(batch->size(), 0);
            // Read here, not cached: after a rollback the next numbers must come from the table.
            std::vector<std::uint64_t> last(mints_at_open_.size(), 0);
            for (std::size_t i = 0; i < batch->size(); ++i) {
                const NewIntent& share = (*batch)[i];
                const auto& intent = share.intent;
                const std::uint32_t ntime = header_ntime(intent.header);
                const ShareKey key = key_of(ntime, intent.share_hash);
                if (rows_->find(key)) continue;
                std::uint64_t& last_seq = last.at(share.mint);
                if (last_seq == 0) last_seq = rows_->last_seq(share.mint);
                const auto job = rows_->jobs.row_of(share);
                rows_->insert.run_with(++last_seq, ntime, intent.share_hash, intent.header, intent.target,
                                       intent.amount, intent.locking_key, share.worker, share.accepted_ms,
                                       job, job ? std::optional{share.extranonce.view()} : std::nullopt);
                rows_->late.put(key, last_seq);
                (*seqs)[i] = last_seq;
                HP_CRASH_POINT("P2");
            }
        },
        [seqs, done = std::move(done)](Result<> result) {
            if (result)
                done(std::move(*seqs));
            else
                done(fail(result.error()));
        });
}

void Outbox::ack(std::shared_ptr<const std::vector<QuoteAck>> acks, OnAcked done) {
    auto refused = std::make_shared<std::vector<std::uint64_t>>();
    // If this is lost, the rows are sent and answered again.
    writer_->submit_unhurried(
        [this, refused, acks](store::Database& db) {
            refused->clear();
            std::vector<std::uint64_t> answered;
            answered.reserve(acks->size());
            for (const QuoteAck& ack : *acks) {
                // The owner may have minted under the earlier id before the mint lost it.
                const std::string earlier =
                    ack.state_before == IntentState::acked ? rows_->answered_with(ack.seq) : std::string{};
                const bool is_new = rows_->ack.run_with_unless_exists(ack.seq, ack.quote_id, ack.acked_ms);
                (is_new ? answered : *refused).push_back(ack.seq);
                if (is_new && !earlier.empty() && earlier != ack.quote_id)
                    write_journal(db, ack.seq, kRequoted, earlier, ack.acked_ms);
                HP_CRASH_POINT("P10");
            }
            rows_->settle_rows(answered);
        },
        [refused, done = std::move(done)](Result<> result) {
            if (result)
                done(std::move(*refused));
            else
                done(fail(result.error()));
        });
}

void Outbox::bury(DeadLetter dead, std::function<void(Result<>)> done) {
    writer_->submit(
        [this, dead = std::move(dead)](store::Database& db) {
            if (rows_->bury.run_with(dead.reason, dead.seq) == 0) return;
            write_journal(db, dead.seq, "dead", dead.reason, dead.dead_ms);
            rows_->settle_rows({dead.seq});
        },
        std::move(done));
}

std::vector<StoredIntent> requeue_rows(store::Database& db, const std::vector<std::uint64_t>& seqs,
                                       std::size_t limit, const std::string& by, UnixMs now) {
    std::vector<StoredIntent> rows;
    if (seqs.empty()) {
        auto all = db.prepare(std::string(kRowColumns) +
                              "WHERE seq IN (SELECT seq FROM dead) AND state = 3 ORDER BY "
                              "seq LIMIT ?");
        all.bind(static_cast<std::int64_t>(limit));
        while (all.step()) rows.push_back(read_row(all));
    } else {
        auto one = db.prepare(std::string(kRowColumns) + "WHERE state = 3 AND seq = ?");
        for (std::uint64_t seq : seqs) {
            if (one.bind(seq).step()) rows.push_back(read_row(one));
            one.reset();
        }
    }
    auto revive = db.prepare("DELETE FROM dead WHERE seq = ?");
    auto unsettle = db.prepare("UPDATE mint SET settled = min(settled, ?1 - 1) WHERE id = ?1 >> 48");
    std::erase_if(rows, [&](StoredIntent& row) {
        if (revive.bind(row.seq).run() != 1) return true;  // named twice
        unsettle.bind(row.seq).run();
        row.state = IntentState::pending;
        write_journal(db, row.seq, "requeued", by, now);
        return false;
    });
    return rows;
}

void Outbox::requeue(std::vector<std::uint64_t> seqs, std::size_t limit, std::string by, UnixMs now,
                     OnRows done) {
    auto rows = std::make_shared<std::vector<StoredIntent>>();
    writer_->submit(
        [this, rows, limit, now, seqs = std::move(seqs), by = std::move(by)](store::Database& db) {
            *rows = requeue_rows(db, seqs, limit, by, now);
            rows_->forget_marks();
        },
        [rows, done = std::move(done)](Result<> result) {
            if (result)
                done(std::move(*rows));
            else
                done(fail(result.error()));
        });
}

void Outbox::page(std::uint64_t from_seq, std::uint64_t mint_last_seq, std::size_t limit, OnRows done) {
    auto rows = std::make_shared<std::vector<StoredIntent>>();
    writer_->submit(
        [this, rows, from_seq, mint_last_seq, limit](store::Database&) {
            rows->clear();
            auto& page = rows_->page;
            const MintId mint = mint_of_row(from_seq);
            const std::uint64_t first = std::min(rows_->settled_until(mint), mint_last_seq) + 1;
            page.bind(std::max(from_seq, first), row_seq(mint, kCountMax), mint_last_seq,
                      static_cast<std::int64_t>(limit));
            while (page.step()) rows->push_back(read_row(page));
            page.reset();
        },
        [rows, done = std::move(done)](Result<> result) {
            if (result)
                done(std::move(*rows));
            else
                done(fail(result.error()));
        });
}

void Outbox::oldest_pending(MintId mint, std::function<void(Result<std::optional<UnixMs>>)> done) {
    auto oldest = std::make_shared<std::optional<UnixMs>>();
    writer_->submit(
        [this, mint, oldest](store::Database&) {
            auto& row = rows_->oldest.bind(std::uint32_t{mint});
            *oldest = row.step() ? std::optional<UnixMs>{row.integer(0)} : std::nullopt;
            row.reset();
        },
        [oldest, done = std::move(done)](Result<> result) {
            if (result)
                done(*oldest);
            else
                done(fail(result.error()));
        });
}

void Outbox::remember_mint(MintId mint, const MintMemory& memory, std::optional<std::uint64_t> open_row,
                           std::uint64_t again_until, std::function<void(Result<bool>)> done) {
    auto is_remembered = std::make_shared<bool>();
    writer_->submit(
        [this, mint, memory, open_row, again_until, is_remembered](store::Database&) {
            *is_remembered = !open_row || !rows_->has_answer(*open_row);
            if (!*is_remembered) return;
            if (rows_->remember.bind(memory.mint_store, memory.generation, again_until, std::uint32_t{mint})
                    .run() != 1)
                throw store::DbError(0, "there is no mint " + std::to_string(mint));
            if (memory.mark) rows_->write_mark(mint, *memory.mark);
        },
        [is_remembered, done = std::move(done)](Result<> result) {
            if (result)
                done(*is_remembered);
            else
                done(fail(result.error()));
        });
}

void Outbox::save_asked(MintId mint, std::uint64_t asked_until) {
    // If it cannot be saved, the next start assumes that all rows were sent, which is safe.
    writer_->submit([this, mint, asked_until](
                        store::Database&) { rows_->save_asked.run_with(asked_until, std::uint32_t{mint}); },
                    [](Result<>) {});
}

void Outbox::save_mark(MintId mint, const ehash::MintMark& mark, std::function<void(Result<>)> done) {
    writer_->submit_unhurried([this, mint, mark](store::Database&) { rows_->write_mark(mint, mark); },
                              std::move(done));
}

}  // namespace hp::pool
