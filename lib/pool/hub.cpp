#include "pool/hub.hpp"

#include <algorithm>

#include "base/crash_point.hpp"
#include "ehash/quote_request.hpp"

namespace hp::pool {
namespace {

constexpr std::size_t kReadyMax = 8192;
constexpr std::size_t kPageRows = 2048;
/// Owners wait here for their quotes; beyond this a wallet finds its quotes by key, which it can always do.
constexpr std::size_t kOwnersMax = 200'000;
constexpr std::int64_t kRetryMs = 1000;

}  // namespace

Hub::Hub(net::Loop& loop, Outbox& outbox, HubObserver& observer)
    : outbox_{outbox}, observer_{observer}, retry_{loop}, ack_retry_{loop} {
    last_committed_ = outbox.counts_at_open().last_seq;
    pending_ = outbox.counts_at_open().pending;
    dead_ = outbox.counts_at_open().dead;
}

void Hub::committed(std::uint64_t seq, const ehash::Intent& intent, Owner owner) {
    last_committed_ = std::max(last_committed_, seq);
    ++pending_;
    if (owners_.size() < kOwnersMax) owners_.emplace(seq, std::move(owner));
    if (carrier_ && !fetching_ && loaded_until_ + 1 == seq && ready_.size() < kReadyMax) {
        ready_.push_back({seq, intent, IntentState::pending});
        loaded_until_ = seq;
    }
    pump();
}

void Hub::attach(std::shared_ptr<QuoteCarrier> carrier, std::uint64_t mint_last_seq) {
    carrier_ = std::move(carrier);
    ++session_;
    mint_last_seq_ = mint_last_seq;
    loaded_until_ = 0;
    fetching_ = false;
    ready_.clear();
    postponed_.clear();
    inflight_.clear();
    pump();
}

void Hub::detach(const QuoteCarrier* carrier) {
    if (carrier_.get() != carrier) return;
    carrier_.reset();
    ++session_;
    fetching_ = false;
    ready_.clear();
    postponed_.clear();
    inflight_.clear();
}

void Hub::pump() {
    if (!carrier_) return;
    while (!ready_.empty() && inflight_.size() + postponed_.size() < carrier_->max_inflight()) {
        StoredIntent intent = std::move(ready_.front());
        ready_.pop_front();
        HP_CRASH_POINT("P6");
        carrier_->carry(intent);
        inflight_.emplace(intent.seq, std::move(intent));
    }
    if (ready_.empty() && loaded_until_ < last_committed_ && !fetching_) fetch();
}

void Hub::retry_later() {
    if (std::exchange(retry_waits_, true)) return;
    retry_.after(kRetryMs, [this] {
        retry_waits_ = false;
        ready_.insert(ready_.begin(), std::make_move_iterator(postponed_.begin()),
                      std::make_move_iterator(postponed_.end()));
        postponed_.clear();
        pump();
    });
}

void Hub::fetch() {
    fetching_ = true;
    outbox_.page(loaded_until_ + 1, mint_last_seq_, kPageRows,
                 [this, session = session_](Result<std::vector<StoredIntent>> page) {
                     if (session != session_) return;
                     fetching_ = false;
                     if (!page) {
                         observer_.on_alarm("cannot read the outbox: " + page.error().what);
                         retry_later();
                         return;
                     }
                     // A short page ends at the newest row that was committed before it was read; later ones
                     // are announced later.
                     loaded_until_ = page->size() == kPageRows ? page->back().seq : last_committed_;
                     for (auto& row : *page) {
                         // An answer may be in memory while its row is not saved yet: it needs no second
                         // sending.
                         bool answered = std::ranges::any_of(
                             acks_, [&](const QuoteAck& ack) { return ack.seq == row.seq; });
                         if (!answered) ready_.push_back(std::move(row));
                     }
                     pump();
                 });
}

Result<> Hub::on_response(const QuoteCarrier* carrier, const sv2::link::QuoteResponse& response) {
    if (carrier != carrier_.get()) return {};
    auto it = inflight_.find(response.seq);
    if (it == inflight_.end()) {
        observer_.on_alarm("mint answered request " + std::to_string(response.seq) +
                           ", which is not in flight; ignored");
        return {};
    }
    HP_CRASH_POINT("P9");
    const StoredIntent& row = it->second;
    if (auto mismatch = ehash::response_mismatch(response, row.seq, row.intent)) {
        observer_.on_alarm("mint's answer to request " + std::to_string(row.seq) +
                           " does not fit it: " + *mismatch);
        return fail(Errc::protocol, "answer does not fit its request");
    }
    Owner owner;
    if (auto found = owners_.find(response.seq); found != owners_.end()) {
        owner = std::move(found->second);
        owners_.erase(found);
    }
    observer_.on_quote_created(row, response.quote_id.value, response.replay, owner.accepted_ms);
    if (auto connection = owner.connection.lock())
        connection->quote_created(owner.channel_id, owner.sequence_number, response.quote_id.value,
                                  response.amount);
    HP_CRASH_POINT("P12");
    acks_.push_back({response.seq, response.quote_id.value, unix_ms_now()});
    if (row.state == IntentState::pending) --pending_;
    if (row.state == IntentState::dead) --dead_;
    inflight_.erase(it);
    ++created_;
    save_acks();
    pump();
    return {};
}

Result<> Hub::on_error(const QuoteCarrier* carrier, const sv2::link::QuoteError& error) {
    if (carrier != carrier_.get()) return {};
    auto it = inflight_.find(error.seq);
    if (it == inflight_.end() || it->second.intent.share_hash != error.share_hash.bytes)
        return fail(Errc::protocol, "error for a request that is not in flight");
    StoredIntent row = std::move(it->second);
    inflight_.erase(it);
    if (error.retryable) {
        postponed_.push_back(std::move(row));
        retry_later();
        return {};
    }
    std::string reason = std::to_string(error.code) + " " + printable(error.text.value);
    observer_.on_quote_dead(row, error.code, reason);
    if (auto found = owners_.find(row.seq); found != owners_.end()) {
        if (auto connection = found->second.connection.lock())
            connection->quote_failed(found->second.channel_id, found->second.sequence_number, error.code,
                                     printable(error.text.value));
        owners_.erase(found);
    }
    if (row.state == IntentState::pending) {
        --pending_;
        ++dead_;
        outbox_.bury({row.seq, reason}, [this, seq = row.seq](Result<> saved) {
            if (saved) return;
            // It is pending still, and the next session's mint will be asked again.
            ++pending_;
            --dead_;
            observer_.on_alarm("cannot save the dead letter " + std::to_string(seq) + ": " +
                               saved.error().what);
        });
    }
    pump();
    return {};
}

void Hub::save_acks() {
    if (saving_acks_ || acks_.empty()) return;
    saving_acks_ = true;
    outbox_.ack(acks_, [this, count = acks_.size()](Result<> saved) {
        saving_acks_ = false;
        if (!saved) {
            observer_.on_alarm("cannot save quote ids: " + saved.error().what);
            ack_retry_.after(kRetryMs, [this] { save_acks(); });
            return;
        }
        HP_CRASH_POINT("P11");
        acks_.erase(acks_.begin(), acks_.begin() + static_cast<std::ptrdiff_t>(count));
        save_acks();
    });
}

Hub::Status Hub::status() const { return {pending_, inflight_.size(), created_, dead_, carrier_ != nullptr}; }

}  // namespace hp::pool
