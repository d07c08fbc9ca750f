// The parts of a wallet, put together; all of it lives on the wallet's own thread. Internal to this room.
#pragma once
#include <atomic>

#include "wallet/call_queue.hpp"
#include "wallet/operation_runner.hpp"
#include "wallet/token_check.hpp"
#include "wallet/wallet.hpp"

namespace hp::wallet {

/// Safe in a URL and a database: a quote id is a UUID or URL-safe base64.
bool is_quote_id(const std::string& id);

struct Wallet::Impl {
    Impl(net::Loop& loop_, WalletOptions options_, crypto::SecretKey lock_key_, Vault vault_,
         std::unique_ptr<MintClient> mint_);
    ~Impl();

    // minting.cpp
    void add_quote(const std::string& quote_id, std::uint64_t amount);
    /// Stores quotes that came since the last commit. Failures are retried by later calls.
    void store_incoming();
    void on_incoming_stored();
    void store_incoming_soon();
    void connect(std::function<void(Result<>)> done);
    /// The mint answered, or did not, just now.
    void hear_mint(bool is_there);
    void probe_mint();
    void resume(std::vector<std::int64_t> ops, std::function<void()> done);
    void adopt_open_ops();
    Result<std::size_t> quotes_to_mint();
    void pump();
    void pump_later(const Error& why);
    void pump_later(const Error& why, net::Backoff& pause);
    void on_minted(const Result<Ended>& ended);
    void on_late_end(const Ended& ended);
    void on_wrong(const std::string& what);
    // quote_search.cpp
    void find_quotes(std::function<void(Result<std::size_t>)> done);
    void ask_for_quotes(std::function<void(Result<std::size_t>)> done);
    void held_quotes(std::function<void(Result<std::vector<cashu::Quote>>)> done);
    void ask_for_held(std::function<void(Result<std::vector<cashu::Quote>>)> done);
    /// For the wallet's key. An error if the mint has no key to sign the lookup for.
    Result<cashu::LookupRequest> lookup_request() const;
    /// Why this wallet cannot mint a quote as the mint describes it.
    Result<> check_quote(const cashu::Quote& quote) const;
    Result<std::size_t> take_quotes(const cashu::LookupResponse& found_there);
    void take_quote(const std::string& id, std::function<void(Result<>)> done);
    void ask_for_quote(const std::string& id, std::function<void(Result<>)> done);
    // late_signatures.cpp
    void look_again();
    void look_at(std::vector<Vault::Look> due);
    void note_look(const Vault::Look& look, const Operations::Looked& looked, std::vector<Vault::Look> due);
    void end_looks();
    // minting.cpp
    void consolidate();
    bool is_idle();
    void when_idle(std::int64_t limit_ms, std::function<void(Result<>)> done);
    /// To be called whenever something has finished.
    void look_if_idle();
    void stop();

    // spending.cpp
    void send(std::uint64_t amount, const std::string& memo, std::function<void(Result<std::string>)> done);
    void try_send(std::uint64_t amount, const std::string& memo, unsigned tries,
                  CallPtr<Result<std::string>> asked);
    void receive(const std::string& text, std::function<void(Result<std::uint64_t>)> done);
    void try_receive(const cashu::Token& token, unsigned tries, CallPtr<Result<std::uint64_t>> asked);
    // mint_names.cpp
    Result<MintNames> mint_names();
    Error not_compared(const cashu::Token& token, const Error& why);
    /// Swaps a token whose keysets are the mint's, if the mint is also the one that the token names.
    void take_if_ours(const cashu::Token& token, const MintNames& names,
                      CallPtr<Result<std::uint64_t>> asked);
    Result<bool> was_made_here(const std::vector<cashu::Proof>& proofs);
    void ask_named_mint(const cashu::Token& token, const MintNames& names,
                        CallPtr<Result<std::uint64_t>> asked);
    // spending.cpp
    void swap_in(const cashu::Token& token, unsigned tries, CallPtr<Result<std::uint64_t>> asked);
    void reclaim(std::int64_t token_id, std::function<void(Result<std::uint64_t>)> done);
    void start_reclaim(std::int64_t token_id, CallPtr<Result<std::uint64_t>> asked);
    void check_tokens(std::function<void(Result<>)> done);
    void check_from(std::shared_ptr<std::vector<cashu::PublicKey33>> ys, CallPtr<Result<>> asked);
    void restore(std::uint64_t gap, std::function<void(Result<Restored>)> done);
    void restore_from(std::shared_ptr<std::vector<cashu::KeysetId>> ids, std::uint64_t gap, Restored so_far,
                      CallPtr<Result<Restored>> asked);
    /// Calls `then` once the mint is known, or answers why not.
    template <class T>
    void when_connected(CallPtr<T> asked, std::function<void()> then) {
        if (mint_view.is_ready()) return then();
        connect([asked, then = std::move(then)](Result<> connected) {
            if (!connected) return asked->answer(T{fail(connected.error())});
            if (!asked->is_over()) then();
        });
    }

    net::Loop& loop;
    WalletOptions options;
    crypto::SecretKey lock_key;
    crypto::PublicKey33 locking_key;
    Vault vault;
    Keyring keyring;
    Operations operations;
    std::function<void(Minted)> tell_minted;
    std::function<void(std::string quote_id, std::string reason)> tell_parked;
    std::function<void(std::string what)> tell_wrong;
    std::function<void(std::string what)> tell_cannot_store;
    /// For the owner's thread: the mint is known (mint_view.is_ready()), and its last request was answered.
    std::atomic<bool> is_connected{false};

    net::Timer again;  ///< of pump()
    net::Backoff backoff{500, 30'000};
    net::Backoff wrong_backoff;  ///< while the mint's answers are invalid: 1 to 60 s
    SteadyMs tell_wrong_not_before_ms{0};
    net::Timer look_timer;
    bool is_looking{false};
    net::Timer connect_limit;
    net::Timer probe;  ///< of an idle mint
    SteadyMs mint_heard_ms{0};
    struct IdleWait {
        std::function<void(Result<>)> done;
        std::unique_ptr<net::Timer> limit;
    };
    std::vector<std::shared_ptr<IdleWait>> idle_waits;
    std::vector<std::function<void(Result<>)>> connecting;
    CallQueue calls;
    std::vector<Operations::NewQuote> incoming;  ///< received, not stored yet
    net::Timer store_soon;
    bool is_storing_soon{false};
    bool cannot_store{false};  ///< the last attempt
    bool is_late{false};       ///< quotes wait, and the log says so
    bool is_minting{false};
    unsigned finding{0};  ///< quote lookups in flight
    bool has_more_to_find{false};
    bool is_backing_off{false};
    bool is_stopped{false};
    SteadyMs consolidate_not_before_ms{0};

    // Last: destroyed first, and with them all pending answers.
    std::unique_ptr<MintClient> mint;
    std::unique_ptr<MintClient> named_mint;  ///< of ask_named_mint()
    MintView mint_view;
    Scanner scanner;
    OperationRunner runner;
};

}  // namespace hp::wallet
