#include "proxy/proxy.hpp"

#include "crypto/random.hpp"
#include "log/log.hpp"

namespace hp::proxy {
namespace {

constexpr std::int64_t kStopLimitMs = 2000;
/// How often to look for quotes we were not notified of (their shares were accepted before the pool
/// restarted).
constexpr std::int64_t kLookupMs = 60'000;
constexpr std::int64_t kLookupSoonMs = 1'000;
constexpr std::size_t kExpectedMax = 100'000;

}  // namespace

Proxy::Proxy(Parts parts, Options options)
    : parts_{parts},
      options_{std::move(options)},
      outage_{options_.outage_patience_ms, parts.clock.steady_ms()},
      sources_{options_.sources_exempt},
      gifts_{{.invalid_max = options_.terms.invalid_shares_max}},
      services_{.clock = parts.clock,
                .pool = parts.pool,
                .events = parts.events,
                .quotes = *this,
                .outage = outage_,
                .refusals = refusals_,
                .sources = sources_,
                .gifts = gifts_,
                .terms = options_.terms,
                .gone =
                    [this](std::uint64_t miner_id, const std::string& reason) {
                        parts_.events.tell(records::MinerDisconnected{miner_id, {}, reason});
                        miners_.erase(miner_id);
                    }},
      wallet_retry_{parts.clock},
      lookup_{parts.clock},
      soon_{parts.clock} {}

Proxy::~Proxy() { close_miners(); }

void Proxy::close_miners() {
    auto miners = miners_;
    for (auto& [id, miner] : miners) miner->close("stopping");
}

void Proxy::start() {
    connect_wallet();
    lookup_.every(kLookupMs, [this] {
        if (parts_.wallet.is_connected()) find_quotes();
    });
}

void Proxy::add_miner(std::shared_ptr<net::LineConnection> connection) {
    const auto id = next_miner_id_++;
    auto miner = std::make_shared<Downstream>(services_, connection, id);
    miners_.emplace(id, miner);
    parts_.events.tell(records::MinerConnected{id, connection->peer()});
    connection->set_handler(miner);
}

void Proxy::on_pool_ready() {
    outage_.end();
    auto miners = miners_;
    for (auto& [id, miner] : miners) miner->pool_is_ready();
    // Nobody was notified of quotes created while the connection was down.
    if (parts_.wallet.is_connected()) find_quotes();
    if (!std::exchange(is_ready_, true) && on_ready) on_ready();
}

void Proxy::on_pool_lost() { outage_.begin(parts_.clock.steady_ms()); }

void Proxy::each_second() {
    end_patience();
    tell_who_waits();
    watch_mint();
}

void Proxy::watch_mint() {
    const bool has_mint = parts_.wallet.is_connected();
    if (std::exchange(had_mint_, has_mint) == has_mint) return;
    if (!has_mint)
        return log::warn("mint {}: does not answer; shares are accepted meanwhile", options_.mint_url);
    log::info("mint {}: answers", options_.mint_url);
    // Quotes reported by the pool while the mint was down could not be fetched.
    find_quotes();
}

std::string Proxy::status_text() const {
    return fmt::format("{} miners; pool {}, mint {}", miners_.size(), parts_.pool.is_ready() ? "up" : "away",
                       parts_.wallet.is_connected() ? "up" : "away");
}

void Proxy::send_status(const UpstreamStatus& pool, std::int64_t clock_off_ms) {
    const SteadyMs now = parts_.clock.steady_ms();
    // About 200 records a second at most.
    const auto period_ms = std::clamp<SteadyMs>(static_cast<SteadyMs>(miners_.size()) * 5, 5'000, 60'000);
    for (auto& [id, miner] : miners_) miner->send_status(now, period_ms);
    refresh_balance();
    parts_.events.status(miners_.size(), pool, parts_.wallet.is_connected(), balance_, refusals_,
                         clock_off_ms);
}

void Proxy::connect_wallet() {
    parts_.wallet.connect([this](Result<> connected) {
        if (connected) {
            log::info("mint {}: connected", options_.mint_url);
            had_mint_ = true;
            wallet_reason_.clear();
            wallet_backoff_.reset();
            return find_quotes();
        }
        if (connected.error().what != wallet_reason_)
            log::warn("mint {}: {}; trying again, shares are accepted meanwhile", options_.mint_url,
                      connected.error().what);
        wallet_reason_ = connected.error().what;
        auto random = crypto::random_u32();
        wallet_retry_.after(wallet_backoff_.next_ms(random), [this] { connect_wallet(); });
    });
}

void Proxy::refresh_balance() {
    if (std::exchange(is_asking_balance_, true)) return;
    parts_.wallet.balance([this](const Result<wallet::Balance>& balance) {
        is_asking_balance_ = false;
        if (balance) balance_ = balance->unspent;
    });
}

void Proxy::find_quotes() {
    parts_.wallet.find_quotes([](Result<std::size_t> found) {
        if (!found) return log::warn("cannot look for quotes at the mint: {}", found.error().what);
        if (*found) log::info("{} quotes found by key", *found);
    });
}

void Proxy::look_for_quotes_soon() {
    // One lookup serves all that closed within the second.
    if (std::exchange(is_looking_soon_, true)) return;
    soon_.after(kLookupSoonMs, [this] {
        is_looking_soon_ = false;
        if (parts_.wallet.is_connected()) find_quotes();
    });
}

void Proxy::on_quote(const std::string& quote_id, std::uint64_t amount, SteadyMs share_received_ms) {
    if (expected_.size() < kExpectedMax) expected_[quote_id] = {share_received_ms, amount};
    parts_.wallet.add_quote(quote_id, amount);
}

void Proxy::on_minted(const wallet::Minted& minted) {
    const auto now = parts_.clock.steady_ms();
    for (const auto& quote_id : minted.quote_ids) {
        auto it = expected_.find(quote_id);
        if (it == expected_.end()) {
            parts_.events.tell(records::TokenMinted{quote_id, 0, std::nullopt});
            continue;
        }
        records::TokenMinted record{quote_id, it->second.amount, std::nullopt};
        if (it->second.share_received_ms) record.share_to_token_ms = now - it->second.share_received_ms;
        parts_.events.tell(record);
        expected_.erase(it);
    }
}

void Proxy::on_parked(const std::string& quote_id, const std::string& reason) {
    log::warn("quote {} cannot be minted: {}", quote_id, reason);
    expected_.erase(quote_id);
    parts_.events.tell(records::QuoteParked{quote_id, reason});
}

void Proxy::end_patience() {
    const SteadyMs now = parts_.clock.steady_ms();
    if (!outage_.is_over_patience(now)) return;
    const std::string why = "the pool has been down for " + std::to_string(outage_.lasted_ms(now) / 1000) +
                            " s: try another one (outage_patience_s)";
    const auto before = miners_.size();
    auto miners = miners_;
    for (auto& [id, miner] : miners) miner->fail_over(why);
    refusals_.closed_for_outage += before - miners_.size();
    static log::Limited complain{log::Level::warn};
    if (miners_.size() < before) complain("{} miners closed: {}", before - miners_.size(), why);
}

/// Once to each: a miner without an answer for seconds looks broken.
void Proxy::tell_who_waits() {
    if (!outage_.is_on()) return;
    const SteadyMs now = parts_.clock.steady_ms();
    const std::string why = std::string("no work yet: ") +
                            (parts_.pool.is_ready() ? "the pool has no template (no-template-yet)"
                                                    : "the proxy has no connection to the pool (pool-away)") +
                            "; work follows as soon as there is some";
    auto miners = miners_;
    for (auto& [id, miner] : miners) miner->tell_why_it_waits(now, why);
}

void Proxy::stop(std::function<void()> stopped) {
    lookup_.cancel();
    close_miners();
    // After the miners, since closing them asks for a lookup; the next start looks anyway.
    soon_.cancel();
    parts_.wallet.when_idle(kStopLimitMs, [this, stopped = std::move(stopped)](Result<>) {
        // Quotes not minted yet are in the database and continue at the next start.
        parts_.wallet.stop();
        stopped();
    });
}

}  // namespace hp::proxy
