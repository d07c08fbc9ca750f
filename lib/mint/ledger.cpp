#include "mint/ledger.hpp"

#include <algorithm>

#include "base/crash_point.hpp"
#include "cashu/deciders.hpp"
#include "crypto/random.hpp"
#include "ehash/quote_request.hpp"
#include "log/log.hpp"
#include "store/late_map.hpp"

namespace hp::mint {
namespace {

using cashu::BlindedMessage;
using cashu::BlindSignature;
using cashu::Code;
using cashu::KeysetId;
using cashu::Quote;
using cashu::refuse;

constexpr std::int32_t kApplicationId = 0x48504d54;  // "HPMT"

// quote: the primary key is time-ordered (UUID v7), and so is the unique key over the share, which begins
// with the header's ntime: the same share has the same header, so it is as unique as the hash alone and far
// cheaper.
// refusal: code 0 is no refusal but a number that came before its turn; it goes when its turn has come.
constexpr const char* kSchema[] = {
    R"sql(
CREATE TABLE store(id BLOB NOT NULL, generation INTEGER NOT NULL) STRICT;
CREATE TABLE keyset(
  id BLOB PRIMARY KEY, unit TEXT NOT NULL, derivation_index INTEGER NOT NULL, input_fee_ppk INTEGER NOT NULL,
  key_count INTEGER NOT NULL, active INTEGER NOT NULL, created_ms INTEGER NOT NULL,
  UNIQUE(unit, derivation_index)
) STRICT;
CREATE TABLE quote(
  id BLOB PRIMARY KEY CHECK(length(id) = 16),
  ntime INTEGER NOT NULL,
  share_hash BLOB NOT NULL CHECK(length(share_hash) = 32),
  pool_store BLOB NOT NULL,
  seq INTEGER NOT NULL,
  unit TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK(amount > 0),
  paid INTEGER NOT NULL CHECK(paid IN (0, amount)),
  issued INTEGER NOT NULL CHECK(issued BETWEEN 0 AND paid),
  pubkey BLOB NOT NULL CHECK(length(pubkey) = 33),
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX quote_share ON quote(ntime, share_hash);
CREATE INDEX quote_key ON quote(substr(pubkey, 2), id);
CREATE INDEX quote_seq ON quote(pool_store, seq);
CREATE TABLE pool(pool_store BLOB PRIMARY KEY, last_seq INTEGER NOT NULL, served_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE refusal(
  pool_store BLOB NOT NULL, seq INTEGER NOT NULL, share_hash BLOB NOT NULL, code INTEGER NOT NULL, at_ms INTEGER NOT NULL,
  PRIMARY KEY(pool_store, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE op(
  id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, digest BLOB NOT NULL UNIQUE, fee INTEGER NOT NULL, at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE op_quote(
  op INTEGER NOT NULL REFERENCES op(id), quote BLOB NOT NULL REFERENCES quote(id), amount INTEGER NOT NULL CHECK(amount > 0),
  PRIMARY KEY(op, quote)
) STRICT, WITHOUT ROWID;
CREATE TABLE sig(
  B_ BLOB PRIMARY KEY CHECK(length(B_) = 33), keyset BLOB NOT NULL, amount INTEGER NOT NULL, C_ BLOB NOT NULL, e BLOB NOT NULL,
  s BLOB NOT NULL, op INTEGER NOT NULL REFERENCES op(id), position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX sig_op ON sig(op, position);
CREATE TABLE spent(
  Y BLOB PRIMARY KEY CHECK(length(Y) = 33), keyset BLOB NOT NULL, amount INTEGER NOT NULL, witness TEXT, op INTEGER NOT NULL REFERENCES op(id)
) STRICT, WITHOUT ROWID;
)sql",
    // What is random is written late (store::LateMap): share_key has every quote up to the id shares_keyed
    // and some after it, owner has each owner's newest quote up to owners_keyed or a newer one. A quote leads
    // to the owner's one before it. share_key has 12 bytes of the hash, as the pool's outbox does.
    R"sql(
CREATE TABLE quote_v2(
  id BLOB PRIMARY KEY CHECK(length(id) = 16),
  ntime INTEGER NOT NULL,
  share_hash BLOB NOT NULL CHECK(length(share_hash) = 32),
  pool_store BLOB NOT NULL,
  seq INTEGER NOT NULL,
  unit TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK(amount > 0),
  paid INTEGER NOT NULL CHECK(paid = 0 OR paid = amount),
  issued INTEGER NOT NULL CHECK(issued BETWEEN 0 AND paid),
  pubkey BLOB NOT NULL CHECK(length(pubkey) = 33),
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  before BLOB CHECK(before < id)
) STRICT, WITHOUT ROWID;
INSERT INTO quote_v2 SELECT quote.*, lag(id) OVER (PARTITION BY substr(pubkey, 2) ORDER BY id) FROM quote ORDER BY id;
CREATE TABLE share_key(
  ntime INTEGER NOT NULL, hash BLOB NOT NULL CHECK(length(hash) = 12), quote BLOB NOT NULL, PRIMARY KEY(ntime, hash)
) STRICT, WITHOUT ROWID;
INSERT INTO share_key SELECT ntime, substr(share_hash, 1, 12), id FROM quote ORDER BY 1, 2;
CREATE TABLE owner(key BLOB PRIMARY KEY CHECK(length(key) = 32), newest BLOB NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO owner SELECT substr(pubkey, 2), max(id) FROM quote GROUP BY 1;
INSERT OR IGNORE INTO refusal SELECT pool.pool_store, seq, x'', 0, created_ms FROM pool JOIN quote
  ON quote.pool_store = pool.pool_store AND seq > last_seq;
ALTER TABLE store ADD COLUMN shares_keyed BLOB NOT NULL DEFAULT x'';
ALTER TABLE store ADD COLUMN owners_keyed BLOB NOT NULL DEFAULT x'';
UPDATE store SET shares_keyed = coalesce((SELECT max(id) FROM quote), x''), owners_keyed = coalesce((SELECT max(id) FROM quote), x'');
DROP TABLE quote;
ALTER TABLE quote_v2 RENAME TO quote;
)sql"};

/// SQLite's page cache, KiB: outputs and proofs have random keys.
constexpr const char* kPageCache = "PRAGMA cache_size=-16384";

constexpr const char* kQuoteColumns = "id, share_hash, unit, amount, paid, issued, pubkey, updated_ms";

Quote read_quote(const store::Statement& row) {
    Quote quote;
    quote.id = uuid_text(row.array<16>(0));
    quote.request = to_hex(row.blob(1));
    quote.method = "ehash";
    quote.unit = row.text(2);
    quote.amount = static_cast<std::uint64_t>(row.integer(3));
    quote.amount_paid = static_cast<std::uint64_t>(row.integer(4));
    quote.amount_issued = static_cast<std::uint64_t>(row.integer(5));
    quote.pubkey = row.array<33>(6);
    quote.updated_at = row.integer(7) / 1000;
    return quote;
}

BlindSignature read_signature(const store::Statement& row, int first) {
    BlindSignature signature;
    signature.amount = static_cast<std::uint64_t>(row.integer(first));
    auto id = KeysetId::from_bytes(row.blob(first + 1));
    if (!id) throw store::DbError(0, "signature row with a bad keyset id");
    signature.id = *id;
    signature.C_ = row.array<33>(first + 2);
    signature.dleq = cashu::Dleq{row.array<32>(first + 3), row.array<32>(first + 4)};
    return signature;
}

std::uint32_t header_ntime(const ByteArray<80>& header) { return get_le<std::uint32_t>(header.data() + 68); }

}  // namespace

struct Ledger::Statements {
    store::Statement insert_quote, find_share, insert_refusal, read_last_seq, write_last_seq, last_pool,
        find_refusal, forget_early, find_quote, before_quote, newest_of, insert_share_key, set_newest,
        remember_shares_keyed, remember_owners_keyed, raise, insert_op, find_op, op_signatures,
        insert_op_quote, has_signature, insert_signature, find_signature, find_spent, insert_spent, totals;
    explicit Statements(store::Database& db)
        : insert_quote{db.prepare("INSERT INTO quote(id, ntime, share_hash, pool_store, seq, unit, amount, "
                                  "paid, issued, pubkey, created_ms, updated_ms, before) "
                                  "VALUES(?1,?2,?3,?4,?5,?6,?7,?7,0,?8,?9,?9,?10)")},
          find_share{db.prepare("SELECT quote FROM share_key WHERE ntime = ? AND hash = ?")},
          insert_refusal{db.prepare(
              "INSERT OR IGNORE INTO refusal(pool_store, seq, share_hash, code, at_ms) VALUES(?,?,?,?,?)")},
          read_last_seq{db.prepare("SELECT last_seq FROM pool WHERE pool_store = ?")},
          write_last_seq{
              db.prepare("INSERT INTO pool(pool_store, last_seq, served_ms) VALUES(?,?,?) ON "
                         "CONFLICT(pool_store) DO UPDATE "
                         "SET last_seq = max(last_seq, excluded.last_seq), served_ms = excluded.served_ms")},
          last_pool{db.prepare("SELECT pool_store, last_seq FROM pool ORDER BY served_ms DESC LIMIT 1")},
          find_refusal{db.prepare("SELECT share_hash FROM refusal WHERE pool_store = ? AND seq = ?")},
          forget_early{
              db.prepare("DELETE FROM refusal WHERE pool_store = ? AND seq BETWEEN ? AND ? AND code = 0")},
          find_quote{db.prepare(std::string("SELECT ") + kQuoteColumns + " FROM quote WHERE id = ?")},
          before_quote{db.prepare("SELECT before FROM quote WHERE id = ?")},
          newest_of{db.prepare("SELECT newest FROM owner WHERE key = ?")},
          insert_share_key{db.prepare("INSERT INTO share_key(ntime, hash, quote) VALUES(?,?,?)")},
          set_newest{db.prepare("INSERT OR REPLACE INTO owner(key, newest) VALUES(?,?)")},
          remember_shares_keyed{db.prepare("UPDATE store SET shares_keyed = ?")},
          remember_owners_keyed{db.prepare("UPDATE store SET owners_keyed = ?")},
          raise{db.prepare("UPDATE quote SET issued = issued + ?2, updated_ms = max(updated_ms, ?3) WHERE id "
                           "= ?1 AND issued + ?2 <= paid")},
          insert_op{db.prepare("INSERT INTO op(kind, digest, fee, at_ms) VALUES(?,?,?,?) RETURNING id")},
          find_op{db.prepare("SELECT id FROM op WHERE digest = ?")},
          op_signatures{
              db.prepare("SELECT amount, keyset, C_, e, s FROM sig WHERE op = ? ORDER BY position")},
          insert_op_quote{db.prepare("INSERT INTO op_quote(op, quote, amount) VALUES(?,?,?)")},
          has_signature{db.prepare("SELECT 1 FROM sig WHERE B_ = ?")},
          insert_signature{db.prepare(
              "INSERT INTO sig(B_, keyset, amount, C_, e, s, op, position) VALUES(?,?,?,?,?,?,?,?)")},
          find_signature{db.prepare("SELECT amount, keyset, C_, e, s FROM sig WHERE B_ = ?")},
          find_spent{db.prepare("SELECT witness FROM spent WHERE Y = ?")},
          insert_spent{db.prepare("INSERT INTO spent(Y, keyset, amount, witness, op) VALUES(?,?,?,?,?)")},
          // By halves: SQLite's sum() ends in an error above 2^63 - 1.
          totals{db.prepare(
              "SELECT count(*), sum(amount >> 32), sum(amount & 4294967295), "
              "sum(issued >> 32), sum(issued & 4294967295), "
              "(SELECT sum(amount >> 32) FROM sig), (SELECT sum(amount & 4294967295) FROM sig), "
              "(SELECT sum(amount >> 32) FROM spent), (SELECT sum(amount & 4294967295) FROM spent) "
              "FROM quote")} {}
};

Result<store::Database> Ledger::open(const std::string& path) {
    HP_TRY(auto db,
           store::Database::open(path, store::Mode::create, store::Journal::wal, kApplicationId, kSchema));
    db.exec(kPageCache);
    return db;
}

Result<LedgerState> Ledger::begin(store::Database& db) {
    try {
        LedgerState state;
        store::Transaction transaction{db};
        auto row = db.prepare("SELECT id, generation FROM store");
        if (row.step()) {
            state.store_id = row.array<32>(0);
            state.generation = static_cast<std::uint64_t>(row.integer(1)) + 1;
            row.reset();
            db.prepare("UPDATE store SET generation = ?").bind(state.generation).run();
        } else {
            state.store_id = crypto::random_array<32>();
            state.generation = 1;
            db.prepare("INSERT INTO store(id, generation) VALUES(?, 1)").bind(state.store_id).run();
        }
        auto keysets = db.prepare(
            "SELECT id, unit, derivation_index, input_fee_ppk, key_count, active FROM keyset ORDER BY "
            "derivation_index");
        while (keysets.step()) {
            HP_TRY(auto id, KeysetId::from_bytes(keysets.blob(0)));
            state.keysets.push_back({id, keysets.text(1), static_cast<std::uint32_t>(keysets.integer(2)),
                                     static_cast<std::uint64_t>(keysets.integer(3)),
                                     static_cast<unsigned>(keysets.integer(4)), keysets.integer(5) != 0});
        }
        keysets.reset();
        transaction.commit();
        HP_CRASH_POINT("W6");
        return state;
    } catch (const store::DbError& e) {
        return fail(Errc::io, "mint database '" + db.path() + "': " + e.what());
    }
}

void Ledger::add_keyset(store::Database& db, const KeysetRow& row, UnixMs now) {
    db.prepare(
          "INSERT INTO keyset(id, unit, derivation_index, input_fee_ppk, key_count, active, created_ms) "
          "VALUES(?,?,?,?,?,?,?)")
        .bind(row.id.bytes(), row.unit, row.derivation_index, row.input_fee_ppk,
              static_cast<std::int64_t>(row.key_count), row.active, now)
        .run();
}

void Ledger::set_active(store::Database& db, const KeysetId& id, bool active) {
    db.prepare("UPDATE keyset SET active = ? WHERE id = ?").bind(active, id.bytes()).run();
}

namespace {

using QuoteId = ByteArray<16>;

/// As share_key orders them.
struct ShareKey {
    std::uint32_t ntime{};
    ByteArray<12> hash{};
    auto operator<=>(const ShareKey&) const = default;
    ByteView random_part() const { return hash; }
};

ShareKey share_key(std::uint32_t ntime, const Bytes32& share_hash) {
    return {ntime, to_array<12>(ByteView{share_hash}.first(12))};
}

/// The x of a public key: 02 and 03 of one x are one owner.
struct Owner {
    Bytes32 key{};
    auto operator<=>(const Owner&) const = default;
    ByteView random_part() const { return key; }
};

Owner owner_of(const cashu::PublicKey33& key) { return {to_array<32>(ByteView{key}.subspan(1))}; }

std::optional<QuoteId> id_in(store::Statement& row) {
    std::optional<QuoteId> id;
    if (row.step() && !row.is_null(0)) id = row.array<16>(0);
    row.reset();
    return id;
}

}  // namespace

/// What is in memory in step with the database: the keys that wait, and the ids, whose order says from where
/// on.
struct Ledger::Late : store::Writer::Companion {
    Statements& s;
    QuoteIds ids;
    store::LateMap<ShareKey, QuoteId> shares;
    store::LateMap<Owner, QuoteId> newest;
    std::uint32_t newest_key_ntime{0};  // in share_key: beyond it there is nothing to look for there
    std::optional<std::pair<Bytes32, std::uint64_t>> mark;  // the last one that was read or written

    Late(store::Database& db, Statements& statements) : s{statements}, ids{last_id(db)} {
        auto row = db.prepare("SELECT max(ntime) FROM share_key");
        if (row.step()) newest_key_ntime = static_cast<std::uint32_t>(row.integer(0));
        load(db);
    }

    std::optional<QuoteId> find(const ShareKey& key) {
        if (auto id = shares.find(key)) return id;
        if (key.ntime > newest_key_ntime) return {};
        return id_in(s.find_share.bind(key.ntime, key.hash));
    }
    std::optional<QuoteId> newest_of(const Owner& owner) {
        if (auto id = newest.find(owner)) return id;
        return id_in(s.newest_of.bind(owner.key));
    }
    /// How far the pool's numbers are dealt with; nothing: it was never served.
    std::optional<std::uint64_t> mark_of(const Bytes32& pool_store) {
        if (mark && mark->first == pool_store) return mark->second;
        auto& row = s.read_last_seq.bind(pool_store);
        std::optional<std::uint64_t> value;
        if (row.step()) value = static_cast<std::uint64_t>(row.integer(0));
        row.reset();
        if (value) mark.emplace(pool_store, *value);
        return value;
    }
    void set_mark(const Bytes32& pool_store, std::uint64_t value, UnixMs now) {
        s.write_last_seq.run_with(pool_store, value, now);
        mark.emplace(pool_store, value);
    }

    void before_commit(store::Database&) override {
        if (shares.write_next([this](const ShareKey& key, const QuoteId& id) {
                s.insert_share_key.run_with(key.ntime, key.hash, id);
                newest_key_ntime = std::max(newest_key_ntime, key.ntime);
            }))
            s.remember_shares_keyed.run_with(highest(shares.leaving()));
        if (newest.write_next(
                [this](const Owner& owner, const QuoteId& id) { s.set_newest.run_with(owner.key, id); }))
            s.remember_owners_keyed.run_with(highest(newest.leaving()));
    }
    void committed() override {
        shares.committed();
        newest.committed();
    }
    void undo_all() override {
        shares.undo_all();
        newest.undo_all();
        mark.reset();
    }
    void job_begins() override {
        shares.job_begins();
        newest.job_begins();
    }
    void undo_job() override {
        shares.undo_job();
        newest.undo_job();
        mark.reset();
    }

  private:
    static std::optional<QuoteId> last_id(store::Database& db) {
        auto row = db.prepare("SELECT max(id) FROM quote");
        return id_in(row);
    }
    static QuoteId highest(const auto& leaving) {
        QuoteId id{};
        for (const auto& [key, value] : leaving) id = std::max(id, value);
        return id;
    }

    void load(store::Database& db) {
        auto rows = db.prepare(
            "SELECT quote.id, ntime, share_hash, pubkey FROM store CROSS JOIN quote "
            "ON quote.id > min(shares_keyed, owners_keyed) ORDER BY quote.id");
        while (rows.step()) {
            const auto id = rows.array<16>(0);
            const ShareKey share = share_key(static_cast<std::uint32_t>(rows.integer(1)), rows.array<32>(2));
            if (auto before = find(share); !before)
                shares.put(share, id);
            else if (*before != id)
                log::error("mint: quote {} is for the same share as quote {}; ask hp-audit", uuid_text(id),
                           uuid_text(*before));
            newest.put(owner_of(rows.array<33>(3)), id);
        }
        committed();
    }
};

Ledger::Ledger(store::Database& db, std::string unit)
    : unit_{std::move(unit)},
      statements_{std::make_unique<Statements>(db)},
      late_{std::make_unique<Late>(db, *statements_)} {}
Ledger::~Ledger() = default;

store::Writer::Companion* Ledger::companion() { return late_.get(); }

QuoteResult Ledger::create_quote(const Bytes32& pool_store, std::uint64_t seq, const ehash::Intent& intent,
                                 UnixMs now) {
    auto& s = *statements_;
    const std::uint32_t ntime = header_ntime(intent.header);
    const ShareKey share = share_key(ntime, intent.share_hash);
    if (auto before = late_->find(share)) {
        auto& row = s.find_quote.bind(*before);
        if (!row.step()) throw store::DbError(0, "quote " + uuid_text(*before) + " has a key and no row");
        const Quote quote = read_quote(row);
        row.reset();
        if (!ehash::is_replay(intent, quote.amount, *quote.pubkey)) return {{}, false, true};
        return {quote.id, true, false};
    }
    const Owner owner = owner_of(intent.locking_key);
    const QuoteId id = late_->ids.next(now);
    s.insert_quote.run_with(id, ntime, intent.share_hash, pool_store, seq, unit_, intent.amount,
                            intent.locking_key, now, late_->newest_of(owner));
    late_->shares.put(share, id);
    late_->newest.put(owner, id);
    HP_CRASH_POINT("Q3");
    return {uuid_text(id), false, false, is_number_reused(pool_store, seq, intent.share_hash)};
}

/// Of a share that has no quote yet.
bool Ledger::is_number_reused(const Bytes32& pool_store, std::uint64_t seq, const Bytes32& share_hash) {
    // Numbers above the mark are new in the normal course of things.
    if (seq > late_->mark_of(pool_store).value_or(0)) return false;
    // It was dealt with: by refusing this share, or for another one.
    auto& refused = statements_->find_refusal.bind(pool_store, seq);
    const bool is_same = refused.step() && std::ranges::equal(refused.view(0), share_hash);
    refused.reset();
    return !is_same;
}

void Ledger::remember_refusal(const Bytes32& pool_store, std::uint64_t seq, const Bytes32& share_hash,
                              std::uint16_t code, UnixMs now) {
    statements_->insert_refusal.bind(pool_store, seq, share_hash, static_cast<std::int64_t>(code), now).run();
}

Ledger::PoolMemory Ledger::last_pool() {
    auto& row = statements_->last_pool.bind();
    PoolMemory memory;
    if (row.step()) memory = {row.array<32>(0), static_cast<std::uint64_t>(row.integer(1))};
    row.reset();
    return memory;
}

void Ledger::advance(const Bytes32& pool_store, const std::vector<std::uint64_t>& dealt_with, UnixMs now) {
    auto& s = *statements_;
    const std::uint64_t before = late_->mark_of(pool_store).value_or(0);
    std::uint64_t mark = before;
    for (std::uint64_t seq : dealt_with)
        if (seq == mark + 1) ++mark;
    // What came before its turn was kept: a hole that closes opens the way over it.
    auto is_kept = [&](std::uint64_t seq) {
        auto& kept = s.find_refusal.bind(pool_store, seq);
        const bool yes = kept.step();
        kept.reset();
        return yes;
    };
    for (std::uint64_t seq : dealt_with)
        if (seq > mark && !is_kept(seq)) remember_refusal(pool_store, seq, Bytes32{}, 0, now);
    while (is_kept(mark + 1)) ++mark;
    s.forget_early.run_with(pool_store, before + 1, mark);
    late_->set_mark(pool_store, mark, now);
}

std::optional<Quote> Ledger::find_quote(const std::string& id) {
    auto uuid = uuid_from_text(id);
    if (!uuid) return {};
    auto& row = statements_->find_quote.bind(*uuid);
    std::optional<Quote> quote;
    if (row.step()) quote = read_quote(row);
    row.reset();
    return quote;
}

std::vector<Quote> Ledger::find_quotes_by_key(const cashu::PublicKey33& key, bool only_mintable,
                                              std::size_t limit) {
    auto& s = *statements_;
    std::vector<Quote> quotes;
    // The newest first.
    for (auto id = late_->newest_of(owner_of(key)); id && quotes.size() < limit;
         id = id_in(s.before_quote.bind(*id))) {
        auto& row = s.find_quote.bind(*id);
        if (!row.step()) throw store::DbError(0, "quote " + uuid_text(*id) + " of an owner has no row");
        if (Quote quote = read_quote(row); !only_mintable || quote.amount_issued < quote.amount_paid)
            quotes.push_back(std::move(quote));
        row.reset();
    }
    return quotes;
}

std::optional<std::vector<BlindSignature>> Ledger::answered(const Bytes32& digest) {
    auto& op = statements_->find_op.bind(digest);
    if (!op.step()) {
        op.reset();
        return {};
    }
    auto id = op.integer(0);
    op.reset();
    auto& row = statements_->op_signatures.bind(id);
    std::vector<BlindSignature> signatures;
    while (row.step()) signatures.push_back(read_signature(row, 0));
    row.reset();
    return signatures;
}

Answer<> Ledger::check_unsigned(const std::vector<BlindedMessage>& outputs) {
    std::vector<bool> signed_before;
    signed_before.reserve(outputs.size());
    for (const auto& output : outputs) {
        signed_before.push_back(statements_->has_signature.bind(output.B_).step());
        statements_->has_signature.reset();
    }
    return cashu::decide_outputs(signed_before);
}

Answer<std::vector<BlindSignature>> Ledger::issue(OpKind kind, const Bytes32& digest,
                                                  const std::vector<BlindedMessage>& outputs,
                                                  const cashu::MintKeysets& keysets, std::uint64_t fee,
                                                  UnixMs now, std::int64_t& op) {
    HP_TRY(auto signatures, cashu::sign_outputs(outputs, keysets));
    if (kind == OpKind::mint) HP_CRASH_POINT("S3");
    if (kind == OpKind::swap) HP_CRASH_POINT("W3");
    auto& s = *statements_;
    auto& inserted = s.insert_op.bind(static_cast<std::int64_t>(kind), digest, fee, now);
    while (inserted.step()) op = inserted.integer(0);
    HP_CRASH_POINT("S8");
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        const BlindSignature& signature = signatures[i];
        s.insert_signature
            .bind(outputs[i].B_, signature.id.bytes(), signature.amount, signature.C_, signature.dleq->e,
                  signature.dleq->s, op, static_cast<std::int64_t>(i))
            .run();
    }
    if (kind == OpKind::mint) HP_CRASH_POINT("S4");
    return signatures;
}

void Ledger::raise_issued(const Quote& quote, std::uint64_t amount, std::int64_t op, UnixMs now) {
    auto id = *uuid_from_text(quote.id);
    if (statements_->raise.bind(id, amount, now).run() != 1)
        throw store::DbError(0, "quote " + quote.id + " cannot issue that much");
    statements_->insert_op_quote.bind(op, id, amount).run();
    HP_CRASH_POINT("S5");
}

Answer<Signed> Ledger::mint(const Bytes32& digest, const cashu::MintRequest& request,
                            const cashu::MintKeysets& keysets, const cashu::MintPolicy& policy, UnixMs now) {
    if (auto before = answered(digest)) return Signed{std::move(*before), true};
    auto quote = find_quote(request.quote);
    if (!quote) return tl::unexpected(cashu::unknown_quote(request.quote));
    HP_TRY(auto amount, cashu::check_mint(request, *quote, keysets, policy, now / 1000));
    HP_CRASH_POINT("S2");
    HP_DO(check_unsigned(request.outputs));
    std::int64_t op = 0;
    HP_TRY(auto signatures, issue(OpKind::mint, digest, request.outputs, keysets, 0, now, op));
    raise_issued(*quote, amount, op, now);
    return Signed{std::move(signatures)};
}

Answer<Signed> Ledger::mint_batch(const Bytes32& digest, const cashu::BatchMintRequest& request,
                                  const cashu::MintKeysets& keysets, const cashu::MintPolicy& policy,
                                  UnixMs now) {
    if (auto before = answered(digest)) return Signed{std::move(*before), true};
    HP_DO(cashu::check_batch_form(request, policy));
    std::vector<Quote> quotes;
    for (const auto& id : request.quotes) {
        auto quote = find_quote(id);
        if (!quote) return tl::unexpected(cashu::unknown_quote(id));
        quotes.push_back(std::move(*quote));
    }
    HP_TRY(auto amounts, cashu::check_batch_mint(request, quotes, keysets, policy, now / 1000));
    HP_CRASH_POINT("S2");
    HP_DO(check_unsigned(request.outputs));
    std::int64_t op = 0;
    HP_TRY(auto signatures, issue(OpKind::mint, digest, request.outputs, keysets, 0, now, op));
    for (std::size_t i = 0; i < quotes.size(); ++i) raise_issued(quotes[i], amounts[i], op, now);
    return Signed{std::move(signatures)};
}

Answer<Signed> Ledger::swap(const Bytes32& digest, const cashu::SwapRequest& request,
                            const cashu::SwapChecked& checked, const cashu::MintKeysets& keysets,
                            UnixMs now) {
    if (auto before = answered(digest)) return Signed{std::move(*before), true};
    auto& s = *statements_;
    std::vector<cashu::ProofState> states;
    for (const auto& y : checked.ys) {
        states.push_back(s.find_spent.bind(y).step() ? cashu::ProofState::spent : cashu::ProofState::unspent);
        s.find_spent.reset();
    }
    HP_DO(cashu::decide_inputs(states));
    HP_CRASH_POINT("W1");
    HP_DO(check_unsigned(request.outputs));
    std::int64_t op = 0;
    HP_TRY(auto signatures, issue(OpKind::swap, digest, request.outputs, keysets, checked.fee, now, op));
    for (std::size_t i = 0; i < request.inputs.size(); ++i) {
        const auto& proof = request.inputs[i];
        s.insert_spent.bind(checked.ys[i], proof.id.bytes(), proof.amount, proof.witness, op).run();
    }
    HP_CRASH_POINT("W4");
    return Signed{std::move(signatures)};
}

std::vector<cashu::StateOfProof> Ledger::states(const std::vector<cashu::PublicKey33>& ys) {
    std::vector<cashu::StateOfProof> out;
    for (const auto& y : ys) {
        cashu::StateOfProof state{y};
        auto& row = statements_->find_spent.bind(y);
        if (row.step()) {
            state.state = cashu::ProofState::spent;
            if (!row.is_null(0)) state.witness = row.text(0);
        }
        row.reset();
        out.push_back(std::move(state));
    }
    return out;
}

cashu::RestoreResponse Ledger::restore(const cashu::RestoreRequest& request) {
    cashu::RestoreResponse response;
    for (const auto& output : request.outputs) {
        auto& row = statements_->find_signature.bind(output.B_);
        if (row.step()) {
            response.outputs.push_back(output);
            response.signatures.push_back(read_signature(row, 0));
        }
        row.reset();
    }
    return response;
}

Ledger::Totals Ledger::totals() {
    auto& row = statements_->totals.bind();
    Totals totals;
    // The sum of no rows is NULL, which reads as 0.
    auto number = [&](int column) { return static_cast<std::uint64_t>(row.integer(column)); };
    auto sum = [&](int column) { return (Amount128{number(column)} << 32) + number(column + 1); };
    if (row.step()) totals = {number(0), sum(1), sum(3), sum(5), sum(7)};
    row.reset();
    return totals;
}

}  // namespace hp::mint
