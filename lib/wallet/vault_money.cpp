// The vault's quotes, proofs and tokens.
#include "wallet/vault.hpp"

namespace hp::wallet {
namespace {

constexpr const char* kCoinStateNames[] = {"unspent", "reserved", "spending", "spent"};
const char* name_of(CoinState state) { return kCoinStateNames[static_cast<std::size_t>(state)]; }

QuoteToMint read_quote_to_mint(const store::Statement& row) {
    return {row.text(0), static_cast<std::uint64_t>(row.integer(1)), row.integer(2) != 0,
            static_cast<unsigned>(row.integer(3))};
}

Wallet::QuoteRow read_quote_row(const store::Statement& row) {
    Wallet::QuoteRow out{row.text(0),    static_cast<std::uint64_t>(row.integer(1)),
                         row.text(2),    row.text(3),
                         row.integer(4), row.integer(5)};
    if (!row.is_null(6)) out.locking_key = row.array<33>(6);
    return out;
}

Wallet::TokenRow read_token(const store::Statement& row) {
    return {row.integer(0), static_cast<std::uint64_t>(row.integer(1)), row.text(2), row.integer(3)};
}

/// count times amount, added up; a sum above 2^64 - 1 (a mint that signs anything) is an error, not a wrap.
void add(std::uint64_t& sum, std::uint64_t amount, std::uint64_t count) {
    std::uint64_t product = 0;
    if (__builtin_mul_overflow(amount, count, &product) || __builtin_add_overflow(sum, product, &sum))
        throw store::DbError(0, "the amounts sum to more than 2^64 - 1");
}

}  // namespace

// ---- quotes

bool Vault::add_quote(const std::string& id, std::uint64_t amount, UnixMs now) {
    return db_.prepare("INSERT INTO quote(id, amount, locking_key, added_ms) VALUES(?,?,?,?)")
        .bind(id, amount, locking_key_, now)
        .run_unless_exists();
}

void Vault::park_quote(const std::string& id, const std::string& reason) {
    db_.prepare("UPDATE quote SET state = 'parked', reason = ?2, op = NULL WHERE id = ?1")
        .bind(id, reason)
        .run();
}

bool Vault::reopen_parked(const std::string& id, std::uint64_t amount) {
    return db_.prepare(
                  "UPDATE quote SET state = 'open', reason = '', tries = 0, is_alone = 1, amount = ?2, "
                  "locking_key = ?3 WHERE id = ?1 AND state = 'parked'")
               .bind(id, amount, locking_key_)
               .run() == 1;
}

std::size_t Vault::open_quote_count() {
    auto row = db_.prepare("SELECT count(*) FROM quote WHERE state = 'open' AND locking_key IS ?");
    return row.bind(locking_key_).step() ? static_cast<std::size_t>(row.integer(0)) : 0;
}

std::vector<QuoteToMint> Vault::next_quotes(std::size_t limit) {
    std::vector<QuoteToMint> out;
    auto row = db_.prepare(
        "SELECT id, amount, is_alone, tries FROM quote WHERE state = 'open' AND locking_key IS ? "
        "ORDER BY is_alone DESC, added_ms LIMIT ?");
    row.bind(locking_key_, static_cast<std::int64_t>(limit));
    while (row.step()) {
        out.push_back(read_quote_to_mint(row));
        if (out.back().is_alone) break;
    }
    return out;
}

void Vault::claim_quote(const std::string& id, std::int64_t op) {
    db_.prepare("UPDATE quote SET state = 'minting', op = ?2 WHERE id = ?1").bind(id, op).run();
}

std::vector<QuoteToMint> Vault::quotes_of(std::int64_t op) {
    std::vector<QuoteToMint> out;
    auto row = db_.prepare("SELECT id, amount, is_alone, tries FROM quote WHERE op = ? ORDER BY rowid");
    row.bind(op);
    while (row.step()) out.push_back(read_quote_to_mint(row));
    return out;
}

void Vault::release_quote(const QuoteToMint& quote) {
    db_.prepare(
           "UPDATE quote SET state = 'open', op = NULL, amount = ?2, is_alone = ?3, tries = ?4 WHERE id = ?1")
        .bind(quote.id, quote.amount, quote.is_alone, std::uint32_t{quote.tries})
        .run();
}

void Vault::finish_quotes(std::int64_t op, UnixMs now) {
    db_.prepare("UPDATE quote SET state = 'done', done_ms = ?2 WHERE op = ?1 AND state = 'minting'")
        .bind(op, now)
        .run();
}

void Vault::remember_asked(std::int64_t op) {
    db_.prepare("INSERT OR IGNORE INTO asked(op, quote) SELECT op, id FROM quote WHERE op = ?")
        .bind(op)
        .run();
}

std::vector<QuoteToMint> Vault::unfinished_asked(std::int64_t op) {
    std::vector<QuoteToMint> out;
    auto row = db_.prepare(
        "SELECT quote.id, amount, is_alone, tries FROM asked JOIN quote ON quote.id = asked.quote "
        "WHERE asked.op = ? AND quote.state IN ('open', 'parked')");
    row.bind(op);
    while (row.step()) out.push_back(read_quote_to_mint(row));
    return out;
}

std::optional<std::int64_t> Vault::done_op_that_asked(const std::string& quote_id) {
    auto row = db_.prepare(
        "SELECT asked.op FROM asked JOIN op ON op.id = asked.op WHERE quote = ? AND op.state = 'done'");
    if (!row.bind(quote_id).step()) return std::nullopt;
    return row.integer(0);
}

void Vault::quote_is_done(const std::string& id, std::int64_t op, UnixMs now) {
    db_.prepare("UPDATE quote SET state = 'done', reason = '', op = ?2, done_ms = ?3 WHERE id = ?1")
        .bind(id, op, now)
        .run();
}

std::vector<Wallet::QuoteRow> Vault::quotes(std::size_t limit) {
    std::vector<Wallet::QuoteRow> out;
    auto row = db_.prepare(
        "SELECT id, amount, state, reason, added_ms, coalesce(done_ms, 0), locking_key FROM quote "
        "ORDER BY added_ms DESC, rowid DESC LIMIT ?");
    row.bind(static_cast<std::int64_t>(std::min<std::size_t>(limit, 1u << 30)));
    while (row.step()) out.push_back(read_quote_row(row));
    return out;
}

std::optional<Wallet::QuoteRow> Vault::quote(const std::string& id) {
    auto row = db_.prepare(
        "SELECT id, amount, state, reason, added_ms, coalesce(done_ms, 0), locking_key FROM quote WHERE id = "
        "?");
    if (!row.bind(id).step()) return std::nullopt;
    return read_quote_row(row);
}

// ---- proofs

std::vector<CoinRow> Vault::coins(CoinState state) {
    std::vector<CoinRow> out;
    auto row = db_.prepare("SELECT y, keyset, amount FROM proof WHERE state = ?");
    row.bind(name_of(state));
    while (row.step())
        out.push_back({row.array<33>(0), read_keyset_id(row, 1), static_cast<std::uint64_t>(row.integer(2))});
    return out;
}

std::size_t Vault::coin_count(CoinState state) {
    auto row = db_.prepare("SELECT count(*) FROM proof WHERE state = ?");
    return row.bind(name_of(state)).step() ? static_cast<std::size_t>(row.integer(0)) : 0;
}

std::optional<CoinState> Vault::state_of(const cashu::PublicKey33& y) {
    auto row = db_.prepare("SELECT state FROM proof WHERE y = ?");
    if (!row.bind(y).step()) return std::nullopt;
    std::string name = row.text(0);
    auto at = std::find(std::begin(kCoinStateNames), std::end(kCoinStateNames), name);
    return static_cast<CoinState>(at - std::begin(kCoinStateNames));
}

cashu::Proof Vault::proof(const cashu::PublicKey33& y) {
    auto row = db_.prepare("SELECT amount, keyset, secret, c, e, s, r FROM proof WHERE y = ?");
    if (!row.bind(y).step()) throw store::DbError(0, "a proof is missing");
    cashu::Proof proof{static_cast<std::uint64_t>(row.integer(0)), read_keyset_id(row, 1), row.text(2),
                       row.array<33>(3)};
    if (!row.is_null(4)) proof.dleq = cashu::ProofDleq{row.array<32>(4), row.array<32>(5), row.array<32>(6)};
    return proof;
}

bool Vault::has_proof(const cashu::PublicKey33& y) {
    auto row = db_.prepare("SELECT 1 FROM proof WHERE y = ? AND state <> 'spent'");
    return row.bind(y).step();
}

bool Vault::put_proof(const cashu::PublicKey33& y, const cashu::Proof& proof, CoinState state,
                      std::optional<std::int64_t> token) {
    std::optional<Bytes32> e, s, r;
    if (proof.dleq) {
        e = proof.dleq->e;
        s = proof.dleq->s;
        r = proof.dleq->r;
    }
    bool is_new =
        db_.prepare(
               "INSERT INTO proof(y, keyset, amount, secret, c, e, s, r, state, token) "
               "VALUES(?,?,?,?,?,?,?,?,?,?)")
            .bind(y, proof.id.bytes(), proof.amount, proof.secret, proof.C, e, s, r, name_of(state), token)
            .run_unless_exists();
    if (!is_new && token) proof_is_reserved(y, *token);
    return is_new;
}

void Vault::spend_in(const cashu::PublicKey33& y, std::int64_t op) {
    db_.prepare(
           "UPDATE proof SET state = 'spending', op = ?2 WHERE y = ?1 AND state IN ('unspent', 'reserved')")
        .bind(y, op)
        .run();
}

std::vector<cashu::PublicKey33> Vault::keys_where(const char* sql, std::int64_t value) {
    std::vector<cashu::PublicKey33> out;
    auto row = db_.prepare(sql);
    row.bind(value);
    while (row.step()) out.push_back(row.array<33>(0));
    return out;
}

std::vector<cashu::PublicKey33> Vault::inputs_of(std::int64_t op) {
    return keys_where("SELECT y FROM proof WHERE op = ? AND state = 'spending'", op);
}

void Vault::inputs_are_spent(std::int64_t op) {
    db_.prepare("UPDATE proof SET state = 'spent' WHERE op = ? AND state = 'spending'").bind(op).run();
    close_tokens();
}

void Vault::inputs_are_free(std::int64_t op) {
    db_.prepare(
           "UPDATE proof SET state = iif(token IS NULL, 'unspent', 'reserved'), op = NULL "
           "WHERE op = ? AND state = 'spending'")
        .bind(op)
        .run();
}

void Vault::proof_is_spent(const cashu::PublicKey33& y) {
    db_.prepare("UPDATE proof SET state = 'spent' WHERE y = ?").bind(y).run();
}

void Vault::proof_is_reserved(const cashu::PublicKey33& y, std::int64_t token) {
    db_.prepare("UPDATE proof SET state = 'reserved', token = ?2 WHERE y = ?1 AND state = 'unspent'")
        .bind(y, token)
        .run();
}

Balance Vault::balance() {
    Balance out;
    auto row = db_.prepare(
        "SELECT state, amount, count(*) FROM proof WHERE state IN ('unspent', 'reserved') "
        "GROUP BY state, amount");
    while (row.step())
        add(row.text(0) == "unspent" ? out.unspent : out.reserved, static_cast<std::uint64_t>(row.integer(1)),
            static_cast<std::uint64_t>(row.integer(2)));
    auto awaited = db_.prepare(
        "SELECT amount, count(*) FROM output JOIN op ON op.id = output.op "
        "WHERE op.state = 'open' GROUP BY amount");
    while (awaited.step())
        add(out.pending, static_cast<std::uint64_t>(awaited.integer(0)),
            static_cast<std::uint64_t>(awaited.integer(1)));
    return out;
}

// ---- tokens

std::int64_t Vault::insert_token(std::uint64_t amount, const std::string& text,
                                 std::optional<std::int64_t> op, UnixMs now) {
    db_.prepare("INSERT INTO token(amount, text, op, made_ms) VALUES(?,?,?,?)")
        .bind(amount, text, op, now)
        .run();
    return db_.last_insert_id();
}

std::optional<std::string> Vault::token_of_op(std::int64_t op) {
    auto row = db_.prepare("SELECT text FROM token WHERE op = ?");
    if (!row.bind(op).step()) return std::nullopt;
    return row.text(0);
}

std::optional<Wallet::TokenRow> Vault::token(std::int64_t id) {
    auto row = db_.prepare("SELECT id, amount, text, made_ms FROM token WHERE id = ? AND state = 'open'");
    if (!row.bind(id).step()) return std::nullopt;
    return read_token(row);
}

std::vector<Wallet::TokenRow> Vault::tokens() {
    std::vector<Wallet::TokenRow> out;
    auto row =
        db_.prepare("SELECT id, amount, text, made_ms FROM token WHERE state = 'open' ORDER BY id DESC");
    while (row.step()) out.push_back(read_token(row));
    return out;
}

std::vector<cashu::PublicKey33> Vault::proofs_of_token(std::int64_t id) {
    return keys_where("SELECT y FROM proof WHERE token = ? AND state = 'reserved'", id);
}

void Vault::close_tokens() {
    db_.exec(
        "UPDATE token SET state = 'closed' WHERE state = 'open' AND NOT EXISTS"
        "(SELECT 1 FROM proof WHERE proof.token = token.id AND proof.state <> 'spent')");
}

}  // namespace hp::wallet
