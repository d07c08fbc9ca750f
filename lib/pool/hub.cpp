#include "pool/hub.hpp"

#include <algorithm>

#include "base/crash_point.hpp"
#include "ehash/quote_request.hpp"

namespace hp::pool {
namespace {

constexpr std::size_t kReadyMax = 8192;
constexpr std::size_t kPageRows = 2048;
/// Shares whose owners wait for the quote; beyond this a wallet finds its quotes by key, which always works.
constexpr std::size_t kOwnersMax = 200'000;
constexpr std::int64_t kRetryMs = 1000;

bool is_known_code(std::uint16_t code) {
    using sv2::link::QuoteErrorCode;
    return code >= static_cast<std::uint16_t>(QuoteErrorCode::malformed) &&
           code <= static_cast<std::uint16_t>(QuoteErrorCode::storage);
}

}  // namespace

/// One mint's part. Rows up to loaded_until are answered, in flight, postponed or ready.
struct Hub::MintBacklog {
    MintBacklog(net::Loop& loop, MintId id_, KnownMint known, bool is_configured_)
        : id{id_},
          name{std::move(known.name)},
          is_configured{is_configured_},
          memory{known.memory},
          loaded_until{row_seq(id_, 0)},
          last_committed{row_seq(id_, known.last_count)},
          asked_until{known.asked_until},
          again_until{known.again_until},
          pending{known.pending},
          dead{known.dead},
          retry{loop} {}

    MintId id;
    std::string name;
    bool is_configured;
    std::optional<MintMemory> memory;
    std::shared_ptr<QuoteCarrier> carrier;
    UnixMs since_ms{unix_ms_now()};
    std::uint64_t session{0};  // counts attaches, so that a page read for an earlier one is dropped
    std::uint64_t mint_last_seq{0};
    std::uint64_t loaded_until;
    std::uint64_t last_committed;
    std::uint64_t asked_until, again_until;  // as KnownMint's
    bool is_fetching{false};
    bool retry_waits{false};
    std::deque<StoredIntent> ready;
    /// Refused for now by the mint, tried again in a second. They count as in flight, so that a mint with a
    /// full disk does not pull the whole backlog into memory.
    std::vector<StoredIntent> postponed;
    std::unordered_map<std::uint64_t, StoredIntent> inflight;
    std::uint64_t pending, created{0}, wrong_answers{0}, dead;
    UnixMs oldest_pending_ms{0};
    bool is_mark_unsaved{false}, is_mark_on_way{false};
    net::Timer retry;
};

Hub::Hub(net::Loop& loop, Outbox& outbox, HubObserver& observer, std::span<const std::string> configured)
    : outbox_{outbox}, observer_{observer}, ack_retry_{loop} {
    for (const KnownMint& mint : outbox.mints_at_open()) {
        const bool is_configured = std::ranges::find(configured, mint.name) != configured.end();
        backlogs_.push_back(
            std::make_unique<MintBacklog>(loop, static_cast<MintId>(backlogs_.size()), mint, is_configured));
        if (!is_configured && mint.pending > 0)
            observer_.on_alarm(std::to_string(mint.pending) + " quotes wait for mint '" + mint.name +
                               "', which is not in allowed_mint_keys");
    }
    refresh_oldest();
}
Hub::~Hub() = default;

void Hub::committed(std::uint64_t seq, const ehash::Intent& intent, Owner owner) {
    MintBacklog& backlog = backlog_of(seq);
    backlog.last_committed = std::max(backlog.last_committed, seq);
    if (backlog.pending++ == 0) backlog.oldest_pending_ms = owner.accepted_ms;
    if (owners_.size() < kOwnersMax) owners_.emplace(seq, std::move(owner));
    if (backlog.carrier && !backlog.is_fetching && backlog.loaded_until + 1 == seq &&
        backlog.ready.size() < kReadyMax) {
        backlog.ready.push_back({seq, intent, IntentState::pending});
        backlog.loaded_until = seq;
    }
    pump(backlog);
}

/// Nothing is in flight any more; pending rows are read from the outbox again.
void Hub::reset(MintBacklog& backlog) {
    ++backlog.session;
    backlog.loaded_until = row_seq(backlog.id, 0);
    backlog.is_fetching = false;
    backlog.ready.clear();
    backlog.postponed.clear();
    backlog.inflight.clear();
}

void Hub::attach(MintId mint, std::shared_ptr<QuoteCarrier> carrier, std::uint64_t mint_last_count) {
    MintBacklog& backlog = *backlogs_.at(mint);
    auto older = std::exchange(backlog.carrier, std::move(carrier));
    reset(backlog);
    backlog.since_ms = unix_ms_now();
    backlog.mint_last_seq = row_seq(mint, mint_last_count);
    if (older) older->end("replaced by a newer session");
    pump(backlog);
}

void Hub::detach(const QuoteCarrier* carrier) {
    MintBacklog* backlog = find_backlog(carrier);
    if (!backlog) return;
    backlog->carrier.reset();
    outbox_.save_asked(backlog->id, backlog->asked_until);
    backlog->since_ms = unix_ms_now();
    reset(*backlog);
}

Hub::MintBacklog* Hub::find_backlog(const QuoteCarrier* carrier) {
    for (auto& backlog : backlogs_)
        if (backlog->carrier.get() == carrier) return backlog.get();
    return nullptr;
}

void Hub::pump(MintBacklog& backlog) {
    if (!backlog.carrier) return;
    while (!backlog.ready.empty() &&
           backlog.inflight.size() + backlog.postponed.size() < backlog.carrier->max_inflight()) {
        StoredIntent intent = std::move(backlog.ready.front());
        backlog.ready.pop_front();
        HP_CRASH_POINT("P6");
        const std::uint64_t count = count_of_row(intent.seq);
        intent.may_be_lost = intent.state == IntentState::acked || count <= backlog.again_until;
        backlog.asked_until = std::max(backlog.asked_until, count);
        backlog.carrier->carry(intent);
        backlog.inflight.emplace(intent.seq, std::move(intent));
    }
    if (backlog.ready.empty() && backlog.loaded_until < backlog.last_committed && !backlog.is_fetching)
        fetch(backlog);
}

/// In a second: postponed rows first, then the rest. A running wait is not extended.
void Hub::retry_later(MintBacklog& backlog) {
    if (std::exchange(backlog.retry_waits, true)) return;
    backlog.retry.after(kRetryMs, [this, &backlog] {
        backlog.retry_waits = false;
        backlog.ready.insert(backlog.ready.begin(), std::make_move_iterator(backlog.postponed.begin()),
                             std::make_move_iterator(backlog.postponed.end()));
        backlog.postponed.clear();
        pump(backlog);
    });
}

void Hub::postpone(MintBacklog& backlog, StoredIntent row) {
    backlog.postponed.push_back(std::move(row));
    retry_later(backlog);
}

void Hub::fetch(MintBacklog& backlog) {
    backlog.is_fetching = true;
    outbox_.page(
        backlog.loaded_until + 1, backlog.mint_last_seq, kPageRows,
        while_alive([this, &backlog, session = backlog.session](Result<std::vector<StoredIntent>> page) {
            if (session == backlog.session) on_page(backlog, std::move(page));
        }));
}

void Hub::on_page(MintBacklog& backlog, Result<std::vector<StoredIntent>> page) {
    backlog.is_fetching = false;
    if (!page) {
        observer_.on_alarm("cannot read the outbox: " + page.error().what);
        return retry_later(backlog);
    }
    // A short page ends at the newest row committed before it was read; later rows are announced by
    // committed().
    backlog.loaded_until = page->size() == kPageRows ? page->back().seq : backlog.last_committed;
    for (auto& row : *page) {
        // An answer may be in memory while its row is not saved yet: do not send it again.
        auto is_it = [&](const QuoteAck& ack) { return ack.seq == row.seq; };
        bool answered =
            std::ranges::any_of(acks_, is_it) || (acks_on_way_ && std::ranges::any_of(*acks_on_way_, is_it));
        if (!answered) backlog.ready.push_back(std::move(row));
    }
    pump(backlog);
}

void Hub::on_response(const QuoteCarrier* carrier, const sv2::link::QuoteResponse& response) {
    MintBacklog* backlog = find_backlog(carrier);
    if (!backlog) return;  // from a replaced session
    auto it = backlog->inflight.find(row_seq(backlog->id, response.seq));
    if (it == backlog->inflight.end() || response.seq > kCountMax) {
        ++backlog->wrong_answers;
        return observer_.on_alarm("mint '" + backlog->name + "' answered request " +
                                  std::to_string(response.seq) + ", which is not in flight; ignored");
    }
    HP_CRASH_POINT("P9");
    const StoredIntent& row = it->second;
    if (auto mismatch = ehash::response_mismatch(response, count_of_row(row.seq), row.intent)) {
        ++backlog->wrong_answers;
        observer_.on_alarm("the answer of mint '" + backlog->name + "' to request " +
                           std::to_string(response.seq) + " does not match it: " + *mismatch);
        StoredIntent asked = std::move(it->second);
        backlog->inflight.erase(it);
        return postpone(*backlog, std::move(asked));
    }
    Owner owner;
    if (auto found = owners_.find(row.seq); found != owners_.end()) {
        owner = std::move(found->second);
        owners_.erase(found);
    }
    observer_.on_quote_created(row, response.quote_id.value, response.replay, owner.received_ms);
    if (auto connection = owner.connection.lock())
        connection->quote_created(owner.channel_id, owner.sequence_number, response.quote_id.value,
                                  response.amount);
    HP_CRASH_POINT("P12");
    acks_.push_back({row.seq, response.quote_id.value, unix_ms_now(), row.state});
    if (row.state == IntentState::pending) --backlog->pending;
    if (row.state == IntentState::dead) --backlog->dead;
    unsaved_.insert_or_assign(row.seq, std::move(it->second));
    backlog->inflight.erase(it);
    ++backlog->created;
    save_acks();
    pump(*backlog);
}

void Hub::on_error(const QuoteCarrier* carrier, const sv2::link::QuoteError& error) {
    MintBacklog* backlog = find_backlog(carrier);
    if (!backlog) return;
    auto it = backlog->inflight.find(row_seq(backlog->id, error.seq));
    if (it == backlog->inflight.end() || error.seq > kCountMax ||
        it->second.intent.share_hash != error.share_hash.bytes) {
        ++backlog->wrong_answers;
        return observer_.on_alarm("mint '" + backlog->name + "' refused request " +
                                  std::to_string(error.seq) + " of share " + to_hex(error.share_hash.bytes) +
                                  ", which is not in flight; ignored");
    }
    StoredIntent row = std::move(it->second);
    backlog->inflight.erase(it);
    if (!is_known_code(error.code)) {
        ++backlog->wrong_answers;
        observer_.on_alarm("mint '" + backlog->name + "' refused outbox row " + std::to_string(row.seq) +
                           " with unknown code " + std::to_string(error.code) +
                           (error.retryable ? "; sending it again" : ", for good: now a dead letter"));
    }
    if (error.retryable) return postpone(*backlog, std::move(row));
    std::string reason = std::to_string(error.code) + " " + printable(error.text.value);
    observer_.on_quote_dead(row, error.code, reason);
    if (auto found = owners_.find(row.seq); found != owners_.end()) {
        if (auto connection = found->second.connection.lock())
            connection->quote_failed(found->second.channel_id, found->second.sequence_number, error.code,
                                     printable(error.text.value));
        owners_.erase(found);
    }
    if (row.state == IntentState::pending) {
        --backlog->pending;
        ++backlog->dead;
        outbox_.bury({row.seq, reason, unix_ms_now()},
                     while_alive([this, backlog, seq = row.seq](Result<> saved) {
                         if (saved) return;
                         // It is still pending, and is sent again in the next session.
                         ++backlog->pending;
                         --backlog->dead;
                         observer_.on_alarm("cannot save the dead letter " + std::to_string(seq) + ": " +
                                            saved.error().what);
                     }));
    }
    pump(*backlog);
}

void Hub::requeued(const std::vector<StoredIntent>& rows) {
    for (const StoredIntent& row : rows) {
        MintBacklog& backlog = backlog_of(row.seq);
        --backlog.dead;
        ++backlog.pending;
        // Rows beyond what is loaded come with a page.
        if (backlog.carrier && row.seq <= backlog.loaded_until && !backlog.inflight.contains(row.seq))
            backlog.ready.push_back(row);
    }
    for (auto& backlog : backlogs_) pump(*backlog);
}

void Hub::save_acks() {
    if (acks_on_way_ || acks_.empty()) return;
    acks_on_way_ = std::make_shared<const std::vector<QuoteAck>>(std::exchange(acks_, {}));
    send_acks();
}

void Hub::send_acks() {
    outbox_.ack(acks_on_way_, while_alive([this](Result<std::vector<std::uint64_t>> refused) {
                    if (!refused) {
                        observer_.on_alarm("cannot save quote ids: " + refused.error().what);
                        return ack_retry_.after(kRetryMs, [this] { send_acks(); });
                    }
                    HP_CRASH_POINT("P11");
                    on_acks_refused(*refused);
                    for (const QuoteAck& ack : *acks_on_way_) unsaved_.erase(ack.seq);
                    acks_on_way_.reset();
                    save_acks();
                }));
}

void Hub::on_acks_refused(const std::vector<std::uint64_t>& refused) {
    for (std::uint64_t seq : refused) {
        auto ack = std::ranges::find(*acks_on_way_, seq, &QuoteAck::seq);
        MintBacklog& backlog = backlog_of(seq);
        observer_.on_alarm("mint '" + backlog.name + "' used quote id " + ack->quote_id +
                           " for two shares; row " + std::to_string(seq) + " is unchanged");
        if (ack->state_before == IntentState::pending) ++backlog.pending;
        if (ack->state_before == IntentState::dead) ++backlog.dead;
        ++backlog.wrong_answers;
        // A row beyond loaded_until comes with its page.
        if (auto row = unsaved_.find(seq); backlog.carrier && seq <= backlog.loaded_until &&
                                           row != unsaved_.end() && !backlog.inflight.contains(seq))
            postpone(backlog, std::move(row->second));
    }
}

std::optional<MintId> Hub::find_mint(std::string_view name) const {
    for (const auto& backlog : backlogs_)
        if (backlog->name == name) return backlog->id;
    return {};
}

std::uint64_t Hub::last_count(MintId mint) const { return count_of_row(backlogs_.at(mint)->last_committed); }

const std::optional<MintMemory>& Hub::memory(MintId mint) const { return backlogs_.at(mint)->memory; }

void Hub::remember(MintId mint, const MintMemory& memory, std::optional<std::uint64_t> open_count,
                   bool is_rollback, std::function<void(Result<bool>)> done) {
    const auto open_row = open_count ? std::optional{row_seq(mint, *open_count)} : std::nullopt;
    MintBacklog& backlog = *backlogs_.at(mint);
    const auto again_until =
        is_rollback ? std::max(backlog.again_until, backlog.asked_until) : backlog.again_until;
    outbox_.remember_mint(
        mint, memory, open_row, again_until,
        while_alive([&backlog, memory, again_until, done = std::move(done)](Result<bool> saved) {
            if (saved && *saved) {
                backlog.memory = memory;
                backlog.is_mark_unsaved = false;
                backlog.again_until = again_until;
            }
            done(saved);
        }));
}

void Hub::note_mark(MintId mint, const ehash::MintMark& mark) {
    MintBacklog& backlog = *backlogs_.at(mint);
    if (backlog.memory) backlog.memory->mark = mark;
    backlog.is_mark_unsaved = true;
    save_mark(backlog);
}

void Hub::save_mark(MintBacklog& backlog) {
    if (!backlog.is_mark_unsaved || backlog.is_mark_on_way || !backlog.memory || !backlog.memory->mark)
        return;
    backlog.is_mark_unsaved = false;
    backlog.is_mark_on_way = true;
    outbox_.save_mark(backlog.id, *backlog.memory->mark, while_alive([this, raw = &backlog](Result<> saved) {
                          raw->is_mark_on_way = false;
                          // Retried with the next one, or by refresh_oldest().
                          if (!saved) raw->is_mark_unsaved = true;
                          if (saved) save_mark(*raw);
                      }));
}

void Hub::refresh_oldest() {
    for (auto& backlog : backlogs_) {
        save_mark(*backlog);
        if (backlog->pending == 0) {
            backlog->oldest_pending_ms = 0;
            continue;
        }
        outbox_.oldest_pending(backlog->id,
                               while_alive([raw = backlog.get()](Result<std::optional<UnixMs>> oldest) {
                                   if (oldest) raw->oldest_pending_ms = oldest->value_or(0);
                               }));
    }
}

MintStatus Hub::status(MintId mint) const {
    const MintBacklog& backlog = *backlogs_.at(mint);
    return {backlog.id,
            backlog.name,
            backlog.is_configured,
            backlog.carrier != nullptr,
            backlog.since_ms,
            backlog.carrier ? backlog.carrier->peer() : std::string{},
            backlog.pending,
            backlog.inflight.size(),
            backlog.created,
            backlog.wrong_answers,
            backlog.dead,
            backlog.oldest_pending_ms};
}

std::vector<MintStatus> Hub::statuses() const {
    std::vector<MintStatus> out;
    for (const auto& backlog : backlogs_) out.push_back(status(backlog->id));
    return out;
}

}  // namespace hp::pool
