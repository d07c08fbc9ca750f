// The wallet: ehash as proofs in a file, and the conversations with one mint that make, spend and recover
// them. Used by hp-proxy (which mints each quote when the pool says so) and hp-wallet (by hand), also both at
// once on one file: the database takes turns between processes.
//
// What keeps money safe: secrets derive from the seed by counter (NUT-13); counters and the exact request are
// committed before a request leaves; an answer's proofs and the end of the operation are one commit; an
// operation that was cut off is sent again byte for byte, and the mint gives the same answer for ever.
//
// A wallet has a thread of its own: a commit waits for the disk (15 ms where that is slow) and for whoever
// has the database locked (10 s), and a proxy's miners must not. So each function but open() returns at once
// and answers by a callback. They are called on `loop`'s thread; callbacks come there too, from the loop, and
// none after the wallet is destroyed (which waits for the database).
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

/// Counters in a row that the mint does not know, before a restore ends. NUT-13 says 300 (three batches of
/// 100). Earlier versions of this wallet passed over the counters of every refused request, some 2 to 5 each:
/// ten times as many bring back what lies behind 600 refusals in a row. It costs ten requests a keyset.
inline constexpr std::uint64_t kRestoreGap = 3'000;

struct WalletOptions {
    std::string database;
    Bytes64 seed{};
    std::string mint_url;
    /// Other URLs of the same mint: tokens that name them are taken like those that name mint_url.
    std::vector<std::string> mint_aliases{};
    /// The user runs a mint on this machine: where mint_url is on loopback, the URLs that the mint tells of
    /// itself are taken like mint_aliases.
    bool has_own_mint{false};
    std::string unit{"hash"};
    /// Mints quotes that are locked to this key, instead of those of the seed's. Proofs derive from the seed
    /// all the same, so a restore needs the seed alone.
    std::optional<crypto::SecretKey> locking_key{};
    /// Whether open quotes are minted by themselves. Else they are only kept (hp-wallet's other verbs).
    bool mints_quotes{true};
    /// Pauses, for tests: the first between tries of one request, and before the first look for signatures
    /// that the mint may have made for a request that it refused.
    std::int64_t retry_first_ms{200};
    std::int64_t look_first_ms{60'000};
};

class Wallet final : public QuoteWallet {
  public:
    /// Opens or creates the database (it remembers mint, unit and a fingerprint of the seed: another seed is
    /// refused), derives the locking key. No network yet.
    static Result<std::unique_ptr<Wallet>> open(net::Loop& loop, WalletOptions options);
    ~Wallet() override;

    /// NUT-20 key whose quotes are minted: m/129373'/20'/0'/0'/0 of the seed, or the one of the options.
    const crypto::PublicKey33& locking_key() const;

    /// Fetches info, keysets and keys (checking every id against its keys), then finishes operations that
    /// were cut off. Calls back once; an error means the mint cannot be reached or is not usable; may be
    /// called again.
    void connect(std::function<void(Result<>)> done) override;
    /// Whether connect() has succeeded and the mint's last answer came. One that nothing was asked of for a
    /// second is asked for its info.
    bool is_connected() const override;

    /// Queues a paid quote that is locked to locking_key(). Minted at once when nothing is under way, else
    /// together with the others that queue up meanwhile (NUT-29 batches). Returns at once; the quote is
    /// stored within half a second (and when the wallet is destroyed), and until then the mint knows it:
    /// find_quotes() brings back what a kill took. Repeating it is harmless. Retries with back-off while the
    /// mint is away.
    void add_quote(const std::string& quote_id, std::uint64_t amount) override;
    /// Told after the proofs of an operation are committed.
    std::function<void(const Minted&)> on_minted;
    /// A quote that the mint refuses for good (parked, shown by quotes()).
    std::function<void(const std::string& quote_id, const std::string& reason)> on_parked;
    /// The mint gives signatures that do not verify: it lies, or is broken. Told at the first and then once a
    /// minute at most. What it concerns is kept, and asked for again.
    std::function<void(const std::string& what)> on_mint_wrong;

    /// Quotes cannot be stored, as on a full disk: told once, and then not before they could be again.
    std::function<void(const std::string& what)> on_cannot_store;

    /// Called once, when the process must end: an fsync failed, and the wallet stores nothing more (AC-253).
    std::function<void(const Error&)> on_fatal;

    /// Finds quotes by key at the mint (signed lookup) and queues those that can be minted; gives how many
    /// were new. Also goes on with operations that another process on this database began and did not end.
    void find_quotes(std::function<void(Result<std::size_t>)> done) override;
    /// Those of the key that the mint's operator holds, newest first: nobody can mint them until he releases
    /// them.
    void held_quotes(std::function<void(Result<std::vector<cashu::Quote>>)> done);
    /// Takes up one quote of locking_key() by its id, without the lookup by key. One that is known here, and
    /// not parked, is left as it is; else the mint is asked, and an error says why it cannot be minted.
    void take_quote(const std::string& quote_id, std::function<void(Result<>)> done);

    void balance(std::function<void(Result<Balance>)> done) override;
    struct QuoteRow {
        std::string quote_id;
        std::uint64_t amount{};
        std::string state;   ///< "open", "minting", "done", "parked"
        std::string reason;  ///< of a parked one
        UnixMs added_ms{}, done_ms{};
        std::optional<crypto::PublicKey33> locking_key{};  ///< where it is not the seed's
    };
    void quotes(std::size_t limit, std::function<void(Result<std::vector<QuoteRow>>)> done);
    void quote(const std::string& quote_id, std::function<void(Result<std::optional<QuoteRow>>)> done);

    /// A V4 token of exactly `amount` (swapping first when the proofs at hand do not fit). The token is
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
    /// Asks the mint which proofs of those tokens are spent (NUT-07); tokens() leaves out what was received.
    void check_tokens(std::function<void(Result<>)> done);
    /// Takes a token of this wallet's mint and unit: swaps its proofs for new ones. Gives the amount
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
            std::uint64_t signed_to{};  ///< counter behind the last that the mint has signed; 0: none
            std::uint64_t looked_to{};  ///< counter behind the last that it was asked for
        };
        std::vector<Keyset> keysets;
    };
    /// From the seed alone: NUT-09 over all keysets of the unit, from counter 0 until `gap` counters in a row
    /// are unknown to the mint and to the database; NUT-07 to leave out what is spent. Counters move behind
    /// what was found. Then find_quotes. Whatever it is called again for, it finds what is left.
    void restore(std::uint64_t gap, std::function<void(Result<Restored>)> done);

    /// Calls back when nothing is under way and nothing queued (for a clean stop, and for tools that wait for
    /// the end), or with an error: after `limit_ms`, or when the mint's answers to what is left are wrong.
    void when_idle(std::int64_t limit_ms, std::function<void(Result<>)> done) override;
    /// No new operations; those under way are finished or left to the next start.
    void stop() override;

  private:
    struct Impl;
    struct Thread;
    explicit Wallet(std::unique_ptr<Thread> thread);
    std::unique_ptr<Thread> thread_;
};

}  // namespace hp::wallet
