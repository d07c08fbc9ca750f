#include "wallet/wallet.hpp"

#include <thread>

#include "cashu/nut20.hpp"
#include "crypto/random.hpp"
#include "crypto/sha256.hpp"
#include "log/log.hpp"
#include "wallet/impl.hpp"

namespace hp::wallet {

Wallet::Impl::Impl(net::Loop& loop_, WalletOptions options_, crypto::SecretKey lock_key_, Vault vault_,
                   std::unique_ptr<MintClient> mint_)
    : loop{loop_},
      options{std::move(options_)},
      lock_key{lock_key_},
      locking_key{lock_key_.public_key()},
      vault{std::move(vault_)},
      keyring{options.unit, options.seed},
      operations{vault, keyring, lock_key_, options.mint_url, options.unit, options.look_first_ms},
      again{loop_},
      wrong_backoff{5 * options.retry_first_ms, 300 * options.retry_first_ms},
      look_timer{loop_},
      connect_limit{loop_},
      probe{loop_},
      calls{loop_},
      store_soon{loop_},
      mint{std::move(mint_)},
      mint_view{*mint, vault, keyring, options.unit, options.mint_url},
      scanner{*mint, vault, keyring},
      runner{loop_, *mint, vault, operations, mint_view, scanner, options.retry_first_ms} {
    crypto::wipe(options.seed);  // the keyring has it
    mint->on_word = [this](bool is_there) { hear_mint(is_there); };
    calls.on_idle = [this] { look_if_idle(); };
    runner.on_parked = [this](const Operations::Parked& parked) {
        log::warn("quote {} is parked: {}", printable(parked.quote_id), parked.reason);
        tell_parked(parked.quote_id, parked.reason);
    };
    runner.on_wrong = scanner.on_wrong = [this](const std::string& what) { on_wrong(what); };
    runner.on_late_end = [this](const Ended& ended) { on_late_end(ended); };
}
Wallet::Impl::~Impl() = default;

/// The wallet's thread, and the way between it and the owner's loop.
struct Wallet::Thread {
    explicit Thread(net::Loop& owner_) : owner{owner_} {}
    ~Thread() {
        alive.reset();
        if (!thread.joinable()) return;
        inner.post([this] {
            impl->store_incoming();
            inner.stop();
        });
        thread.join();
    }
    void start() {
        thread = std::thread{[this] { inner.run(); }};
    }

    void post(std::function<void(Impl&)> work) {
        inner.post([this, work = std::move(work)] { work(*impl); });
    }
    /// Runs `work` in a transaction on the wallet's thread, and passes its result to the owner's.
    template <class T>
    void read(std::function<Result<T>(Impl&)> work, std::function<void(Result<T>)> done) {
        post([work = std::move(work), done = relay(std::move(done))](Impl& it) {
            done(it.vault.transact([&] { return work(it); }));
        });
    }
    /// A callback that is called on the wallet's thread and runs on the owner's.
    template <class... Args>
    std::function<void(Args...)> relay(std::function<void(Args...)> call) {
        return [&to = owner, weak = std::weak_ptr{alive}, call = std::move(call)](Args... args) {
            to.post([weak, call, ... args = std::move(args)] {
                if (!weak.expired()) call(args...);
            });
        };
    }

    net::Loop& owner;
    /// Held only by the owner's thread; pending callbacks check whether it still exists.
    std::shared_ptr<bool> alive{std::make_shared<bool>(true)};
    crypto::PublicKey33 locking_key{};
    net::Loop inner;
    std::unique_ptr<Impl> impl;
    std::thread thread;
};

Result<std::unique_ptr<Wallet>> Wallet::open(net::Loop& loop, WalletOptions options) {
    options.mint_url = normal_url(options.mint_url);
    for (std::string& alias : options.mint_aliases) alias = normal_url(alias);
    HP_TRY(const auto seeds_key, cashu::lock_key(options.seed, 0));
    const auto lock_key = options.locking_key.value_or(seeds_key);
    auto thread = std::make_unique<Thread>(loop);
    HP_TRY(auto mint, MintClient::create(thread->inner, options.mint_url));
    Identity identity{options.unit, options.mint_url, crypto::sha256(seeds_key.public_key())};
    if (lock_key.xonly() != seeds_key.xonly()) identity.locking_key = lock_key.public_key();
    HP_TRY(auto vault, Vault::open(options.database, identity));
    thread->impl =
        std::make_unique<Impl>(thread->inner, options, lock_key, std::move(vault), std::move(mint));
    crypto::wipe(options.seed);
    Impl& impl = *thread->impl;
    HP_TRY(auto keysets,
           impl.vault.transact([&]() -> Result<std::vector<cashu::Keyset>> { return impl.vault.keysets(); }));
    for (cashu::Keyset& keyset : keysets) HP_DO(impl.keyring.insert(std::move(keyset)));
    thread->locking_key = impl.locking_key;
    std::unique_ptr<Wallet> wallet{new Wallet(std::move(thread))};
    Wallet* self = wallet.get();
    std::function<void(Minted)> minted = [self](const Minted& what) {
        if (self->on_minted) self->on_minted(what);
    };
    impl.tell_minted = self->thread_->relay(std::move(minted));
    std::function<void(std::string, std::string)> parked = [self](const std::string& quote_id,
                                                                  const std::string& reason) {
        if (self->on_parked) self->on_parked(quote_id, reason);
    };
    impl.tell_parked = self->thread_->relay(std::move(parked));
    std::function<void(std::string)> wrong = [self](const std::string& what) {
        if (self->on_mint_wrong) self->on_mint_wrong(what);
    };
    impl.tell_wrong = self->thread_->relay(std::move(wrong));
    std::function<void(std::string)> cannot_store = [self](const std::string& what) {
        if (self->on_cannot_store) self->on_cannot_store(what);
    };
    impl.tell_cannot_store = self->thread_->relay(std::move(cannot_store));
    std::function<void(Error)> fatal = [self](const Error& why) {
        if (self->on_fatal) self->on_fatal(why);
    };
    impl.vault.on_dead = self->thread_->relay(std::move(fatal));
    self->thread_->start();
    return wallet;
}

Wallet::Wallet(std::unique_ptr<Thread> thread) : thread_{std::move(thread)} {}
Wallet::~Wallet() = default;

const crypto::PublicKey33& Wallet::locking_key() const { return thread_->locking_key; }

void Wallet::connect(std::function<void(Result<>)> done) {
    thread_->post([done = thread_->relay(std::move(done))](Impl& impl) { impl.connect(done); });
}

bool Wallet::is_connected() const { return thread_->impl->is_connected; }

void Wallet::add_quote(const std::string& quote_id, std::uint64_t amount) {
    thread_->post([quote_id, amount](Impl& impl) { impl.add_quote(quote_id, amount); });
}

void Wallet::held_quotes(std::function<void(Result<std::vector<cashu::Quote>>)> done) {
    thread_->post([done = thread_->relay(std::move(done))](Impl& impl) { impl.held_quotes(done); });
}
void Wallet::find_quotes(std::function<void(Result<std::size_t>)> done) {
    thread_->post([done = thread_->relay(std::move(done))](Impl& impl) { impl.find_quotes(done); });
}

void Wallet::take_quote(const std::string& quote_id, std::function<void(Result<>)> done) {
    thread_->post(
        [quote_id, done = thread_->relay(std::move(done))](Impl& impl) { impl.take_quote(quote_id, done); });
}

void Wallet::balance(std::function<void(Result<Balance>)> done) {
    thread_->read<Balance>([](Impl& impl) -> Result<Balance> { return impl.vault.balance(); },
                           std::move(done));
}

void Wallet::quotes(std::size_t limit, std::function<void(Result<std::vector<QuoteRow>>)> done) {
    thread_->post([](Impl& impl) { impl.store_incoming(); });
    thread_->read<std::vector<QuoteRow>>(
        [limit](Impl& impl) -> Result<std::vector<QuoteRow>> { return impl.vault.quotes(limit); },
        std::move(done));
}

void Wallet::quote(const std::string& quote_id, std::function<void(Result<std::optional<QuoteRow>>)> done) {
    thread_->read<std::optional<QuoteRow>>(
        [quote_id](Impl& impl) -> Result<std::optional<QuoteRow>> { return impl.vault.quote(quote_id); },
        std::move(done));
}

void Wallet::tokens(std::function<void(Result<std::vector<TokenRow>>)> done) {
    thread_->read<std::vector<TokenRow>>(
        [](Impl& impl) -> Result<std::vector<TokenRow>> { return impl.vault.tokens(); }, std::move(done));
}

void Wallet::send(std::uint64_t amount, const std::string& memo,
                  std::function<void(Result<std::string>)> done) {
    thread_->post([amount, memo, done = thread_->relay(std::move(done))](Impl& impl) {
        impl.send(amount, memo, done);
    });
}

void Wallet::receive(const std::string& token, std::function<void(Result<std::uint64_t>)> done) {
    thread_->post([token, done = thread_->relay(std::move(done))](Impl& impl) { impl.receive(token, done); });
}

void Wallet::reclaim(std::int64_t token_id, std::function<void(Result<std::uint64_t>)> done) {
    thread_->post(
        [token_id, done = thread_->relay(std::move(done))](Impl& impl) { impl.reclaim(token_id, done); });
}

void Wallet::check_tokens(std::function<void(Result<>)> done) {
    thread_->post([done = thread_->relay(std::move(done))](Impl& impl) { impl.check_tokens(done); });
}

void Wallet::restore(std::uint64_t gap, std::function<void(Result<Restored>)> done) {
    thread_->post([gap, done = thread_->relay(std::move(done))](Impl& impl) { impl.restore(gap, done); });
}

void Wallet::when_idle(std::int64_t limit_ms, std::function<void(Result<>)> done) {
    thread_->post(
        [limit_ms, done = thread_->relay(std::move(done))](Impl& impl) { impl.when_idle(limit_ms, done); });
}

void Wallet::stop() {
    thread_->post([](Impl& impl) { impl.stop(); });
}

}  // namespace hp::wallet
