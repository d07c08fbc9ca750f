#include "proxy/proxy.hpp"

#include "config/limits.hpp"
#include "crypto/random.hpp"
#include "log/log.hpp"

namespace hp::proxy {
namespace {

constexpr std::int64_t kStatusMs = 1000;
constexpr std::int64_t kStopLimitMs = 2000;
/// Quotes that nobody told us of (their shares were accepted before the pool restarted) are looked for this
/// often.
constexpr std::int64_t kLookupMs = 60'000;
constexpr std::int64_t kLookupSoonMs = 1'000;
constexpr std::size_t kExpectedMax = 100'000;

}  // namespace

Proxy::Proxy(net::Loop& loop, ProxyOptions options)
    : loop_{loop},
      options_{std::move(options)},
      clock_{loop,
             "miners are given the pool's time where ours cannot be right; 'timedatectl' shows and sets it",
             [this](const std::string& what) { events_.alarm(what); }},
      outage_{options_.outage_patience_ms, steady_ms_now()},
      offenders_{net::sources_exempt(loop)},
      wallet_retry_{loop},
      status_{loop},
      lookup_{loop},
      soon_{loop} {}

Result<std::unique_ptr<Proxy>> Proxy::start(net::Loop& loop, ProxyOptions options) {
    std::unique_ptr<Proxy> proxy{new Proxy(loop, std::move(options))};
    auto* p = proxy.get();
    // Two would tell the mint of the same quotes, and each count the other's ehash for its own miners'.
    const std::string& database = p->options_.wallet.database;
    HP_TRY(p->lock_, store::FileLock::take_service(database, "wallet database '" + database + "'"));
    HP_TRY(p->sink_, net::EventSink::open(loop, p->options_.events, "hp-proxy"));
    p->events_.to(p->sink_.get());
    HP_TRY(p->wallet_, wallet::Wallet::open(loop, p->options_.wallet));
    p->wallet_->on_minted = [p](const wallet::Minted& minted) { p->on_minted(minted); };
    p->wallet_->on_fatal = [p](const Error& why) {
        if (p->on_fatal) p->on_fatal(why);
    };
    p->wallet_->on_parked = [p](const std::string& quote_id, const std::string& reason) {
        log::warn("quote {} cannot be minted: {}", quote_id, reason);
        p->expected_.erase(quote_id);
        p->events_.quote_parked(quote_id, reason);
    };
    p->wallet_->on_mint_wrong = [p](const std::string& what) {
        p->events_.alarm("mint " + p->options_.wallet.mint_url + ": " + what);
    };
    if (p->options_.faucet) {
        HP_TRY(p->faucet_, Faucet::listen(loop, *p->wallet_, *p->options_.faucet));
        log::info("faucet on http://{}: tokens of up to {} {}, one every {} s", p->faucet_->bound().text(),
                  p->options_.faucet->amount_max, p->options_.faucet->unit, p->options_.faucet->interval_s);
    }
    p->upstream_ = std::make_unique<Upstreams>(loop, p->options_.pool);
    p->upstream_->on_setup_refused = [p](const std::string& code) {
        p->events_.upstream_refused(p->upstream_->name(), code);
    };
    p->upstream_->on_lost = [p](const std::string&) { p->outage_.begin(steady_ms_now()); };
    p->upstream_->on_further_ready = [p] { p->look_for_quotes_soon(); };
    p->upstream_->on_ready = [p] {
        p->outage_.end();
        auto miners = p->miners_;
        for (auto& [id, miner] : miners) miner->pool_is_ready();
        // What was earned while the connection was down was told to nobody.
        if (p->wallet_->is_connected()) p->find_quotes();
        if (!std::exchange(p->is_ready_, true) && p->on_ready) p->on_ready();
    };
    net::LineLimits limits{.names_other_protocols = true};
    limits.strangers_max = config::kSv1Port.strangers;
    limits.strangers_per_address_max = config::kSv1Port.strangers_per_address;
    limits.connections_max = config::kSv1Port.connections;
    HP_TRY(p->listener_, net::LineListener::listen(loop, p->options_.listen, limits,
                                                   [p](std::shared_ptr<net::LineConnection> connection) {
                                                       auto id = p->next_miner_id_++;
                                                       auto miner =
                                                           std::make_shared<Downstream>(*p, connection, id);
                                                       p->miners_.emplace(id, miner);
                                                       p->events_.miner_connected(id, connection->peer());
                                                       connection->set_handler(miner);
                                                   }));
    p->upstream_->start();
    p->connect_wallet();
    p->status_.every(kStatusMs, [p] {
        p->end_patience();
        // What the pool told of while the mint was away was looked for in vain.
        const bool has_mint = p->wallet_->is_connected();
        if (std::exchange(p->had_mint_, has_mint) != has_mint) {
            has_mint ? log::info("mint {}: answers", p->options_.wallet.mint_url)
                     : log::warn("mint {}: does not answer; shares are accepted meanwhile",
                                 p->options_.wallet.mint_url);
            if (has_mint) p->find_quotes();
        }
        p->status_line_.set(p->clock_.status_text() +
                            fmt::format("{} miners; pool {}, mint {}", p->miners_.size(),
                                        p->upstream_->is_ready() ? "up" : "away",
                                        p->wallet_->is_connected() ? "up" : "away"));
        if (!p->sink_->enabled()) return;
        const SteadyMs now = steady_ms_now();
        // Some 200 records a second at most.
        const auto period_ms =
            std::clamp<SteadyMs>(static_cast<SteadyMs>(p->miners_.size()) * 5, 5'000, 60'000);
        for (auto& [id, miner] : p->miners_) miner->tell_status(now, period_ms);
        p->refresh_balance();
        p->events_.status(p->miners_.size(), p->upstream_->status(), p->wallet_->is_connected(), p->balance_,
                          p->refusals_, p->clock_.off_ms());
    });
    p->lookup_.every(kLookupMs, [p] {
        if (p->wallet_->is_connected()) p->find_quotes();
    });
    log::info("SV1 miners on {}, ehash of workers without a key of their own goes to {}", p->bound().text(),
              to_hex(p->wallet_->locking_key()));
    return proxy;
}

Proxy::~Proxy() {
    auto miners = miners_;
    for (auto& [id, miner] : miners) miner->close("stopping");
}

void Proxy::connect_wallet() {
    wallet_->connect([this](Result<> connected) {
        if (connected) {
            log::info("mint {}: connected", options_.wallet.mint_url);
            had_mint_ = true;
            wallet_reason_.clear();
            wallet_backoff_.reset();
            return find_quotes();
        }
        if (connected.error().what != wallet_reason_)
            log::warn("mint {}: {}; trying again, shares are accepted meanwhile", options_.wallet.mint_url,
                      connected.error().what);
        wallet_reason_ = connected.error().what;
        auto random = get_le<std::uint32_t>(crypto::random_array<4>().data());
        wallet_retry_.after(wallet_backoff_.next_ms(random), [this] { connect_wallet(); });
    });
}

void Proxy::refresh_balance() {
    if (std::exchange(is_asking_balance_, true)) return;
    wallet_->balance([this](const Result<wallet::Balance>& balance) {
        is_asking_balance_ = false;
        if (balance) balance_ = balance->unspent;
    });
}

void Proxy::find_quotes() {
    wallet_->find_quotes([](Result<std::size_t> found) {
        if (!found) return log::warn("cannot look for quotes at the mint: {}", found.error().what);
        if (*found) log::info("{} quotes found by key", *found);
    });
}

void Proxy::look_for_quotes_soon() {
    // One look serves all that went within the second.
    if (std::exchange(is_looking_soon_, true)) return;
    soon_.after(kLookupSoonMs, [this] {
        is_looking_soon_ = false;
        if (wallet_->is_connected()) find_quotes();
    });
}

void Proxy::on_quote(const std::string& quote_id, std::uint64_t amount, SteadyMs share_received_ms) {
    if (expected_.size() < kExpectedMax) expected_[quote_id] = {share_received_ms, amount};
    wallet_->add_quote(quote_id, amount);
}

void Proxy::on_minted(const wallet::Minted& minted) {
    auto now = steady_ms_now();
    for (const auto& quote_id : minted.quote_ids) {
        auto it = expected_.find(quote_id);
        if (it == expected_.end()) {
            events_.token_minted(quote_id, 0, -1);
            continue;
        }
        events_.token_minted(quote_id, it->second.amount,
                             it->second.share_received_ms ? now - it->second.share_received_ms : -1);
        expected_.erase(it);
    }
}

void Proxy::end_patience() {
    const SteadyMs now = steady_ms_now();
    if (!outage_.is_over_patience(now)) return;
    const std::string why = "the pool has been away for " + std::to_string(outage_.lasted_ms(now) / 1000) +
                            " s: try another one (outage_patience_s)";
    const auto before = miners_.size();
    auto miners = miners_;
    for (auto& [id, miner] : miners) miner->fail_over(why);
    refusals_.closed_for_outage += before - miners_.size();
    static log::Limited complain{log::Level::warn};
    if (miners_.size() < before) complain("{} miners closed: {}", before - miners_.size(), why);
}

void Proxy::gone(Downstream& miner, const std::string& reason) {
    events_.miner_disconnected(miner.miner_id(), {}, reason);
    miners_.erase(miner.miner_id());
}

void Proxy::count_bad_line(const std::string& peer, std::uint64_t miner_id, const std::string& why) {
    static log::Limited complain{log::Level::warn};
    complain.about(peer, "miner {}: bad line: {}", peer, printable(why));
    events_.share_rejected(
        {.miner_id = miner_id, .peer = peer, .reason = wire::word_of(wire::ShareRefusal::bad_line)});
}

void Proxy::stop(std::function<void()> stopped) {
    listener_->stop();
    if (faucet_) faucet_->stop();
    status_.cancel();
    lookup_.cancel();
    auto miners = miners_;
    for (auto& [id, miner] : miners) miner->close("stopping");
    // After the miners, whose going asks for a look; the next start looks anyway.
    soon_.cancel();
    wallet_->when_idle(kStopLimitMs, [this, stopped = std::move(stopped)](Result<>) {
        // Quotes that are not minted yet are in the database and go on at the next start.
        wallet_->stop();
        sink_->flush(500);
        stopped();
    });
}

}  // namespace hp::proxy
