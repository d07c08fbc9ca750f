// The wallet's database: only rows. What belongs together is written inside transact().
//
// Several processes may have the file open: SQLite's locks make them take turns, and the first to end an
// operation ends it for all.
#pragma once
#include <functional>

#include "cashu/nut01.hpp"
#include "store/sqlite.hpp"
#include "wallet/keyring.hpp"
#include "wallet/wallet.hpp"

namespace hp::wallet {

enum class OpKind {
    mint,         ///< quotes into proofs
    send,         ///< proofs into the token's amounts and change
    receive,      ///< a token's proofs into ours
    consolidate,  ///< many small proofs into a few
};
enum class OpState { open, done, refused };
struct OpRow {
    std::int64_t id{};
    OpKind kind{OpKind::mint};
    OpState state{OpState::open};
    std::string path;  ///< of the request
    std::string body;  ///< sent byte for byte, every time; empty once the operation has ended
    std::string memo;  ///< of a send
    std::string reason;
};

enum class CoinState {
    unspent,
    reserved,  ///< in one of our tokens
    spending,  ///< input of an open operation
    spent,
};
/// A proof without its secrets: for choosing.
struct CoinRow {
    cashu::PublicKey33 y{};
    cashu::KeysetId keyset;
    std::uint64_t amount{};
};

struct QuoteToMint {
    std::string id;
    std::uint64_t amount{};
    bool is_alone{};  ///< was in a batch that the mint refused: minted alone, so that one cannot block others
    unsigned tries{};
};

struct Identity {
    std::string unit;
    std::string mint_url;  ///< without a trailing slash
    Bytes32 seed_mark{};   ///< distinguishes seeds, and reveals nothing else
    /// Key that this process signs for, if not the seed's. Each key has its own open quotes.
    std::optional<crypto::PublicKey33> locking_key{};
};

/// Throws DbError if it is not one.
cashu::KeysetId read_keyset_id(const store::Statement& row, int column);

class Vault {
  public:
    /// Opens or creates. Another unit or seed than the file's is an error. The mint may have moved: connect()
    /// finds out by its keysets.
    static Result<Vault> open(const std::string& path, const Identity& identity);

    /// Runs `work` (which returns a Result) in one transaction, committed only if it returns a value.
    template <class Work>
    auto transact(Work&& work) -> std::invoke_result_t<Work> {
        if (is_dead_) return fail(dead_error());
        try {
            store::Transaction transaction{db_};
            auto result = work();
            if (result) transaction.commit();
            return result;
        } catch (const store::DbError& error) {
            return fail(broken(error));
        }
    }

    /// An fsync failed: what the disk holds is unknown, and every further transaction fails (AC-253). The
    /// program must report it and exit; the next start recovers from the disk.
    bool is_dead() const { return is_dead_; }
    /// Called once.
    std::function<void(const Error&)> on_dead;

    /// Of the identity.
    const std::optional<crypto::PublicKey33>& locking_key() const { return locking_key_; }

    // All below is for use inside transact(): a failing database throws DbError.

    std::string mint_url();
    void set_mint_url(const std::string& url);
    /// Former URLs of the mint, used by this wallet.
    std::vector<std::string> former_urls();
    void add_former_url(const std::string& url);
    void forget_former_urls();
    /// The mint's preferred name in tokens; empty: none.
    std::string token_url();
    void set_token_url(const std::string& url);

    std::vector<cashu::Keyset> keysets();
    void put_keyset(const cashu::Keyset& keyset);
    /// Keysets that proofs or open operations depend on.
    std::vector<cashu::KeysetId> keysets_in_use();

    /// `count` counters, ascending: returned ones first, then new ones. An error before a counter would wrap.
    Result<std::vector<std::uint64_t>> take_counters(const cashu::KeysetId& keyset, std::size_t count);
    /// Counters below `next` are used up, except those given back.
    void raise_counter(const cashu::KeysetId& keyset, std::uint64_t next);
    std::uint64_t next_counter(const cashu::KeysetId& keyset);
    /// The outputs of an operation that the mint refused without signing any: their counters are reused, so
    /// that a restore finds no gap.
    void give_back_outputs(std::int64_t op);
    /// It was used elsewhere: it is not given out again.
    void counter_is_taken(const cashu::KeysetId& keyset, std::uint64_t counter);

    std::int64_t insert_op(OpKind kind, const std::string& memo, UnixMs now);
    void set_request(std::int64_t op, const std::string& path, const std::string& body);
    std::optional<OpRow> op(std::int64_t id);
    std::vector<std::int64_t> open_ops();
    /// A refused operation whose outputs the mint may nevertheless have signed: the mint is asked again at
    /// `when`.
    void look_again(std::int64_t op, UnixMs when);
    /// Those due, the longest overdue first, and how often each was looked up.
    struct Look {
        std::int64_t op{};
        unsigned looks{};
    };
    std::vector<Look> due_looks(UnixMs now, std::size_t limit);
    void note_look(std::int64_t op, std::optional<UnixMs> again);
    void end_op(std::int64_t id, OpState state, const std::string& reason, UnixMs now);
    void insert_outputs(std::int64_t op, std::span<const Output> outputs);
    std::vector<Output> outputs_of(std::int64_t op);
    /// Whether an open operation, other than `own_op`, has this output.
    bool is_awaited(const cashu::KeysetId& keyset, std::uint64_t counter, std::int64_t own_op);

    // New quotes are locked to the key that the process signs for. Only processes with the same key see them
    // while they wait: no other could sign.

    /// False if it was known before.
    bool add_quote(const std::string& id, std::uint64_t amount, UnixMs now);
    void park_quote(const std::string& id, const std::string& reason);
    /// Reopens a parked quote that the mint now reports as mintable; the amount is the mint's. False if
    /// nothing changed.
    bool reopen_parked(const std::string& id, std::uint64_t amount);
    std::size_t open_quote_count();
    /// One that must be minted alone, or else the oldest ones that can go together, at most `limit`.
    std::vector<QuoteToMint> next_quotes(std::size_t limit);
    void claim_quote(const std::string& id, std::int64_t op);
    std::vector<QuoteToMint> quotes_of(std::int64_t op);
    void release_quote(const QuoteToMint& quote);
    void finish_quotes(std::int64_t op, UnixMs now);
    /// Remembers which quotes a refused operation requested, after they were released or parked.
    void remember_asked(std::int64_t op);
    /// Those of them that are still open or parked.
    std::vector<QuoteToMint> unfinished_asked(std::int64_t op);
    /// An operation that requested the quote and turned out to be done.
    std::optional<std::int64_t> done_op_that_asked(const std::string& quote_id);
    void quote_is_done(const std::string& id, std::int64_t op, UnixMs now);
    std::vector<Wallet::QuoteRow> quotes(std::size_t limit);
    std::optional<Wallet::QuoteRow> quote(const std::string& id);

    std::vector<CoinRow> coins(CoinState state);
    std::size_t coin_count(CoinState state);
    std::optional<CoinState> state_of(const cashu::PublicKey33& y);
    cashu::Proof proof(const cashu::PublicKey33& y);
    /// Whether it is ours and not known to be spent.
    bool has_proof(const cashu::PublicKey33& y);
    /// An existing proof is left unchanged, unless it goes into a token and is still unspent. False if it
    /// existed.
    bool put_proof(const cashu::PublicKey33& y, const cashu::Proof& proof, CoinState state,
                   std::optional<std::int64_t> token = {});
    /// Unspent or reserved: input of the operation from now on.
    void spend_in(const cashu::PublicKey33& y, std::int64_t op);
    std::vector<cashu::PublicKey33> inputs_of(std::int64_t op);
    /// The inputs of an operation that is done.
    void inputs_are_spent(std::int64_t op);
    /// The inputs of a refused operation get their previous state back.
    void inputs_are_free(std::int64_t op);
    void proof_is_spent(const cashu::PublicKey33& y);
    void proof_is_reserved(const cashu::PublicKey33& y, std::int64_t token);
    Balance balance();

    std::int64_t insert_token(std::uint64_t amount, const std::string& text, std::optional<std::int64_t> op,
                              UnixMs now);
    std::optional<std::string> token_of_op(std::int64_t op);
    std::optional<Wallet::TokenRow> token(std::int64_t id);
    /// Open ones, newest first.
    std::vector<Wallet::TokenRow> tokens();
    std::vector<cashu::PublicKey33> proofs_of_token(std::int64_t id);
    /// Closes tokens with no unspent proofs left.
    void close_tokens();

  private:
    Vault(store::Database db, std::optional<crypto::PublicKey33> locking_key)
        : db_{std::move(db)}, locking_key_{locking_key} {}
    Result<> check_identity(const Identity& identity);
    /// The failure for the caller; remembers whether it was an fsync.
    Error broken(const store::DbError& error);
    Error dead_error() const;
    std::vector<cashu::PublicKey33> keys_where(const char* sql, std::int64_t value);
    store::Database db_;
    std::optional<crypto::PublicKey33> locking_key_;  ///< nothing: the seed's
    bool is_dead_{false};
};

}  // namespace hp::wallet
