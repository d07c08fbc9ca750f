#include "proxy/downstream.hpp"

#include <algorithm>

#include "base/crash_point.hpp"
#include "bitcoin/target.hpp"
#include "crypto/random.hpp"
#include "log/log.hpp"
#include "mining/share.hpp"
#include "mining/vardiff.hpp"
#include "mining/whole_difficulty.hpp"
#include "wire/connection_refusal.hpp"

namespace hp::proxy {
namespace {

/// A pool restores an address's allowance of openings within two minutes.
constexpr SteadyMs kRoomWaitMs = 20'000;

Bytes32 easiest_target() {
    Bytes32 target;
    target.fill(0xff);
    return target;
}

}  // namespace

Downstream::Downstream(const ProxyServices& proxy, std::shared_ptr<net::LineConnection> connection,
                       std::uint64_t miner_id)
    : proxy_{&proxy},
      connection_{std::move(connection)},
      miner_id_{miner_id},
      limit_{proxy.clock},
      reopen_{proxy.clock},
      updates_{proxy.clock,
               [this](const ChannelUpdate& update) {
                   if (!proxy_ || !channel_id_) return;
                   Naming naming{.user_identity = update.user_identity};
                   if (update.locking_key) naming.locking_key = &*update.locking_key;
                   proxy_->pool.update_channel(*channel_id_,
                                               static_cast<float>(proxy_->terms.initial_hash_rate_hps),
                                               update.max_target, naming);
                   if (!update.user_identity.empty()) channel_name_ = update.user_identity;
               }},
      requests_{kRequestsAtOnce, kRequestsPerSecond, proxy.clock.steady_ms()},
      told_unjudged_{60, 1, proxy.clock.steady_ms()},
      budget_{proxy.terms.invalid_shares_max, proxy.clock.steady_ms()},
      allowance_{
          proxy.gifts.allowance(proxy.sources.of(connection_->peer(), miner_id), proxy.clock.steady_ms())},
      workers_{proxy.terms.wallets_key},
      max_target_{easiest_target()},
      tally_{proxy.clock.steady_ms()},
      connected_ms_{proxy.clock.unix_ms()} {
    wait_for_work("did not subscribe and authorize within 60 s");
}

void Downstream::on_line(std::string_view line) {
    if (!proxy_ || sv1::is_blank(line)) return;
    auto message = parser_.from_client(line);
    const bool is_share = message && std::holds_alternative<sv1::Submit>(message->body);
    if (!is_share && !within_requests()) return;
    if (!message) {
        count_bad_line(message.error().text);
        sv1::append_error(out_, message.error().id, message.error().code,
                          std::string(word_of(wire::ShareRefusal::bad_line)) + ": " + message.error().text);
        // A line that is not even JSON does not come from a miner: answer once, then close.
        if (message.error().code == sv1::ErrorCode::parse) {
            flush();
            close("garbage: " + printable(message.error().text));
        }
        return;
    }
    std::visit([&](const auto& body) { handle(message->id, body); }, message->body);
}

void Downstream::on_read_done() {
    // Only now: a miner that pipelines its requests has named itself.
    if (std::exchange(opens_after_read_, false)) open_channel();
    flush();
}

void Downstream::count_bad_line(const std::string& why) {
    static log::Limited complain{log::Level::warn};
    complain.about(connection_->peer(), "miner {}: bad line: {}", connection_->peer(), printable(why));
    proxy_->events.share_rejected({.miner_id = miner_id_,
                                   .peer = connection_->peer(),
                                   .reason = wire::word_of(wire::ShareRefusal::bad_line)});
}

/// It gets an answer if its protocol has one (net/first_bytes); the connection ends after this.
void Downstream::on_other_protocol(std::string_view what) {
    if (!proxy_) return;
    const std::string why = "speaks " + std::string(what) + "; this port speaks SV1";
    static log::Limited complain{log::Level::warn};
    complain.about(connection_->peer(), "{}: {}", connection_->peer(), why);
    proxy_->events.tell(records::MinerRefused{miner_id_, connection_->peer(), {}, why});
}

void Downstream::on_close(const Error& reason) {
    if (!proxy_) return;
    auto* proxy = std::exchange(proxy_, nullptr);
    limit_.cancel();
    reopen_.cancel();
    updates_.forget();
    if (channel_id_) proxy->pool.close_channel(*channel_id_);
    // Nobody is notified of quotes for its last shares.
    if (!outstanding_.empty()) proxy->quotes.look_for_quotes_soon();
    proxy->gone(miner_id_, reason.what);
    // The connection holds its handler until it has flushed: without this the two would keep each other
    // alive.
    connection_.reset();
}

void Downstream::close(const std::string& why) {
    if (!proxy_) return;
    auto self = shared_from_this();
    connection_->close(why);
    on_close({Errc::protocol, why});
}

void Downstream::flush() {
    if (out_.empty() || !connection_) return;
    connection_->send(out_);
    out_.clear();
}

void Downstream::handle(std::string_view id, const sv1::Configure& message) {
    sv1::Granted granted;
    if (message.version_rolling && message.version_rolling_error.empty() && !proxy_->pool.fixed_version()) {
        version_mask_ = message.version_rolling_mask & mining::kVersionRollingMask;
        granted.version_rolling_mask = version_mask_;
    }
    if (message.minimum_difficulty && message.minimum_difficulty_error.empty()) {
        suggest(bitcoin::target_from_difficulty(message.minimum_difficulty_value));
        granted.minimum_difficulty = true;
    }
    if (message.subscribe_extranonce) {
        takes_set_extranonce_ = true;
        granted.subscribe_extranonce = true;
    }
    sv1::append_configured(out_, id, message, granted);
}

void Downstream::handle(std::string_view id, const sv1::Subscribe& message) {
    user_agent_ = printable(message.user_agent, 64);
    subscribe_ids_.emplace_back(id);
    // cgminer subscribes a second time if it had asked for an old session: it gets the same answer again.
    if (channel_id_) return answer_subscribe();
    if (!std::exchange(wants_channel_, true)) wants_since_ms_ = proxy_->clock.steady_ms();
    opens_after_read_ = true;
}

void Downstream::open_channel() {
    // While the pool is down the miner waits for its answer; pool_is_ready() calls this again.
    if (!proxy_ || !wants_channel_ || channel_id_ || is_opening_ || !proxy_->pool.is_ready()) return;
    is_opening_ = true;
    channel_owner_ = first_owner();
    channel_name_ = workers_.first() ? workers_.first()->name : std::string();
    ChannelOpening opening;
    opening.user_identity = channel_name_;
    opening.nominal_hash_rate = static_cast<float>(proxy_->terms.initial_hash_rate_hps);
    opening.max_target = max_target_;
    opening.min_extranonce_size = proxy_->terms.min_extranonce_size;
    opening.locking_key = channel_owner_;
    proxy_->pool.open_channel(opening, weak_from_this());
}

void Downstream::open_channel_later() {
    const auto random = crypto::random_u32();
    reopen_.after(reopen_backoff_.next_ms(random), [this] { open_channel(); });
}

void Downstream::on_opened(const sv2::mining::OpenExtendedMiningChannelSuccess& success) {
    is_opening_ = false;
    if (!proxy_) return;
    channel_id_ = success.channel_id;
    auto prefix = success.extranonce_prefix.view();
    proxy_->outage.end();
    bool is_reopened = is_subscribed_;
    const bool is_same =
        std::ranges::equal(extranonce1_, prefix) && extranonce2_size_ == success.extranonce_size;
    extranonce1_.assign(prefix.begin(), prefix.end());
    extranonce2_size_ = success.extranonce_size;
    target_ = success.target.bytes;
    work_hashes_ = bitcoin::work_from_target(target_);
    last_status_ms_ = 0;
    // The miner may have authorized while the channel was being opened.
    if (!proxy_->pool.pays_ehash() && first_owner() != channel_owner_) return reopen_channel();
    tell_name();
    if (is_reopened && subscribe_ids_.empty()) {
        // After an outage, or another channel. A miner that cannot change its extranonce must reconnect.
        if (!is_same && !takes_set_extranonce_) return close(lost_because_ + ": extranonce changed");
        if (!is_same) sv1::append_set_extranonce(out_, extranonce1_, extranonce2_size_);
        if (workers_.first()) begin_work();
    } else {
        answer_subscribe();
    }
    flush();
}

void Downstream::answer_subscribe() {
    is_subscribed_ = true;
    char session[17];
    std::snprintf(session, sizeof session, "%016llx", static_cast<unsigned long long>(miner_id_));
    for (const auto& id : std::exchange(subscribe_ids_, {}))
        sv1::append_subscribed(out_, id, session, extranonce1_, extranonce2_size_);
    if (workers_.first()) return begin_work();
    wait_for_work("did not authorize within 60 s");
}

void Downstream::refuse_subscribe(const std::string& why) {
    for (const auto& id : std::exchange(subscribe_ids_, {}))
        sv1::append_error(out_, id, sv1::ErrorCode::other, why);
}

void Downstream::on_refused(const std::string& code) {
    is_opening_ = false;
    if (!proxy_) return;
    static log::Limited complain{log::Level::warn};
    // The pool refers to the key that we sent: the first worker's, or the wallet's for a name without one.
    const std::string key = code != wire::channel_refusal::kLockingKey ? ""
                            : channel_owner_ == workers_.wallets_key()
                                ? "; the key is the wallet's, " + to_hex(channel_owner_)
                                : "; the key is that of worker \"" + printable(channel_name_, 80) + "\"";
    complain.about(connection_->peer(), "miner {}: pool refused its channel: {}{}", connection_->peer(), code,
                   key);
    proxy_->events.tell(records::MinerChannelRefused{miner_id_, channel_name_, {code}});
    // No template yet: the pool is starting. Room comes back with shares and time. Anything else would be
    // refused again.
    if (code == wire::channel_refusal::kTooFewShares)
        return reopen_.after(kRoomWaitMs, [this] { open_channel(); });
    if (code == wire::channel_refusal::kNoTemplate) {
        proxy_->outage.begin(proxy_->clock.steady_ms());
        return open_channel_later();
    }
    refuse_subscribe("pool refused the channel: " + code);
    flush();
    close("pool refused the channel: " + code);
}

void Downstream::handle(std::string_view id, const sv1::Authorize& message) {
    const auto refuse = [&](const std::string& why) {
        sv1::append_false(out_, id, sv1::ErrorCode::unauthorized, why);
        static log::Limited complain{log::Level::warn};
        complain.about(connection_->peer(), "miner {}: worker \"{}\" refused: {}", connection_->peer(),
                       printable(message.user, 80), why);
        proxy_->events.tell(
            records::MinerRefused{miner_id_, connection_->peer(), message.user.substr(0, 255), why});
    };
    auto read = workers_.read(message.user);
    if (!read) return refuse(read.error().what);
    if (auto why = refusal_without_extension(*read)) return refuse(*why);
    if (!connection_->prove(net::Standing::guest)) return close("too many miners");
    const bool is_first = !workers_.first();
    const Worker& worker = workers_.add(*std::move(read));
    sv1::append_true(out_, id);
    proxy_->events.tell(records::MinerAuthorized{miner_id_, worker.name, user_agent_});
    last_status_ms_ = 0;
    if (!channel_id_ || !is_first) return;
    if (!proxy_->pool.pays_ehash() && worker.owner != channel_owner_) return reopen_channel();
    tell_name();
    begin_work();
}

/// The owner of the channel to open.
const crypto::PublicKey33& Downstream::first_owner() const {
    return workers_.first() ? workers_.first()->owner : workers_.wallets_key();
}

/// A pool without our extension learns the owner only when a channel is opened, and an SV1 connection has one
/// channel, since it has one extranonce.
std::optional<std::string> Downstream::refusal_without_extension(const Worker& worker) {
    const auto& upstream = proxy_->pool;
    if (!upstream.is_ready() || upstream.pays_ehash()) return {};
    if (const auto* first = workers_.first()) {
        if (worker.owner == first->owner) return {};
        return "the pool allows one owner per connection, and this connection has another one: use one "
               "connection per owner";
    }
    if (!channel_id_ || worker.owner == channel_owner_ || takes_set_extranonce_) return {};
    return "the pool must know the owner before it gives work: authorize before mining.subscribe, or send "
           "mining.extranonce.subscribe first";
}

/// For the owner that is now known. Until the answer no share is accepted.
void Downstream::reopen_channel() {
    proxy_->pool.close_channel(*std::exchange(channel_id_, std::nullopt));
    tip_.reset();
    jobs_.clear();
    updates_.forget();
    open_channel();
}

/// The pool's name for the channel: its first worker's. Shares of other workers name them.
void Downstream::tell_name() {
    const Worker* worker = workers_.first();
    if (!worker || worker->name == channel_name_ || !proxy_->pool.pays_ehash()) return;
    updates_.want({max_target_, channel_owner_, worker->name});
}

void Downstream::handle(std::string_view id, const sv1::SuggestDifficulty& message) {
    suggest(bitcoin::target_from_difficulty(message.difficulty));
    sv1::append_true(out_, id);
}

void Downstream::handle(std::string_view id, const sv1::SuggestTarget& message) {
    suggest(message.target);
    sv1::append_true(out_, id);
}

/// The miner's suggestion is a limit: its target will not be easier. Vardiff decides the rest.
void Downstream::suggest(const Bytes32& target) {
    max_target_ = mining::usable_max_target(target);
    if (channel_id_) updates_.want({max_target_, std::nullopt, {}});
}

void Downstream::handle(std::string_view id, const sv1::ExtranonceSubscribe&) {
    takes_set_extranonce_ = true;
    sv1::append_true(out_, id);
}

void Downstream::handle(std::string_view id, const sv1::MultiVersion&) { sv1::append_true(out_, id); }

void Downstream::handle(std::string_view id, const sv1::UnknownMethod& message) {
    sv1::append_error(out_, id, sv1::ErrorCode::other, "unknown method " + printable(message.method, 40));
}

void Downstream::on_quote(std::uint32_t sequence_number, const std::string& quote_id, std::uint64_t amount) {
    if (!proxy_) return;
    SteadyMs received_ms = 0;
    const Worker* worker = only_worker();
    if (auto* share = find_outstanding(sequence_number)) {
        received_ms = share->received_ms;
        worker = share->worker;
        // A share is finished once its quote is known; an unanswered one still waits for its answer.
        if (share->is_answered)
            std::erase_if(outstanding_,
                          [&](const Outstanding& known) { return known.sequence_number == sequence_number; });
    }
    // Forgotten, and with several workers its owner is unknown: the wallet's quotes are found by key.
    if (!worker) return proxy_->quotes.look_for_quotes_soon();
    if (worker->is_wallets)
        proxy_->quotes.on_quote(quote_id, amount, received_ms);
    else
        proxy_->events.tell(records::QuoteForOtherKey{miner_id_, worker->name, quote_id, amount});
}

void Downstream::on_quote_failed(std::uint32_t sequence_number, const std::string& text) {
    if (!proxy_) return;
    const auto* share = find_outstanding(sequence_number);
    const Worker* worker = share ? share->worker : only_worker();
    const std::string_view name = worker ? std::string_view(worker->name) : std::string_view();
    static log::Limited complain{log::Level::warn};
    complain.about(connection_->peer(), "miner \"{}\": share {} gets no quote: {}", printable(name, 80),
                   sequence_number, text);
    proxy_->events.tell(records::QuoteFailed{miner_id_, name, text});
}

/// The worker if there is only one; nothing if there are several.
const Worker* Downstream::only_worker() const {
    return workers_.all().size() == 1 ? workers_.first() : nullptr;
}

void Downstream::on_channel_lost(const std::string& code) {
    is_opening_ = false;
    if (!proxy_) return;
    channel_id_.reset();
    const bool is_closed = !code.empty();
    lost_because_ = is_closed ? "the pool closed the channel" : "the pool was away";
    if (is_closed) {
        static log::Limited complain{log::Level::warn};
        complain.about(connection_->peer(), "miner {}: the pool closed its channel: {}", connection_->peer(),
                       code);
    }
    // These will never be answered; what was accepted has its quote, which is found by key.
    using Why = wire::ShareRefusal;
    const auto reason = wire::word_of(is_closed ? Why::pool_closed_channel : Why::pool_connection_lost);
    for (auto& share : outstanding_)
        if (!share.is_answered) reject(share.sv1_id, {reason, share.worker, &share.what, code, true});
    outstanding_.clear();
    tip_.reset();
    jobs_.clear();
    flush();
    updates_.forget();
    HP_CRASH_POINT("Y4");
    // Either the pool is down, or it has closed only this channel and may do so again.
    if (proxy_->pool.is_ready()) open_channel_later();
}

void Downstream::send_status(SteadyMs now, SteadyMs period_ms) {
    if (!proxy_ || now - last_status_ms_ < period_ms) return;
    last_status_ms_ = now;
    proxy_->events.downstream_status({miner_id_, connection_->peer(), workers_.all(), user_agent_,
                                      connected_ms_, channel_id_, target_, extranonce1_, extranonce2_size_,
                                      version_mask_, tally_});
}

void Downstream::pool_is_ready() { open_channel(); }

}  // namespace hp::proxy
