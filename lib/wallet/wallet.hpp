// The wallet: ehash as proofs in a file, and the exchanges with one mint that make, spend and recover them.
// Used by hp-proxy (which mints each quote as the pool reports it) and hp-wallet (by hand), also both at once
// on one file: processes take turns on the database.
//
// What keeps money safe: secrets are derived from the seed by counter (NUT-13); counters and the exact
// request are committed before a request is sent; an answer's proofs and the end of the operation are one
// commit; an interrupted operation is sent again byte for byte, and the mint gives the same answer for ever.
//
// A wallet has its own thread: a commit waits for the disk (15 ms if that is slow) and for other processes
// that have locked the database (up to 10 s), and a proxy's miners must not. So every function except open()
// returns at once and answers by a callback. Call them on `loop`'s thread; callbacks run there too, from the
// loop, and never after the wallet is destroyed (which waits for the database).
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cashu/nut04.hpp"
#include "cashu/nut06.hpp"
#include "crypto/secp.hpp"
#include "net/http.hpp"
#include "net/loop.hpp"
#include "wallet/quote_wallet.hpp"

namespace hp::wallet {

/// Consecutive counters unknown to the mint after which a restore ends. NUT-13 says 300 (three batches of
/// 100). Earlier versions of this wallet skipped the counters of every refused request, about 2 to 5 each:
/// ten times as many recover what comes after 600 refusals in a row. It costs ten requests per keyset.
inline constexpr std::uint64_t kRestoreGap = 3'000;

struct WalletOptions {
    std::string database;
    Bytes64 seed{};
    std::string mint_url;
    /// Other URLs of the same mint: tokens that name them are accepted like those that name mint_url.
    std::vector<std::string> mint_aliases{};
    /// The user runs a mint on this machine: if mint_url is on loopback, the URLs that the mint announces
    /// count like mint_aliases.
    bool has_own_mint{false};
    std::string unit{"hash"};
    /// Mints quotes locked to this key, instead of the seed's. Proofs are still derived from the seed, so a
    /// restore needs only the seed.
    std::optional<crypto::SecretKey> locking_key{};
    /// Whether open quotes are minted automatically. Otherwise they are only kept (hp-wallet's other verbs).
    bool mints_quotes{true};
    /// Pauses, for tests: the first one between attempts of one request, and the one before the first lookup
    /// of signatures that the mint may have made for a refused request.
    std::int64_t retry_first_ms{200};
    std::int64_t look_first_ms{60'000};
};

class Wallet final : public QuoteWallet {
  public:
    /// Opens or creates the database (it remembers mint, unit and a fingerprint of the seed: another seed is
    /// refused), derives the locking key. No network yet.
    static Result<std::unique_ptr<Wallet>> open(net::Loop& loop, WalletOptions options);
    ~Wallet() override;

    /// NUT-20 key whose quotes are minted: m/129373'/20'/0'/0'/0 of the seed, or the one in the options.
    const crypto::PublicKey33& locking_key() const;

    /// Fetches info, keysets and keys (checking every id against its keys), then finishes interrupted
    /// operations. Calls back once; an error means the mint is unreachable or unusable; may be called again.
    void connect(std::function<void(Result<>)> done) override;
    /// Whether connect() has succeeded and the mint answered the last request. A mint that was idle for a
    /// second is asked for its info.
    bool is_connected() const override;

    /// Queues a paid quote locked to locking_key(). Minted at once if the wallet is idle, else together with
    /// others queued meanwhile (NUT-29 batches). Returns at once; the quote is stored within half a second
    /// (and when the wallet is destroyed); if the process is killed before, find_quotes() gets it from the
    /// mint. Repeating it is harmless. Retries with back-off while the mint is down.
    void add_quote(const std::string& quote_id, std::uint64_t amount) override;
    /// Called after the proofs of an operation are committed.
    std::function<void(const Minted&)> on_minted;
    /// A quote that the mint refuses for good (parked, shown by quotes()).
    std::function<void(const std::string& quote_id, const std::string& reason)> on_parked;
    /// The mint gives signatures that do not verify: it lies, or is broken. Called for the first and then
    /// once a minute at most. The affected operation is kept, and retried.
    std::function<void(const std::string& what)> on_mint_wrong;

    /// Quotes cannot be stored, e.g. on a full disk: called once per outage.
    std::function<void(const std::string& what)> on_cannot_store;

    /// Called once, when the process must end: an fsync failed, and the wallet stores nothing more (AC-253).
    std::function<void(const Error&)> on_fatal;

    /// Finds quotes by key at the mint (signed lookup) and queues those that can be minted; returns how many
    /// were new. Also resumes operations that another process on this database began and did not end.
    void find_quotes(std::function<void(Result<std::size_t>)> done) override;
    /// Quotes of the key that the mint holds, newest first: they cannot be minted until the mint's operator
    /// releases them.
    void held_quotes(std::function<void(Result<std::vector<cashu::Quote>>)> done);
    /// Adds one quote of locking_key() by its id, without the lookup by key. A known one that is not parked
    /// is left unchanged; otherwise the mint is asked, and an error says why it cannot be minted.
    void take_quote(const std::string& quote_id, std::function<void(Result<>)> done);

    void balance(std::function<void(Result<Balance>)> done) override;
    struct QuoteRow {
        std::string quote_id;
        std::uint64_t amount{};
        std::string state;   ///< "open", "minting", "done", "parked"
        std::string reason;  ///< of a parked one
        UnixMs added_ms{}, done_ms{};
        std::optional<crypto::PublicKey33> locking_key{};  ///< if it is not the seed's
    };
    void quotes(std::size_t limit, std::function<void(Result<std::vector<QuoteRow>>)> done);
    void quote(const std::string& quote_id, std::function<void(Result<std::optional<QuoteRow>>)> done);

    /// A V4 token of exactly `amount` (swapping first if the available proofs do not add up). The token is
    /// stored before it is shown; its proofs are reserved until seen spent.
    void send(std::uint64_t amount, const std::string& memo, std::function<void(Result<std::string>)> done);
    struct TokenRow {
        std::int64_t id{};
        std::uint64_t amount{};
        std::string token;
        UnixMs made_ms{};
    };
    /// Tokens made and not yet seen spent, newest first.
    void tokens(std::function<void(Result<std::vector<TokenRow>>)> done);
    /// Asks the mint which proofs of those tokens are spent (NUT-07); tokens() then omits those received.
    void check_tokens(std::function<void(Result<>)> done);
    /// Receives a token of this wallet's mint and unit: swaps its proofs for new ones. Returns the amount
    /// received.
    void receive(const std::string& token, std::function<void(Result<std::uint64_t>)> done);
    /// Takes back a token that nobody received (by its row id); same as receive for our own token.
    void reclaim(std::int64_t token_id, std::function<void(Result<std::uint64_t>)> done);

    struct Restored {
        std::uint64_t amount{};  ///< unspent and now in the wallet
        std::size_t proofs{};
        std::size_t quotes_found{};  ///< open quotes found by key, queued for minting
        struct Keyset {
            std::string id;
            std::uint64_t signed_to{};  ///< counter after the last one that the mint has signed; 0: none
            std::uint64_t looked_to{};  ///< counter after the last one requested
        };
        std::vector<Keyset> keysets;
    };
    /// From the seed alone: NUT-09 over all keysets of the unit, from counter 0 until `gap` counters in a row
    /// are unknown to the mint and to the database; NUT-07 to omit what is spent. Counters move past what was
    /// found. Then find_quotes. Repeating it finds what is left.
    void restore(std::uint64_t gap, std::function<void(Result<Restored>)> done);

    /// Calls back when the wallet is idle and its queue empty (for a clean stop, and for tools that wait for
    /// the end), or with an error: after `limit_ms`, or if the mint's answers to what is left are invalid.
    void when_idle(std::int64_t limit_ms, std::function<void(Result<>)> done) override;
    /// No new operations; running ones are finished or left to the next start.
    void stop() override;

  private:
    struct Impl;
    struct Thread;
    explicit Wallet(std::unique_ptr<Thread> thread);
    std::unique_ptr<Thread> thread_;
};

}  // namespace hp::wallet
