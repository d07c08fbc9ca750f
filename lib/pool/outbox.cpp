#include "pool/outbox.hpp"

#include "base/crash_point.hpp"
#include "crypto/random.hpp"

namespace hp::pool {
namespace {

constexpr std::int32_t kApplicationId = 0x48504f58;  // "HPOX"
/// Shares of this many hours come back into the duplicate check at start; older tips are stale anyway.
constexpr UnixMs kRecentMs = 6 * 3600 * 1000;
constexpr std::int64_t kRecentRows = 1'000'000;

/// SQLite's page cache, KiB: the index pages of the current seconds stay in it under full load. The default
/// of 2000 has them read again and again.
constexpr const char* kPageCache = "PRAGMA cache_size=-16384";

// The unique key begins with the header's ntime: a share hash alone would be a random key, whose every row
// dirties a page of its own (6-30 times slower); the same share has the same header, so uniqueness is the
// same. 12 bytes of the hash (header byte order: the end without the zeros of its work) tell the shares of a
// second apart as well as 32 do, 2^-96 for any two, and in half the pages.
constexpr const char* kSchema[] = {
    R"sql(
CREATE TABLE store(id BLOB NOT NULL) STRICT;
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
  state INTEGER NOT NULL DEFAULT 0,
  quote_id TEXT,
  acked_ms INTEGER,
  dead_reason TEXT,
  CHECK((state = 2) = (quote_id IS NOT NULL)),
  CHECK((state = 3) = (dead_reason IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX outbox_share ON outbox(ntime, substr(share_hash, 1, 12));
CREATE INDEX outbox_pending ON outbox(seq) WHERE state = 0;
CREATE INDEX outbox_dead ON outbox(seq) WHERE state = 3;
CREATE TABLE mint(
  mint_key BLOB PRIMARY KEY,
  mint_store BLOB NOT NULL,
  generation INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql"};

std::uint32_t header_ntime(const ByteArray<80>& header) { return get_le<std::uint32_t>(header.data() + 68); }

}  // namespace

/// Prepared before the database goes to its writer, used on the writer's thread only.
struct Outbox::Statements {
    store::Statement insert, ack, bury, page, remember;
    explicit Statements(store::Database& db)
        : insert{db.prepare("INSERT INTO outbox(ntime, share_hash, header, target, amount, locking_key, "
                            "worker, accepted_ms) "
                            "VALUES(?,?,?,?,?,?,?,?)")},
          ack{db.prepare(
              "UPDATE outbox SET state = 2, quote_id = ?, acked_ms = ?, dead_reason = NULL WHERE seq = ?")},
          bury{db.prepare("UPDATE outbox SET state = 3, dead_reason = ? WHERE seq = ? AND state = 0")},
          page{db.prepare("SELECT seq, share_hash, header, target, amount, locking_key, state FROM outbox "
                          "WHERE state = 0 AND seq >= ?1 "
                          "UNION ALL "
                          "SELECT seq, share_hash, header, target, amount, locking_key, state FROM outbox "
                          "WHERE state <> 0 AND seq >= max(?1, ?2 + 1) "
                          "ORDER BY seq LIMIT ?3")},
          remember{db.prepare("INSERT INTO mint(mint_key, mint_store, generation) VALUES(?,?,?) "
                              "ON CONFLICT(mint_key) DO UPDATE SET mint_store = excluded.mint_store, "
                              "generation = excluded.generation")} {}
};

Outbox::~Outbox() = default;

Result<std::unique_ptr<Outbox>> Outbox::open(const std::string& path, store::Writer::Post post, UnixMs now) {
    HP_TRY(auto db,
           store::Database::open(path, store::Mode::create, store::Journal::wal, kApplicationId, kSchema));
    std::unique_ptr<Outbox> outbox{new Outbox};
    try {
        db.exec(kPageCache);
        auto id = db.prepare("SELECT id FROM store");
        if (id.step()) {
            outbox->store_id_ = id.array<32>(0);
        } else {
            outbox->store_id_ = crypto::random_array<32>();
            db.prepare("INSERT INTO store(id) VALUES(?)").bind(outbox->store_id_).run();
        }
        auto count = [&](const char* sql) {
            auto statement = db.prepare(sql);
            return statement.step() ? static_cast<std::uint64_t>(statement.integer(0)) : 0;
        };
        outbox->counts_at_open_.pending = count("SELECT count(*) FROM outbox WHERE state = 0");
        outbox->counts_at_open_.dead = count("SELECT count(*) FROM outbox WHERE state = 3");
        auto last = db.prepare("SELECT max(seq) FROM outbox");
        if (last.step() && !last.is_null(0))
            outbox->counts_at_open_.last_seq = static_cast<std::uint64_t>(last.integer(0));
        auto recent = db.prepare(
            "SELECT header, share_hash FROM outbox WHERE seq > ? AND accepted_ms >= ? ORDER BY seq");
        std::int64_t window = static_cast<std::int64_t>(outbox->counts_at_open_.last_seq) - kRecentRows;
        recent.bind(window, now - kRecentMs);
        while (recent.step()) {
            auto header = recent.array<80>(0);
            outbox->recent_at_open_.emplace_back(to_array<32>(ByteView{header}.subspan(4, 32)),
                                                 recent.array<32>(1));
        }
        auto mints = db.prepare("SELECT mint_key, mint_store, generation FROM mint");
        while (mints.step())
            outbox->mints_.push_back(
                {mints.array<32>(0), {mints.array<32>(1), static_cast<std::uint64_t>(mints.integer(2))}});
        outbox->statements_ = std::make_unique<Statements>(db);
    } catch (const store::DbError& e) {
        return fail(Errc::io, "outbox '" + path + "': " + e.what());
    }
    outbox->writer_ = std::make_unique<store::Writer>(std::move(db), std::move(post));
    return outbox;
}

void Outbox::add(std::shared_ptr<const std::vector<NewIntent>> batch, OnAdded done) {
    auto seqs = std::make_shared<std::vector<std::uint64_t>>();
    writer_->submit(
        [this, batch, seqs](store::Database& db) {
            seqs->assign(batch->size(), 0);
            for (std::size_t i = 0; i < batch->size(); ++i) {
                const NewIntent& share = (*batch)[i];
                const auto& intent = share.intent;
                if (statements_->insert
                        .bind(header_ntime(intent.header), intent.share_hash, intent.header, intent.target,
                              intent.amount, intent.locking_key, share.worker, share.accepted_ms)
                        .run_unless_exists())
                    (*seqs)[i] = static_cast<std::uint64_t>(db.last_insert_id());
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

void Outbox::ack(std::vector<QuoteAck> acks, std::function<void(Result<>)> done) {
    writer_->submit(
        [this, acks = std::move(acks)](store::Database&) {
            for (const QuoteAck& ack : acks) {
                if (statements_->ack.bind(ack.quote_id, ack.acked_ms, ack.seq).run() != 1)
                    throw store::DbError(0, "no outbox row " + std::to_string(ack.seq));
                HP_CRASH_POINT("P10");
            }
        },
        std::move(done));
}

void Outbox::bury(DeadLetter dead, std::function<void(Result<>)> done) {
    writer_->submit([this, dead = std::move(dead)](
                        store::Database&) { statements_->bury.bind(dead.reason, dead.seq).run(); },
                    std::move(done));
}

void Outbox::page(std::uint64_t from_seq, std::uint64_t mint_last_seq, std::size_t limit, OnPage done) {
    auto rows = std::make_shared<std::vector<StoredIntent>>();
    writer_->submit(
        [this, rows, from_seq, mint_last_seq, limit](store::Database&) {
            rows->clear();
            auto& page = statements_->page;
            page.bind(from_seq, mint_last_seq, static_cast<std::int64_t>(limit));
            while (page.step()) {
                StoredIntent row;
                row.seq = static_cast<std::uint64_t>(page.integer(0));
                row.intent.share_hash = page.array<32>(1);
                row.intent.header = page.array<80>(2);
                row.intent.target = page.array<32>(3);
                row.intent.amount = static_cast<std::uint64_t>(page.integer(4));
                row.intent.locking_key = page.array<33>(5);
                row.state = static_cast<IntentState>(page.integer(6));
                rows->push_back(std::move(row));
            }
            page.reset();
        },
        [rows, done = std::move(done)](Result<> result) {
            if (result)
                done(std::move(*rows));
            else
                done(fail(result.error()));
        });
}

std::optional<Outbox::MintMemory> Outbox::mint_memory(const crypto::XOnlyKey32& mint_key) const {
    for (const auto& [key, memory] : mints_)
        if (key == mint_key) return memory;
    return {};
}

void Outbox::remember_mint(const crypto::XOnlyKey32& mint_key, const MintMemory& memory,
                           std::function<void(Result<>)> done) {
    std::erase_if(mints_, [&](const auto& known) { return known.first == mint_key; });
    mints_.emplace_back(mint_key, memory);
    writer_->submit(
        [this, mint_key, memory](store::Database&) {
            statements_->remember.bind(mint_key, memory.mint_store, memory.generation).run();
        },
        std::move(done));
}

}  // namespace hp::pool
