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

bool is_known_code(std::uint16_t code) {
    using sv2::link::QuoteErrorCode;
    return code >= static_cast<std::uint16_t>(QuoteErrorCode::malformed) &&
           code <= static_cast<std::uint16_t>(QuoteErrorCode::storage);
}

}  // namespace

/// One mint's part. Rows up to loaded_until are answered, in flight, postponed or in ready.
struct Hub::Lane {
    Lane(net::Loop& loop, MintId id_, KnownMint known, bool is_configured_)
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
    std::uint64_t session{0};  // counts attaches, so that a page asked for an earlier one is dropped
    std::uint64_t mint_last_seq{0};
    std::uint64_t loaded_until;
    std::uint64_t last_committed;
    std::uint64_t asked_until, again_until;  // as KnownMint's
    bool is_fetching{false};
    bool retry_waits{false};
    std::deque<StoredIntent> ready;
    /// Refused for now by the mint, tried again in a second. They count as in flight, so that a mint whose
    /// disk is full does not draw the whole backlog into memory.
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
        lanes_.push_back(
            std::make_unique<Lane>(loop, static_cast<MintId>(lanes_.size()), mint, is_configured));
        if (!is_configured && mint.pending > 0)
            observer_.on_alarm(std::to_string(mint.pending) + " quotes wait for mint '" + mint.name +
                               "', which is not in allowed_mint_keys");
    }
    refresh_oldest();
}
Hub::~Hub() = default;

void Hub::committed(std::uint64_t seq, const ehash::Intent& intent, Owner owner) {
    Lane& lane = lane_of(seq);
    lane.last_committed = std::max(lane.last_committed, seq);
    if (lane.pending++ == 0) lane.oldest_pending_ms = owner.accepted_ms;
    if (owners_.size() < kOwnersMax) owners_.emplace(seq, std::move(owner));
    if (lane.carrier && !lane.is_fetching && lane.loaded_until + 1 == seq && lane.ready.size() < kReadyMax) {
        lane.ready.push_back({seq, intent, IntentState::pending});
        lane.loaded_until = seq;
    }
    pump(lane);
}

/// Nothing is on its way any more; what is pending is read from the outbox again.
void Hub::reset(Lane& lane) {
    ++lane.session;
    lane.loaded_until = row_seq(lane.id, 0);
    lane.is_fetching = false;
    lane.ready.clear();
    lane.postponed.clear();
    lane.inflight.clear();
}

void Hub::attach(MintId mint, std::shared_ptr<QuoteCarrier> carrier, std::uint64_t mint_last_count) {
    Lane& lane = *lanes_.at(mint);
    auto older = std::exchange(lane.carrier, std::move(carrier));
    reset(lane);
    lane.since_ms = unix_ms_now();
    lane.mint_last_seq = row_seq(mint, mint_last_count);
    if (older) older->end("replaced by a newer session");
    pump(lane);
}

void Hub::detach(const QuoteCarrier* carrier) {
    Lane* lane = find_lane(carrier);
    if (!lane) return;
    lane->carrier.reset();
    outbox_.save_asked(lane->id, lane->asked_until);
    lane->since_ms = unix_ms_now();
    reset(*lane);
}

Hub::Lane* Hub::find_lane(const QuoteCarrier* carrier) {
    for (auto& lane : lanes_)
        if (lane->carrier.get() == carrier) return lane.get();
    return nullptr;
}

void Hub::pump(Lane& lane) {
    if (!lane.carrier) return;
    while (!lane.ready.empty() &&
           lane.inflight.size() + lane.postponed.size() < lane.carrier->max_inflight()) {
        StoredIntent intent = std::move(lane.ready.front());
        lane.ready.pop_front();
        HP_CRASH_POINT("P6");
        const std::uint64_t count = count_of_row(intent.seq);
        intent.may_be_lost = intent.state == IntentState::acked || count <= lane.again_until;
        lane.asked_until = std::max(lane.asked_until, count);
        lane.carrier->carry(intent);
        lane.inflight.emplace(intent.seq, std::move(intent));
    }
    if (lane.ready.empty() && lane.loaded_until < lane.last_committed && !lane.is_fetching) fetch(lane);
}

/// In a second: what was postponed goes first, then the rest. A wait under way is not prolonged.
void Hub::retry_later(Lane& lane) {
    if (std::exchange(lane.retry_waits, true)) return;
    lane.retry.after(kRetryMs, [this, &lane] {
        lane.retry_waits = false;
        lane.ready.insert(lane.ready.begin(), std::make_move_iterator(lane.postponed.begin()),
                          std::make_move_iterator(lane.postponed.end()));
        lane.postponed.clear();
        pump(lane);
    });
}

void Hub::postpone(Lane& lane, StoredIntent row) {
    lane.postponed.push_back(std::move(row));
    retry_later(lane);
}

void Hub::fetch(Lane& lane) {
    lane.is_fetching = true;
    outbox_.page(lane.loaded_until + 1, lane.mint_last_seq, kPageRows,
                 while_alive([this, &lane, session = lane.session](Result<std::vector<StoredIntent>> page) {
                     if (session == lane.session) on_page(lane, std::move(page));
                 }));
}

void Hub::on_page(Lane& lane, Result<std::vector<StoredIntent>> page) {
    lane.is_fetching = false;
    if (!page) {
        observer_.on_alarm("cannot read the outbox: " + page.error().what);
        return retry_later(lane);
    }
    // A short page ends at the newest row that was committed before it was read; later ones are announced
    // later.
    lane.loaded_until = page->size() == kPageRows ? page->back().seq : lane.last_committed;
    for (auto& row : *page) {
        // An answer may be in memory while its row is not saved yet: it needs no second sending.
        auto is_it = [&](const QuoteAck& ack) { return ack.seq == row.seq; };
        bool answered =
            std::ranges::any_of(acks_, is_it) || (acks_on_way_ && std::ranges::any_of(*acks_on_way_, is_it));
        if (!answered) lane.ready.push_back(std::move(row));
    }
    pump(lane);
}

void Hub::on_response(const QuoteCarrier* carrier, const sv2::link::QuoteResponse& response) {
    Lane* lane = find_lane(carrier);
    if (!lane) return;  // a session that was replaced
    auto it = lane->inflight.find(row_seq(lane->id, response.seq));
    if (it == lane->inflight.end() || response.seq > kCountMax) {
        ++lane->wrong_answers;
        return observer_.on_alarm("mint '" + lane->name + "' answered request " +
                                  std::to_string(response.seq) + ", which is not in flight; ignored");
    }
    HP_CRASH_POINT("P9");
    const StoredIntent& row = it->second;
    if (auto mismatch = ehash::response_mismatch(response, count_of_row(row.seq), row.intent)) {
        ++lane->wrong_answers;
        observer_.on_alarm("the answer of mint '" + lane->name + "' to request " +
                           std::to_string(response.seq) + " does not fit it: " + *mismatch);
        StoredIntent asked = std::move(it->second);
        lane->inflight.erase(it);
        return postpone(*lane, std::move(asked));
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
    if (row.state == IntentState::pending) --lane->pending;
    if (row.state == IntentState::dead) --lane->dead;
    unsaved_.insert_or_assign(row.seq, std::move(it->second));
    lane->inflight.erase(it);
    ++lane->created;
    save_acks();
    pump(*lane);
}

void Hub::on_error(const QuoteCarrier* carrier, const sv2::link::QuoteError& error) {
    Lane* lane = find_lane(carrier);
    if (!lane) return;
    auto it = lane->inflight.find(row_seq(lane->id, error.seq));
    if (it == lane->inflight.end() || error.seq > kCountMax ||
        it->second.intent.share_hash != error.share_hash.bytes) {
        ++lane->wrong_answers;
        return observer_.on_alarm("mint '" + lane->name + "' refused request " + std::to_string(error.seq) +
                                  " of share " + to_hex(error.share_hash.bytes) +
                                  ", which is not in flight; ignored");
    }
    StoredIntent row = std::move(it->second);
    lane->inflight.erase(it);
    if (!is_known_code(error.code)) {
        ++lane->wrong_answers;
        observer_.on_alarm("mint '" + lane->name + "' refused outbox row " + std::to_string(row.seq) +
                           " with the unknown code " + std::to_string(error.code) +
                           (error.retryable ? "; it is asked again" : ", for good: it is a dead letter"));
    }
    if (error.retryable) return postpone(*lane, std::move(row));
    std::string reason = std::to_string(error.code) + " " + printable(error.text.value);
    observer_.on_quote_dead(row, error.code, reason);
    if (auto found = owners_.find(row.seq); found != owners_.end()) {
        if (auto connection = found->second.connection.lock())
            connection->quote_failed(found->second.channel_id, found->second.sequence_number, error.code,
                                     printable(error.text.value));
        owners_.erase(found);
    }
    if (row.state == IntentState::pending) {
        --lane->pending;
        ++lane->dead;
        outbox_.bury({row.seq, reason, unix_ms_now()},
                     while_alive([this, lane, seq = row.seq](Result<> saved) {
                         if (saved) return;
                         // It is pending still, and the next session's mint will be asked again.
                         ++lane->pending;
                         --lane->dead;
                         observer_.on_alarm("cannot save the dead letter " + std::to_string(seq) + ": " +
                                            saved.error().what);
                     }));
    }
    pump(*lane);
}

void Hub::requeued(const std::vector<StoredIntent>& rows) {
    for (const StoredIntent& row : rows) {
        Lane& lane = lane_of(row.seq);
        --lane.dead;
        ++lane.pending;
        // Rows that a page will bring come by it.
        if (lane.carrier && row.seq <= lane.loaded_until && !lane.inflight.contains(row.seq))
            lane.ready.push_back(row);
    }
    for (auto& lane : lanes_) pump(*lane);
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
        Lane& lane = lane_of(seq);
        observer_.on_alarm("mint '" + lane.name + "' gave the quote id " + ack->quote_id +
                           " to two shares; row " + std::to_string(seq) + " stays as it was");
        if (ack->state_before == IntentState::pending) ++lane.pending;
        if (ack->state_before == IntentState::dead) ++lane.dead;
        ++lane.wrong_answers;
        // A row beyond loaded_until comes by its page.
        if (auto row = unsaved_.find(seq);
            lane.carrier && seq <= lane.loaded_until && row != unsaved_.end() && !lane.inflight.contains(seq))
            postpone(lane, std::move(row->second));
    }
}

std::optional<MintId> Hub::find_mint(std::string_view name) const {
    for (const auto& lane : lanes_)
        if (lane->name == name) return lane->id;
    return {};
}

std::uint64_t Hub::last_count(MintId mint) const { return count_of_row(lanes_.at(mint)->last_committed); }

const std::optional<MintMemory>& Hub::memory(MintId mint) const { return lanes_.at(mint)->memory; }

void Hub::remember(MintId mint, const MintMemory& memory, std::optional<std::uint64_t> open_count,
                   bool is_rollback, std::function<void(Result<bool>)> done) {
    const auto open_row = open_count ? std::optional{row_seq(mint, *open_count)} : std::nullopt;
    Lane& lane = *lanes_.at(mint);
    const auto again_until = is_rollback ? std::max(lane.again_until, lane.asked_until) : lane.again_until;
    outbox_.remember_mint(
        mint, memory, open_row, again_until,
        while_alive([&lane, memory, again_until, done = std::move(done)](Result<bool> saved) {
            if (saved && *saved) {
                lane.memory = memory;
                lane.is_mark_unsaved = false;
                lane.again_until = again_until;
            }
            done(saved);
        }));
}

void Hub::note_mark(MintId mint, const ehash::MintMark& mark) {
    Lane& lane = *lanes_.at(mint);
    if (lane.memory) lane.memory->mark = mark;
    lane.is_mark_unsaved = true;
    save_mark(lane);
}

void Hub::save_mark(Lane& lane) {
    if (!lane.is_mark_unsaved || lane.is_mark_on_way || !lane.memory || !lane.memory->mark) return;
    lane.is_mark_unsaved = false;
    lane.is_mark_on_way = true;
    outbox_.save_mark(lane.id, *lane.memory->mark, while_alive([this, raw = &lane](Result<> saved) {
                          raw->is_mark_on_way = false;
                          // Tried again with the next one, or by refresh_oldest().
                          if (!saved) raw->is_mark_unsaved = true;
                          if (saved) save_mark(*raw);
                      }));
}

void Hub::refresh_oldest() {
    for (auto& lane : lanes_) {
        save_mark(*lane);
        if (lane->pending == 0) {
            lane->oldest_pending_ms = 0;
            continue;
        }
        outbox_.oldest_pending(lane->id,
                               while_alive([raw = lane.get()](Result<std::optional<UnixMs>> oldest) {
                                   if (oldest) raw->oldest_pending_ms = oldest->value_or(0);
                               }));
    }
}

MintStatus Hub::status(MintId mint) const {
    const Lane& lane = *lanes_.at(mint);
    return {lane.id,
            lane.name,
            lane.is_configured,
            lane.carrier != nullptr,
            lane.since_ms,
            lane.carrier ? lane.carrier->peer() : std::string{},
            lane.pending,
            lane.inflight.size(),
            lane.created,
            lane.wrong_answers,
            lane.dead,
            lane.oldest_pending_ms};
}

std::vector<MintStatus> Hub::statuses() const {
    std::vector<MintStatus> out;
    for (const auto& lane : lanes_) out.push_back(status(lane->id));
    return out;
}

}  // namespace hp::pool
