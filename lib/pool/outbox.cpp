#include "pool/outbox.hpp"

#include <algorithm>

#include "base/crash_point.hpp"
#include "crypto/random.hpp"

namespace hp::pool {
namespace {

constexpr std::int32_t kApplicationId = 0x48504f58;  // "HPOX"
/// Shares of this many hours come back into the duplicate check at start; older tips are stale anyway.
constexpr UnixMs kRecentMs = 6 * 3600 * 1000;
constexpr std::uint64_t kRecentRows = 1'000'000;

/// SQLite's page cache, KiB: the index pages of the current seconds stay in it under full load. The default
/// of 2000 has them read again and again.
constexpr const char* kPageCache = "PRAGMA cache_size=-16384";

// outbox.seq is row_seq(mint, count). The unique key of a share begins with the header's ntime: a share hash
// alone would be a random key, whose every row dirties a page of its own (6-30 times slower); the same share
// has the same header, so uniqueness is the same. 12 bytes of the hash (header byte order: the end without
// the zeros of its work) tell the shares of a second apart as well as 32 do, 2^-96 for any two, and in half
// the pages.
constexpr const char* kSchema[] = {
    R"sql(
CREATE TABLE store(id BLOB NOT NULL) STRICT;
CREATE TABLE mint(
  id INTEGER PRIMARY KEY CHECK(id BETWEEN 0 AND 32767), name TEXT NOT NULL UNIQUE, store BLOB, generation INTEGER,
  CHECK((store IS NULL) = (generation IS NULL))
) STRICT;
CREATE TABLE outbox(
  seq INTEGER PRIMARY KEY,
  ntime INTEGER NOT NULL,
  share_hash BLOB NOT NULL CHECK(length(share_hash) = 32),
  header BLOB NOT NULL CHECK(length(header) = 80),
  target BLOB NOT NULL CHECK(length(target) = 32),
  amount INTEGER NOT NULL CHECK(amount > 0),
  locking_key BLOB NOT NULL CHECK(length(locking_key) = 33),
  worker TEXT NOT NULL,
  accepted_ms INTEGER NOT NULL,
  state INTEGER NOT NULL DEFAULT 0 CHECK(state IN (0, 2, 3)),
  quote_id TEXT,
  acked_ms INTEGER,
  dead_reason TEXT,
  CHECK((state = 2) = (quote_id IS NOT NULL)),
  CHECK((state = 3) = (dead_reason IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX outbox_share ON outbox(ntime, substr(share_hash, 1, 12));
CREATE UNIQUE INDEX outbox_quote ON outbox(quote_id) WHERE quote_id IS NOT NULL;
CREATE INDEX outbox_pending ON outbox(seq) WHERE state = 0;
CREATE INDEX outbox_dead ON outbox(seq) WHERE state = 3;
CREATE TABLE journal(id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, seq INTEGER, what TEXT NOT NULL, detail TEXT NOT NULL) STRICT;
)sql"};

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

void write_journal(store::Database& db, std::optional<std::uint64_t> seq, std::string_view what,
                   const std::string& detail, UnixMs now) {
    db.prepare("INSERT INTO journal(at_ms, seq, what, detail) VALUES(?,?,?,?)")
        .bind(now, seq, what, detail)
        .run();
}

}  // namespace

/// Prepared before the database goes to its writer, used on the writer's thread only.
struct Outbox::Statements {
    store::Statement last_of_mint, insert, ack, bury, page, oldest, remember;
    explicit Statements(store::Database& db)
        : last_of_mint{db.prepare(
              "SELECT seq FROM outbox WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq DESC LIMIT 1")},
          insert{db.prepare(
              "INSERT INTO outbox(seq, ntime, share_hash, header, target, amount, locking_key, worker, "
              "accepted_ms) VALUES(?,?,?,?,?,?,?,?,?)")},
          ack{db.prepare(
              "UPDATE outbox SET state = 2, quote_id = ?, acked_ms = ?, dead_reason = NULL WHERE seq = ?")},
          bury{db.prepare("UPDATE outbox SET state = 3, dead_reason = ? WHERE seq = ? AND state = 0")},
          page{db.prepare(std::string(kRowColumns) + "WHERE state = 0 AND seq BETWEEN ?1 AND ?2 UNION ALL " +
                          kRowColumns +
                          "WHERE state <> 0 AND seq BETWEEN max(?1, ?3 + 1) AND ?2 ORDER BY seq LIMIT ?4")},
          oldest{db.prepare("SELECT accepted_ms FROM outbox WHERE state = 0 AND seq BETWEEN ? AND ? ORDER BY "
                            "seq LIMIT 1")},
          remember{db.prepare("UPDATE mint SET store = ?, generation = ? WHERE id = ?")} {}

    /// The highest row of a mint, or its row 0, which there never is.
    std::uint64_t last_seq(MintId mint) {
        last_of_mint.bind(row_seq(mint, 1), row_seq(mint, kCountMax));
        std::uint64_t seq = last_of_mint.step() ? natural(last_of_mint, 0) : row_seq(mint, 0);
        last_of_mint.reset();
        return seq;
    }
};

Outbox::~Outbox() = default;

Result<store::Database> open_outbox_file(const std::string& path, store::Mode mode) {
    return store::Database::open(path, mode, store::Journal::wal, kApplicationId, kSchema);
}

Result<std::unique_ptr<Outbox>> Outbox::open(const std::string& path, std::span<const std::string> mint_names,
                                             store::Writer::Post post, UnixMs now) {
    HP_TRY(auto db, open_outbox_file(path, store::Mode::create));
    std::unique_ptr<Outbox> outbox{new Outbox};
    try {
        db.exec(kPageCache);
        outbox->read_all(db, mint_names, now);
    } catch (const store::DbError& e) {
        return fail(Errc::io, "outbox '" + path + "': " + e.what());
    }
    outbox->writer_ = std::make_unique<store::Writer>(std::move(db), std::move(post));
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
        auto insert =
            db.prepare("INSERT INTO mint(id, name) VALUES((SELECT coalesce(max(id) + 1, 0) FROM mint), ?)");
        auto is_known = db.prepare("SELECT 1 FROM mint WHERE name = ?");
        for (const auto& name : mint_names) {
            if (!is_known.bind(name).step()) insert.bind(name).run();
            is_known.reset();
        }
        transaction.commit();
    }
    auto mints = db.prepare("SELECT id, name, store, generation FROM mint ORDER BY id");
    while (mints.step()) {
        if (natural(mints, 0) != mints_at_open_.size())
            throw store::DbError(0, "the numbers of the mints have a hole");
        KnownMint mint{mints.text(1), {}, 0, 0, 0};
        if (!mints.is_null(2)) mint.memory = MintMemory{mints.array<32>(2), natural(mints, 3)};
        mints_at_open_.push_back(std::move(mint));
    }
    auto count = [&](const char* sql, std::uint64_t KnownMint::*field) {
        auto counts = db.prepare(sql);
        while (counts.step())
            mints_at_open_.at(static_cast<std::size_t>(counts.integer(0))).*field = natural(counts, 1);
    };
    count("SELECT seq >> 48, count(*) FROM outbox WHERE state = 0 GROUP BY 1", &KnownMint::pending);
    count("SELECT seq >> 48, count(*) FROM outbox WHERE state = 3 GROUP BY 1", &KnownMint::dead);
    statements_ = std::make_unique<Statements>(db);
    auto recent = db.prepare(
        "SELECT header, share_hash FROM outbox WHERE seq BETWEEN ? AND ? AND accepted_ms >= ? ORDER BY seq");
    for (std::size_t i = 0; i < mints_at_open_.size(); ++i) {
        const std::uint64_t last = statements_->last_seq(static_cast<MintId>(i));
        mints_at_open_[i].last_count = count_of_row(last);
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
            // Read here and not kept: after a rollback the next numbers are the table's, not a memory's.
            std::vector<std::uint64_t> last(mints_at_open_.size(), 0);
            for (std::size_t i = 0; i < batch->size(); ++i) {
                const NewIntent& share = (*batch)[i];
                const auto& intent = share.intent;
                std::uint64_t& last_seq = last.at(share.mint);
                if (last_seq == 0) last_seq = statements_->last_seq(share.mint);
                if (statements_->insert
                        .bind(last_seq + 1, header_ntime(intent.header), intent.share_hash, intent.header,
                              intent.target, intent.amount, intent.locking_key, share.worker,
                              share.accepted_ms)
                        .run_unless_exists())
                    (*seqs)[i] = ++last_seq;
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

void Outbox::ack(std::vector<QuoteAck> acks, OnAcked done) {
    auto refused = std::make_shared<std::vector<std::uint64_t>>();
    writer_->submit(
        [this, refused, acks = std::move(acks)](store::Database&) {
            refused->clear();
            for (const QuoteAck& ack : acks) {
                if (!statements_->ack.bind(ack.quote_id, ack.acked_ms, ack.seq).run_unless_exists())
                    refused->push_back(ack.seq);
                HP_CRASH_POINT("P10");
            }
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
            if (statements_->bury.bind(dead.reason, dead.seq).run() == 1)
                write_journal(db, dead.seq, "dead", dead.reason, dead.dead_ms);
        },
        std::move(done));
}

std::vector<StoredIntent> requeue_rows(store::Database& db, const std::vector<std::uint64_t>& seqs,
                                       std::size_t limit, const std::string& by, UnixMs now) {
    std::vector<StoredIntent> rows;
    if (seqs.empty()) {
        auto all = db.prepare(std::string(kRowColumns) + "WHERE state = 3 ORDER BY seq LIMIT ?");
        all.bind(static_cast<std::int64_t>(limit));
        while (all.step()) rows.push_back(read_row(all));
    } else {
        auto one = db.prepare(std::string(kRowColumns) + "WHERE state = 3 AND seq = ?");
        for (std::uint64_t seq : seqs) {
            if (one.bind(seq).step()) rows.push_back(read_row(one));
            one.reset();
        }
    }
    auto update = db.prepare("UPDATE outbox SET state = 0, dead_reason = NULL WHERE seq = ? AND state = 3");
    std::erase_if(rows, [&](StoredIntent& row) {
        if (update.bind(row.seq).run() != 1) return true;  // named twice
        row.state = IntentState::pending;
        write_journal(db, row.seq, "requeued", by, now);
        return false;
    });
    return rows;
}

void Outbox::requeue(std::vector<std::uint64_t> seqs, std::size_t limit, std::string by, UnixMs now,
                     OnRows done) {
    auto rows = std::make_shared<std::vector<StoredIntent>>();
    writer_->submit([=, seqs = std::move(seqs), by = std::move(by)](
                        store::Database& db) { *rows = requeue_rows(db, seqs, limit, by, now); },
                    [rows, done = std::move(done)](Result<> result) {
                        if (result)
                            done(std::move(*rows));
                        else
                            done(fail(result.error()));
                    });
}

void adopt_outbox(store::Database& db, UnixMs now) {
    store::Transaction transaction{db};
    db.prepare("UPDATE store SET id = ?").bind(crypto::random_array<32>()).run();
    write_journal(db, std::nullopt, "adopted", "restored from a backup", now);
    transaction.commit();
}

void Outbox::page(std::uint64_t from_seq, std::uint64_t mint_last_seq, std::size_t limit, OnRows done) {
    auto rows = std::make_shared<std::vector<StoredIntent>>();
    writer_->submit(
        [this, rows, from_seq, mint_last_seq, limit](store::Database&) {
            rows->clear();
            auto& page = statements_->page;
            page.bind(from_seq, row_seq(mint_of_row(from_seq), kCountMax), mint_last_seq,
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
            auto& row = statements_->oldest.bind(row_seq(mint, 1), row_seq(mint, kCountMax));
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

void Outbox::remember_mint(MintId mint, const MintMemory& memory, std::function<void(Result<>)> done) {
    writer_->submit(
        [this, mint, memory](store::Database&) {
            if (statements_->remember.bind(memory.mint_store, memory.generation, std::uint32_t{mint}).run() !=
                1)
                throw store::DbError(0, "no mint " + std::to_string(mint));
        },
        std::move(done));
}

}  // namespace hp::pool
