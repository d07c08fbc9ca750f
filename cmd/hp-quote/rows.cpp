#include "rows.hpp"

#include "ehash/owner.hpp"
#include "mint/ledger.hpp"
#include "pool/outbox.hpp"

namespace hp::hp_quote {
namespace {

using store::Statement;

constexpr std::string_view kOutboxColumns =
    "SELECT seq, share_hash, amount, locking_key, worker, accepted_ms, state, quote_id, acked_ms, "
    "dead_reason "
    "FROM outbox ";
constexpr std::string_view kMintColumns =
    "SELECT id, share_hash, seq, unit, amount, paid, issued, pubkey, created_ms, updated_ms FROM quote ";

std::uint64_t natural(const Statement& row, int column) {
    return static_cast<std::uint64_t>(row.integer(column));
}

std::string text_or_empty(const Statement& row, int column) {
    return row.is_null(column) ? std::string() : row.text(column);
}

const char* state_name(std::int64_t state) {
    switch (static_cast<pool::IntentState>(state)) {
        case pool::IntentState::pending:
            return "pending";
        case pool::IntentState::acked:
            return "acked";
        case pool::IntentState::dead:
            return "dead";
    }
    return "unknown";
}

/// -1 for all.
std::int64_t state_number(const std::string& name) {
    for (const auto state : {pool::IntentState::pending, pool::IntentState::acked, pool::IntentState::dead})
        if (name == state_name(static_cast<std::int64_t>(state))) return static_cast<std::int64_t>(state);
    return -1;
}

OutboxRow read_outbox(const Statement& row) {
    OutboxRow out;
    out.seq = natural(row, 0);
    out.share_hash = row.array<32>(1);
    out.amount = natural(row, 2);
    out.locking_key = row.array<33>(3);
    out.worker = ehash::worker_name(row.text(4));
    out.accepted_ms = row.integer(5);
    out.state = state_name(row.integer(6));
    out.quote_id = text_or_empty(row, 7);
    if (!row.is_null(8)) out.acked_ms = row.integer(8);
    out.dead_reason = text_or_empty(row, 9);
    return out;
}

MintRow read_mint(const Statement& row) {
    MintRow out;
    out.quote_id = mint::uuid_text(row.array<16>(0));
    out.share_hash = row.array<32>(1);
    out.seq = natural(row, 2);
    out.unit = row.text(3);
    out.amount = natural(row, 4);
    out.paid = natural(row, 5);
    out.issued = natural(row, 6);
    out.pubkey = row.array<33>(7);
    out.created_ms = row.integer(8);
    out.updated_ms = row.integer(9);
    return out;
}

Statement prepare(store::Database& db, std::string_view columns, std::string_view rest) {
    return db.prepare(std::string(columns) + std::string(rest));
}

template <class Value>
std::optional<OutboxRow> one_outbox(store::Database& db, std::string_view where, const Value& value) {
    auto row = prepare(db, kOutboxColumns, where);
    row.bind(value);
    if (!row.step()) return {};
    return read_outbox(row);
}

template <class Value>
std::optional<MintRow> one_mint(store::Database& db, std::string_view where, const Value& value) {
    auto row = prepare(db, kMintColumns, where);
    row.bind(value);
    if (!row.step()) return {};
    MintRow out = read_mint(row);
    const auto id = row.array<16>(0);
    auto ops = db.prepare(
        "SELECT op.id, op.at_ms, op_quote.amount FROM op_quote JOIN op ON op.id = op_quote.op "
        "WHERE op_quote.quote = ? ORDER BY op.id");
    ops.bind(id);
    while (ops.step()) out.ops.push_back({ops.integer(0), ops.integer(1), natural(ops, 2)});
    auto held = db.prepare(
        "SELECT at_ms, released_ms, released_by, (SELECT max(at_ms) FROM rollback WHERE rollback.at_ms <= "
        "held.at_ms) FROM held WHERE quote = ?");
    if (held.bind(id).step()) {
        auto& hold = out.hold.emplace();
        hold.at_ms = held.integer(0);
        if (!held.is_null(1)) hold.released_ms = held.integer(1);
        hold.released_by = text_or_empty(held, 2);
        if (!held.is_null(3)) hold.let_in_ms = held.integer(3);
    }
    return out;
}

}  // namespace

std::vector<OutboxRow> outbox_rows(store::Database& db, const RowFilter& filter) {
    // Only a few rows are pending or dead, and the outbox can find them.
    std::string where =
        "WHERE (?1 = -1 OR state = ?1) AND (?3 IS NULL OR worker = ?3) AND (?4 IS NULL OR locking_key = ?4)";
    if (filter.state == "pending")
        where +=
            " AND seq IN (SELECT share.seq FROM mint CROSS JOIN share ON share.seq BETWEEN settled + 1 AND "
            "(id << 48 | 0xffffffffffff))";
    if (filter.state == "dead") where += " AND seq IN (SELECT seq FROM dead)";
    auto row = prepare(db, kOutboxColumns, where + " ORDER BY seq DESC LIMIT ?2");
    row.bind(state_number(filter.state), filter.limit, filter.worker, filter.key);
    std::vector<OutboxRow> out;
    while (row.step()) out.push_back(read_outbox(row));
    return out;
}

std::vector<std::string> outbox_workers(store::Database& db) {
    auto row =
        db.prepare("SELECT DISTINCT worker FROM (SELECT worker FROM share ORDER BY seq DESC LIMIT 100000)");
    std::vector<std::string> out;
    while (row.step()) out.push_back(row.text(0));
    return out;
}

std::optional<OutboxRow> outbox_row(store::Database& db, std::uint64_t seq) {
    return one_outbox(db, "WHERE seq = ?", seq);
}
std::optional<OutboxRow> outbox_row(store::Database& db, const Bytes32& hash) {
    return one_outbox(db, "WHERE share_hash = ?", hash);
}
std::optional<OutboxRow> outbox_row(store::Database& db, const std::string& quote_id) {
    if (auto now = one_outbox(db, "WHERE quote_id = ?", quote_id)) return now;
    return one_outbox(db, "WHERE seq = (SELECT seq FROM journal WHERE what = 'requoted' AND detail = ?)",
                      quote_id);
}

std::map<std::uint64_t, std::vector<std::string>> earlier_ids(store::Database& db) {
    std::map<std::uint64_t, std::vector<std::string>> out;
    auto row = db.prepare("SELECT seq, detail FROM journal WHERE what = 'requoted' ORDER BY id");
    while (row.step()) out[natural(row, 0)].push_back(row.text(1));
    return out;
}

std::vector<MintRow> mint_rows(store::Database& db, const RowFilter& filter) {
    auto row =
        prepare(db, kMintColumns,
                "WHERE (?1 = '' OR (?1 = 'issued' AND issued = amount) OR (?1 = 'paid' AND paid = amount AND "
                "issued < amount) OR (?1 = 'held' AND paid = 0)) AND (?3 IS NULL OR pubkey = ?3) ORDER BY id "
                "DESC LIMIT ?2");
    row.bind(filter.state, filter.limit, filter.key);
    std::vector<MintRow> out;
    while (row.step()) out.push_back(read_mint(row));
    return out;
}

std::optional<MintRow> mint_row(store::Database& db, const std::string& quote_id) {
    const auto id = mint::uuid_from_text(quote_id);
    return id ? one_mint(db, "WHERE id = ?", *id) : std::nullopt;
}
std::optional<MintRow> mint_row(store::Database& db, const Bytes32& hash) {
    return one_mint(db, "WHERE share_hash = ?", hash);
}

std::optional<MintRefusal> mint_refusal(store::Database& db, const Bytes32& hash) {
    auto row =
        db.prepare("SELECT seq, code, at_ms FROM refusal WHERE share_hash = ? ORDER BY at_ms DESC LIMIT 1");
    row.bind(hash);
    if (!row.step()) return {};
    return MintRefusal{natural(row, 0), natural(row, 1), row.integer(2)};
}

std::optional<WalletRow> wallet_row(store::Database& db, const std::string& quote_id) {
    auto row = db.prepare("SELECT state, reason, amount, added_ms, done_ms FROM quote WHERE id = ?");
    row.bind(quote_id);
    if (!row.step()) return {};
    WalletRow out;
    out.state = row.text(0);
    out.reason = row.text(1);
    out.amount = natural(row, 2);
    out.added_ms = row.integer(3);
    if (!row.is_null(4)) out.done_ms = row.integer(4);
    return out;
}

}  // namespace hp::hp_quote
