// The ledger's statements, and its in-memory state, kept in step with its transactions. For ledger*.cpp only.
#pragma once
#include <algorithm>

#include "log/log.hpp"
#include "mint/ledger.hpp"
#include "store/late_map.hpp"

namespace hp::mint {

inline constexpr const char* kQuoteColumns = "id, share_hash, unit, amount, paid, issued, pubkey, updated_ms";

struct Ledger::Statements {
    store::Statement insert_quote, find_share, insert_refusal, read_last_seq, write_last_seq, last_pool,
        find_refusal, forget_early, find_quote, before_quote, newest_of, insert_share_key, set_newest,
        remember_shares_keyed, remember_owners_keyed, raise, insert_op, find_op, op_signatures,
        insert_op_quote, has_signature, insert_signature, find_signature, find_spent, insert_spent, totals,
        write_progress, hold, held_totals, held_ids, release, pay;
    explicit Statements(store::Database& db)
        : insert_quote{db.prepare("INSERT INTO quote(id, ntime, share_hash, pool_store, seq, unit, amount, "
                                  "paid, issued, pubkey, created_ms, updated_ms, before) "
                                  "VALUES(?1,?2,?3,?4,?5,?6,?7,?11,0,?8,?9,?9,?10)")},
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
          // In halves: SQLite's sum() fails above 2^63 - 1.
          totals{db.prepare(
              "SELECT count(*), sum(amount >> 32), sum(amount & 4294967295), "
              "sum(issued >> 32), sum(issued & 4294967295), "
              "(SELECT sum(amount >> 32) FROM sig), (SELECT sum(amount & 4294967295) FROM sig), "
              "(SELECT sum(amount >> 32) FROM spent), (SELECT sum(amount & 4294967295) FROM spent) "
              "FROM quote")},
          write_progress{db.prepare(
              "UPDATE progress SET quotes = ?, operations = ?, issued_high = ?, issued_low = ?, spent_high = "
              "?, spent_low = ?")},
          hold{db.prepare("INSERT INTO held(quote, at_ms) VALUES(?,?)")},
          held_totals{db.prepare(
              "SELECT count(*), sum(amount >> 32), sum(amount & 4294967295) FROM held JOIN quote ON id = "
              "held.quote WHERE released_ms IS NULL")},
          held_ids{db.prepare(
              "SELECT quote FROM held WHERE released_ms IS NULL AND quote <= ? ORDER BY quote LIMIT ?")},
          release{db.prepare("UPDATE held SET released_ms = ?, released_by = ? WHERE quote = ? AND "
                             "released_ms IS NULL")},
          pay{db.prepare("UPDATE quote SET paid = amount, updated_ms = ? WHERE id = ? RETURNING amount")} {}
};

using QuoteId = ByteArray<16>;

/// In the order of share_key.
struct ShareKey {
    std::uint32_t ntime{};
    ByteArray<12> hash{};
    auto operator<=>(const ShareKey&) const = default;
    ByteView random_part() const { return hash; }
};

inline ShareKey share_key(std::uint32_t ntime, const Bytes32& share_hash) {
    return {ntime, to_array<12>(ByteView{share_hash}.first(12))};
}

/// The x of a public key: 02 and 03 with the same x are one owner.
struct Owner {
    Bytes32 key{};
    auto operator<=>(const Owner&) const = default;
    ByteView random_part() const { return key; }
};

inline Owner owner_of(const cashu::PublicKey33& key) { return {to_array<32>(ByteView{key}.subspan(1))}; }

inline std::optional<QuoteId> id_in(store::Statement& row) {
    std::optional<QuoteId> id;
    if (row.step() && !row.is_null(0)) id = row.array<16>(0);
    row.reset();
    return id;
}

/// In-memory state in step with the database: keys not written yet, and the ids, whose order tells where to
/// resume.
struct Ledger::Late : store::Writer::TransactionObserver {
    Statements& s;
    QuoteIds ids;
    store::LateMap<ShareKey, QuoteId> shares;
    store::LateMap<Owner, QuoteId> newest;
    std::uint32_t newest_key_ntime{0};                      // in share_key: later ones cannot be there
    std::optional<std::pair<Bytes32, std::uint64_t>> mark;  // the last one that was read or written
    Ledger& ledger;
    ehash::MintMark progress;         // as of the open transaction
    std::optional<UnixMs> let_in_ms;  // when an old copy was last accepted

    Late(Ledger& of, store::Database& db, Statements& statements)
        : s{statements}, ids{last_id(db)}, ledger{of}, progress{read_progress(db)} {
        auto row = db.prepare("SELECT max(ntime) FROM share_key");
        if (row.step()) newest_key_ntime = static_cast<std::uint32_t>(row.integer(0));
        auto let_in = db.prepare("SELECT max(at_ms) FROM rollback");
        if (let_in.step() && !let_in.is_null(0)) let_in_ms = let_in.integer(0);
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
    /// How far the pool's numbers are settled; nothing: it was never served.
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
        if (progress != committed_progress_)
            s.write_progress.run_with(progress.quotes, progress.operations, high_of(progress.issued),
                                      low_of(progress.issued), high_of(progress.spent),
                                      low_of(progress.spent));
    }
    void committed() override {
        shares.committed();
        newest.committed();
        if (progress == committed_progress_) return;
        committed_progress_ = progress;
        if (ledger.on_commit) ledger.on_commit(progress);
    }
    void undo_all() override {
        shares.undo_all();
        newest.undo_all();
        mark.reset();
        progress = committed_progress_;
    }
    void job_begins() override {
        shares.job_begins();
        newest.job_begins();
        before_job_ = progress;
    }
    void undo_job() override {
        shares.undo_job();
        newest.undo_job();
        mark.reset();
        progress = before_job_;
    }

  private:
    ehash::MintMark committed_progress_{progress}, before_job_;

    static ehash::MintMark read_progress(store::Database& db) {
        auto mark = Ledger::mark_in(db);
        if (!mark) throw store::DbError(0, mark.error().what);
        return *mark;
    }
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

}  // namespace hp::mint
