// The mint's ledger: quotes, signatures, spent proofs, and every answer ever given for them. All calls run
// inside a Writer's transaction, on its thread, and may run again after a rollback; each checks everything
// before it writes anything. A repeated request gets the same answer for ever (NUT-19 without a limit).
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cashu/nut07.hpp"
#include "cashu/nut09.hpp"
#include "cashu/nut29.hpp"
#include "ehash/intent.hpp"
#include "ehash/mint_mark.hpp"
#include "store/writer.hpp"

namespace hp::mint {

using cashu::Answer;

/// A keyset as stored; its keys are derived from the seed.
struct KeysetRow {
    cashu::KeysetId id;
    std::string unit;
    std::uint32_t derivation_index{};
    std::uint64_t input_fee_ppk{};
    unsigned key_count{};
    bool active{};
};

/// The database's contents at start.
struct LedgerState {
    Bytes32 store_id{};
    std::uint64_t generation{};  ///< incremented and synced at each start
    std::vector<KeysetRow> keysets;
};

/// The verdict on one QuoteRequest of a batch.
struct QuoteResult {
    std::string quote_id;  ///< empty: refused
    bool replay{false};
    bool conflict{false};
    /// The quote is new, but its number belongs to another share of this pool: the pool has reused the number
    /// (an old copy of its outbox). The share was mined, so its quote is valid.
    bool is_number_reused{false};
    /// The quote is new, although the share had one before: it waits for the operator.
    bool is_held{false};
};

/// Whether a quote for a share may have been lost when an older copy of the database was accepted at
/// `let_in_ms`, judging by the share's header time (seconds): it is not newer than that, or it is ahead of
/// `now` within the two hours in which an earlier share's can be.
bool may_be_lost(std::uint32_t ntime, UnixMs let_in_ms, UnixMs now);

/// Quotes held until an operator releases them, or released.
struct HeldQuotes {
    std::uint64_t quotes{};
    ehash::Amount128 amount{};
};

/// A sum as stored in the tables: high * 2^32 + low.
inline std::uint64_t high_of(ehash::Amount128 sum) { return static_cast<std::uint64_t>(sum >> 32); }
inline std::uint64_t low_of(ehash::Amount128 sum) { return static_cast<std::uint32_t>(sum); }

/// Signatures, and whether they repeat the answer to an earlier request.
struct Signed {
    std::vector<cashu::BlindSignature> signatures;
    bool is_replay{false};
};

/// An old copy that was accepted.
struct Rollback {
    UnixMs at_ms{};
    std::string by;
    std::optional<ehash::Setback> lost;  ///< without generations; nothing: there was no mark to tell
};

class Ledger {
  public:
    static Result<store::Database> open(const std::string& path);
    /// Reads, and increments the generation. Once, before the Writer takes the database.
    static Result<LedgerState> begin(store::Database& db);
    /// How far the database has come; all zero when it is new.
    static Result<ehash::MintMark> mark_in(store::Database& db);
    /// Records in the database that an operator accepted it although it lacks known commits, or although it
    /// is unknown what it lacks; once per `now`.
    static Result<> remember_rollback(store::Database& db, const std::optional<ehash::Setback>& lost,
                                      const std::string& by, UnixMs now);
    static Result<std::vector<Rollback>> rollbacks(store::Database& db);
    static void add_keyset(store::Database& db, const KeysetRow& row, UnixMs now);
    static void set_active(store::Database& db, const cashu::KeysetId& id, bool active);

    /// Prepares its statements. They belong to the connection behind `db`, which may move (into a Writer).
    Ledger(store::Database& db, std::string unit);
    ~Ledger();
    /// Notified by the writer of its transactions: part of the ledger is in memory.
    store::Writer::TransactionObserver* observer();
    /// Called after each commit that moved it, on the writer's thread. Set it beforehand.
    std::function<void(const ehash::MintMark&)> on_commit;

    /// A paid quote for the intent, once per share hash: creation and payment are one row, one transaction. A
    /// new one is held, i.e. unpaid until released, if the pool had a quote for it before (`was_answered`) or
    /// if an accepted old copy of this database may have lost one (may_be_lost).
    QuoteResult create_quote(const Bytes32& pool_store, std::uint64_t seq, const ehash::Intent& intent,
                             UnixMs now, bool was_answered = false);
    HeldQuotes held();
    /// Makes held quotes paid; leaves others unchanged.
    HeldQuotes release(const std::vector<std::string>& ids, const std::string& by, UnixMs now);
    /// Likewise for those created up to `last`, a quote id, oldest first, at most `limit`.
    HeldQuotes release_until(const std::string& last, std::size_t limit, const std::string& by, UnixMs now);
    /// Records a request refused for good: its number leaves no gap, and the operator can see it.
    void remember_refusal(const Bytes32& pool_store, std::uint64_t seq, const Bytes32& share_hash,
                          std::uint16_t code, UnixMs now);
    /// The pool store served last, and the highest number up to which all are stored or refused; zeros if
    /// none.
    struct PoolMemory {
        Bytes32 pool_store{};
        std::uint64_t last_seq{};
    };
    PoolMemory last_pool();
    /// These numbers are settled in the same transaction: moves the mark over them and over those that waited
    /// behind.
    void advance(const Bytes32& pool_store, const std::vector<std::uint64_t>& dealt_with, UnixMs now);

    std::optional<cashu::Quote> find_quote(const std::string& id);
    enum class Which { all, mintable, held };
    /// The newest first.
    std::vector<cashu::Quote> find_quotes_by_key(const cashu::PublicKey33& key, Which which,
                                                 std::size_t limit);

    /// Mint, batch mint and swap. `digest` is SHA-256 over path and body: a repeated request gets its first
    /// answer.
    Answer<Signed> mint(const Bytes32& digest, const cashu::MintRequest& request,
                        const cashu::MintKeysets& keysets, const cashu::MintPolicy& policy, UnixMs now);
    Answer<Signed> mint_batch(const Bytes32& digest, const cashu::BatchMintRequest& request,
                              const cashu::MintKeysets& keysets, const cashu::MintPolicy& policy, UnixMs now);
    /// The request has passed check_swap; `checked` is its result.
    Answer<Signed> swap(const Bytes32& digest, const cashu::SwapRequest& request,
                        const cashu::SwapChecked& checked, const cashu::MintKeysets& keysets, UnixMs now);
    /// The earlier answer to the same swap, or nothing.
    std::optional<std::vector<cashu::BlindSignature>> answered(const Bytes32& digest);

    std::vector<cashu::StateOfProof> states(const std::vector<cashu::PublicKey33>& ys);
    cashu::RestoreResponse restore(const cashu::RestoreRequest& request);

    /// Sums over the whole ledger, exact: the sum of many amounts of up to 2^62 does not fit 64 bits.
    using Amount128 = ehash::Amount128;
    struct Totals {
        std::uint64_t quotes{};
        Amount128 quoted{}, issued{}, signed_amount{}, spent_amount{};
    };
    Totals totals();

  private:
    enum class OpKind : int { mint = 1, swap = 2 };
    Answer<std::vector<cashu::BlindSignature>> issue(OpKind kind, const Bytes32& digest,
                                                     const std::vector<cashu::BlindedMessage>& outputs,
                                                     const cashu::MintKeysets& keysets, std::uint64_t fee,
                                                     UnixMs now, std::int64_t& op);
    bool is_number_reused(const Bytes32& pool_store, std::uint64_t seq, const Bytes32& share_hash);
    HeldQuotes release_each(const std::vector<ByteArray<16>>& ids, const std::string& by, UnixMs now);
    Answer<> check_unsigned(const std::vector<cashu::BlindedMessage>& outputs);
    void raise_issued(const cashu::Quote& quote, std::uint64_t amount, std::int64_t op, UnixMs now);
    struct Statements;
    struct Late;
    std::string unit_;
    std::unique_ptr<Statements> statements_;
    std::unique_ptr<Late> late_;
};

/// Version 7 (RFC 9562), strictly increasing: 48 bits of unix milliseconds, a 12-bit counter within the
/// millisecond (method 1), 62 random bits. Ordered keys are 6-30 times cheaper.
class QuoteIds {
  public:
    /// `last`: the highest existing id.
    explicit QuoteIds(std::optional<ByteArray<16>> last);
    ByteArray<16> next(UnixMs now);

  private:
    std::uint64_t last_tick_{0};  // milliseconds << 12 | count
    ByteArray<512> random_{};
    std::size_t random_left_{0};
};
std::string uuid_text(const ByteArray<16>& uuid);
/// Only the canonical 36-character form, in either case.
std::optional<ByteArray<16>> uuid_from_text(std::string_view text);

}  // namespace hp::mint
