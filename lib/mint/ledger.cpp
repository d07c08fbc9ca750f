#include "mint/ledger.hpp"

#include "base/crash_point.hpp"
#include "cashu/deciders.hpp"
#include "crypto/random.hpp"
#include "ehash/quote_request.hpp"

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
// cheaper. pubkey_x leads the key lookup: 02 and 03 of one x are one owner.
// refusal: code 0 is no refusal but a number behind a hole whose share has its quote under another number.
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
)sql"};

/// SQLite's page cache, KiB: each owner has a page of quote_key where his next quote goes. The default of
/// 2000 has them read again and again.
constexpr const char* kPageCache = "PRAGMA cache_size=-32768";

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
        is_known, find_other, find_quote, by_key, raise, insert_op, find_op, op_signatures, insert_op_quote,
        has_signature, insert_signature, find_signature, find_spent, insert_spent, totals;
    explicit Statements(store::Database& db)
        : insert_quote{db.prepare("INSERT INTO quote(id, ntime, share_hash, pool_store, seq, unit, amount, "
                                  "paid, issued, pubkey, created_ms, updated_ms) "
                                  "VALUES(?1,?2,?3,?4,?5,?6,?7,?7,0,?8,?9,?9)")},
          find_share{db.prepare("SELECT id, amount, pubkey FROM quote WHERE ntime = ? AND share_hash = ?")},
          insert_refusal{db.prepare(
              "INSERT OR IGNORE INTO refusal(pool_store, seq, share_hash, code, at_ms) VALUES(?,?,?,?,?)")},
          read_last_seq{db.prepare("SELECT last_seq FROM pool WHERE pool_store = ?")},
          write_last_seq{
              db.prepare("INSERT INTO pool(pool_store, last_seq, served_ms) VALUES(?,?,?) ON "
                         "CONFLICT(pool_store) DO UPDATE "
                         "SET last_seq = max(last_seq, excluded.last_seq), served_ms = excluded.served_ms")},
          last_pool{db.prepare("SELECT pool_store, last_seq FROM pool ORDER BY served_ms DESC LIMIT 1")},
          is_known{db.prepare("SELECT EXISTS(SELECT 1 FROM quote WHERE pool_store = ?1 AND seq = ?2) OR "
                              "EXISTS(SELECT 1 FROM refusal WHERE pool_store = ?1 AND seq = ?2)")},
          find_other{
              db.prepare("SELECT 1 FROM quote WHERE pool_store = ? AND seq = ? AND share_hash <> ? LIMIT 1")},
          find_quote{db.prepare(std::string("SELECT ") + kQuoteColumns + " FROM quote WHERE id = ?")},
          by_key{db.prepare(std::string("SELECT ") + kQuoteColumns +
                            " FROM quote WHERE substr(pubkey, 2) = ?1 AND (?2 = 0 OR issued < paid) ORDER BY "
                            "id DESC LIMIT ?3")},
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

Ledger::Ledger(store::Database& db, std::string unit)
    : unit_{std::move(unit)}, statements_{std::make_unique<Statements>(db)} {}
Ledger::~Ledger() = default;

QuoteResult Ledger::create_quote(const Bytes32& pool_store, std::uint64_t seq, const ehash::Intent& intent,
                                 UnixMs now) {
    auto& s = *statements_;
    auto ntime = header_ntime(intent.header);
    auto id = make_uuid_v7(now);
    if (s.insert_quote
            .bind(id, ntime, intent.share_hash, pool_store, seq, unit_, intent.amount, intent.locking_key,
                  now)
            .run_unless_exists()) {
        HP_CRASH_POINT("Q3");
        return {uuid_text(id), false, false, is_number_reused(pool_store, seq, intent.share_hash)};
    }
    s.find_share.bind(ntime, intent.share_hash);
    if (!s.find_share.step()) throw store::DbError(0, "a quote id was drawn twice");
    QuoteResult result{uuid_text(s.find_share.array<16>(0)), true, false};
    if (!ehash::is_replay(intent, static_cast<std::uint64_t>(s.find_share.integer(1)),
                          s.find_share.array<33>(2)))
        result = {{}, false, true};
    s.find_share.reset();
    return result;
}

bool Ledger::is_number_reused(const Bytes32& pool_store, std::uint64_t seq, const Bytes32& share_hash) {
    auto& s = *statements_;
    // Numbers above the mark are new in the normal course of things: nothing to look up for them.
    auto& row = s.read_last_seq.bind(pool_store);
    const std::uint64_t mark = row.step() ? static_cast<std::uint64_t>(row.integer(0)) : 0;
    row.reset();
    if (seq > mark) return false;
    auto& other = s.find_other.bind(pool_store, seq, share_hash);
    const bool is_reused = other.step();
    other.reset();
    return is_reused;
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
    auto& row = s.read_last_seq.bind(pool_store);
    std::uint64_t mark = row.step() ? static_cast<std::uint64_t>(row.integer(0)) : 0;
    row.reset();
    for (std::uint64_t seq : dealt_with)
        if (seq == mark + 1) ++mark;
    // What came before its turn was kept too: a hole that closes opens the way over it.
    auto is_known = [&](std::uint64_t seq) {
        auto& known = s.is_known.bind(pool_store, seq);
        bool yes = known.step() && known.integer(0) != 0;
        known.reset();
        return yes;
    };
    while (is_known(mark + 1)) ++mark;
    for (std::uint64_t seq : dealt_with)
        if (seq > mark && !is_known(seq)) remember_refusal(pool_store, seq, Bytes32{}, 0, now);
    s.write_last_seq.bind(pool_store, mark, now).run();
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
    auto& row =
        statements_->by_key.bind(ByteView{key}.subspan(1), only_mintable, static_cast<std::int64_t>(limit));
    std::vector<Quote> quotes;
    while (row.step()) quotes.push_back(read_quote(row));
    row.reset();
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
