// How a wallet connects, finishes interrupted operations, and turns quotes into proofs.
#include "crypto/random.hpp"
#include "log/log.hpp"
#include "wallet/impl.hpp"

namespace hp::wallet {
namespace {

/// Maximum quotes in one request, whatever the mint allows: cashu-ts has the same limit.
constexpr std::size_t kBatchMax = 100;
/// How often, and with which timeout, a mint that was silent for kProbeQuietMs is probed.
constexpr std::int64_t kProbeMs = 1'500;
constexpr std::int64_t kProbeQuietMs = 1'000;
/// connect() calls back after this long even if interrupted operations have not ended; they continue.
constexpr std::int64_t kResumeLimitMs = 10'000;
/// Quotes that come during an operation are stored after this long at the latest.
constexpr std::int64_t kStoreSoonMs = 500;
constexpr std::size_t kIncomingMax = 100'000;
/// Number of unspent proofs at which small ones are consolidated; minting for many shares makes many.
constexpr std::size_t kConsolidateFrom = 2'000;
constexpr std::int64_t kConsolidatePauseMs = 60'000;
constexpr SteadyMs kTellWrongPauseMs = 60'000;

}  // namespace

// ---- connecting

void Wallet::Impl::connect(std::function<void(Result<>)> done) {
    connecting.push_back(std::move(done));
    if (connecting.size() > 1) return;
    auto finish = [this, is_over = std::make_shared<bool>(false)](const Result<>& result) {
        if (std::exchange(*is_over, true)) return;
        connect_limit.cancel();
        auto waiting = std::exchange(connecting, {});
        for (auto& one : waiting) loop.post([one = std::move(one), result] { one(result); });
        if (result) {
            is_connected = true;
            probe.every(kProbeMs, [this] { probe_mint(); });
            again.cancel();
            is_backing_off = false;
            backoff.reset();
            pump();
            look_again();
        } else if (!is_idle()) {
            pump_later(result.error());
        }
        look_if_idle();
    };
    mint_view.refresh([this, finish](Result<> refreshed) {
        if (!refreshed) return finish(refreshed);
        auto open = vault.transact([&]() -> Result<std::vector<std::int64_t>> { return vault.open_ops(); });
        if (!open) return finish(fail(open.error()));
        connect_limit.after(kResumeLimitMs, [finish] { finish({}); });
        // Operations already run by this process have a waiter.
        std::erase_if(*open, [this](std::int64_t op) { return runner.is_running(op); });
        std::reverse(open->begin(), open->end());
        resume(*std::move(open), [finish] { finish({}); });
    });
}

void Wallet::Impl::hear_mint(bool is_there) {
    mint_heard_ms = steady_ms_now();
    if (mint_view.is_ready()) is_connected = is_there;
}

void Wallet::Impl::probe_mint() {
    if (steady_ms_now() - mint_heard_ms >= kProbeQuietMs) mint->probe(kProbeMs);
}

/// In turn, starting with the last in the list.
void Wallet::Impl::resume(std::vector<std::int64_t> ops, std::function<void()> done) {
    if (ops.empty()) return done();
    std::int64_t op = ops.back();
    ops.pop_back();
    runner.run(op, OperationRunner::Sent::before,
               [this, ops = std::move(ops), done = std::move(done)](const Result<Ended>& ended) {
                   on_minted(ended);
                   resume(ops, done);
               });
}

/// Another process on this file may have begun an operation and been interrupted (hp-wallet beside hp-proxy).
/// If it is still running it, the mint sees the same bytes twice and gives the same answer.
void Wallet::Impl::adopt_open_ops() {
    auto open = vault.transact([&]() -> Result<std::vector<std::int64_t>> { return vault.open_ops(); });
    if (!open) return log::warn("interrupted operations have to wait: {}", open.error().what);
    std::erase_if(*open, [this](std::int64_t op) { return runner.is_running(op); });
    std::reverse(open->begin(), open->end());
    resume(*std::move(open), [this] { look_if_idle(); });
}

// ---- minting

Result<std::size_t> Wallet::Impl::quotes_to_mint() {
    if (!options.mints_quotes) return 0;
    return vault.transact([&]() -> Result<std::size_t> { return vault.open_quote_count(); });
}

void Wallet::Impl::add_quote(const std::string& quote_id, std::uint64_t amount) {
    if (!is_quote_id(quote_id))
        return log::error("quote '{}' has a bad id and is ignored", printable(quote_id));
    // An amount that cannot be stored is kept as 0, and the quote is parked when its turn comes.
    incoming.push_back({quote_id, amount > kAmountMax ? 0 : amount});
    if (incoming.size() > 1) return;
    // Not immediately: quotes that come together are stored and minted together.
    loop.post([this] { pump(); });
}

void Wallet::Impl::store_incoming() {
    if (incoming.empty()) return;
    auto stored = operations.add_quotes(incoming, unix_ms_now());
    if (stored) return on_incoming_stored();
    // Every quote that comes while the disk is full gets here.
    static log::Limited complain{log::Level::error};
    complain("cannot store quotes: {}", stored.error().what);
    if (!std::exchange(cannot_store, true)) tell_cannot_store(stored.error().what);
    // The mint keeps them for this key; do not hold more in memory.
    if (incoming.size() > kIncomingMax) incoming.clear();
    store_incoming_soon();
}

void Wallet::Impl::on_incoming_stored() {
    incoming.clear();
    if (std::exchange(cannot_store, false)) log::info("quotes are stored again");
}

void Wallet::Impl::store_incoming_soon() {
    if (incoming.empty() || is_stopped || std::exchange(is_storing_soon, true)) return;
    store_soon.after(kStoreSoonMs, [this] {
        is_storing_soon = false;
        store_incoming();
        if (!is_minting) pump();
    });
}

void Wallet::Impl::pump() {
    if (is_stopped) return store_incoming();
    // The running operation usually ends sooner; then one commit serves both.
    if (is_minting) return store_incoming_soon();
    if (is_backing_off || !mint_view.is_ready() || !options.mints_quotes) store_incoming();
    if (is_backing_off) return;
    auto open = quotes_to_mint();
    if (!open) return pump_later(open.error());
    if (*open == 0 && incoming.empty()) {
        if (std::exchange(has_more_to_find, false)) find_quotes([](const Result<std::size_t>&) {});
        consolidate();
        return look_if_idle();
    }
    if (!mint_view.is_ready()) {
        if (!connecting.empty()) return;
        return connect([](const Result<>&) {});
    }
    std::size_t batch = std::min<std::uint64_t>(kBatchMax, mint_view.info().batch_size_max.value_or(1));
    auto begun = operations.begin_mint(incoming, std::max<std::size_t>(batch, 1), unix_ms_now());
    if (!begun) {
        store_incoming();
        return pump_later(begun.error());
    }
    on_incoming_stored();
    if (!*begun) return look_if_idle();
    is_minting = true;
    runner.run(**begun, OperationRunner::Sent::never, [this](const Result<Ended>& ended) {
        is_minting = false;
        on_minted(ended);
        // Put aside: the next quotes are tried less and less often.
        if (!ended) pump_later(ended.error(), wrong_backoff);
        pump();
    });
}

void Wallet::Impl::pump_later(const Error& why) { pump_later(why, backoff); }

void Wallet::Impl::pump_later(const Error& why, net::Backoff& pause) {
    if (is_stopped || is_backing_off) return;
    std::int64_t delay_ms = pause.next_ms(crypto::random_u32());
    log::warn("quotes wait: {}; retrying in {} ms", why.what, delay_ms);
    is_backing_off = is_late = true;
    // The keysets may have changed since: if beginning was refused, retry with fresh ones.
    again.after(delay_ms, [this] {
        is_backing_off = false;
        if (!mint_view.is_ready()) return pump();
        mint_view.refresh([this](const Result<>& refreshed) {
            if (!refreshed) return pump_later(refreshed.error());
            backoff.reset();
            pump();
        });
    });
}

void Wallet::Impl::on_minted(const Result<Ended>& ended) {
    if (!ended || !ended->is_done || ended->kind != OpKind::mint) return;
    wrong_backoff.reset();
    if (std::exchange(is_late, false)) log::info("quotes are minted again");
    tell_minted(Minted{ended->quote_ids, ended->amount});
}

/// An operation that was put aside has ended after all; if refused, its quotes may be open again.
void Wallet::Impl::on_late_end(const Ended& ended) {
    on_minted(ended);
    pump();
    look_if_idle();
}

void Wallet::Impl::on_wrong(const std::string& what) {
    const SteadyMs now = steady_ms_now();
    if (now < tell_wrong_not_before_ms) return;
    tell_wrong_not_before_ms = now + kTellWrongPauseMs;
    log::error("mint {}: {}; the affected operation is kept, and will be retried", options.mint_url, what);
    tell_wrong(what);
}

/// Many small proofs make every later token long: consolidate them while the wallet is idle.
void Wallet::Impl::consolidate() {
    if (!mint_view.is_ready() || !calls.is_idle() || steady_ms_now() < consolidate_not_before_ms) return;
    auto op = operations.begin_consolidation(kConsolidateFrom, unix_ms_now());
    if (op && !*op) return;
    consolidate_not_before_ms = steady_ms_now() + kConsolidatePauseMs;
    if (!op) return log::warn("cannot consolidate small proofs: {}", op.error().what);
    runner.run(**op, OperationRunner::Sent::never, [this](const Result<Ended>& ended) {
        if (ended && ended->is_done) consolidate_not_before_ms = 0;
        pump();
    });
}

// ---- coming to rest

bool Wallet::Impl::is_idle() {
    if (is_stopped) return runner.under_way() == 0;
    if (!incoming.empty() || is_minting || finding > 0 || is_looking || has_more_to_find ||
        !connecting.empty() || !calls.is_idle() || runner.under_way() > 0)
        return false;
    auto open = quotes_to_mint();
    return open && *open == 0;
}

void Wallet::Impl::when_idle(std::int64_t limit_ms, std::function<void(Result<>)> done) {
    auto wait = std::make_shared<IdleWait>();
    wait->done = std::move(done);
    wait->limit = std::make_unique<net::Timer>(loop);
    wait->limit->after(limit_ms, [this, weak = std::weak_ptr{wait}, limit_ms] {
        auto self = weak.lock();
        if (!self || std::erase(idle_waits, self) == 0) return;
        self->done(fail(Errc::timeout, "the wallet is still busy after " + std::to_string(limit_ms) + " ms",
                        "unfinished operations are kept, and continue at the next start"));
    });
    idle_waits.push_back(std::move(wait));
    look_if_idle();
}

void Wallet::Impl::look_if_idle() {
    if (idle_waits.empty() || !is_idle()) return;
    Result<> rest;
    if (const auto aside = runner.aside(); aside > 0)
        rest =
            fail(Errc::protocol, "the mint's answers to " + std::to_string(aside) + " operations are invalid",
                 "they are kept, and retried at the next start");
    auto waits = std::exchange(idle_waits, {});
    for (auto& wait : waits) loop.post([wait, rest] { wait->done(rest); });
}

void Wallet::Impl::stop() {
    is_stopped = true;
    again.cancel();
    probe.cancel();
    look_timer.cancel();
    store_incoming();
    runner.stop();
    look_if_idle();
}

}  // namespace hp::wallet
