#include "mint/ledger.hpp"

#include <algorithm>

#include "base/crash_point.hpp"
#include "ehash/quote_request.hpp"
#include "mint/ledger_impl.hpp"

namespace hp::mint {
namespace {

using cashu::Quote;

/// Of kQuoteColumns.
Quote read_quote(const store::Statement& row) {
    Quote quote;
    quote.id = uuid_text(row.array<16>(0));
    quote.request = to_hex(row.blob(1));
    quote.method = "ehash";
    quote.unit = row.text(2);
    quote.amount = static_cast<std::uint64_t>(row.integer(3));
    quote.amount_paid = static_cast<std::uint64_t>(row.integer(4));
    quote.amount_issued = static_cast<std::uint64_t>(row.integer(5));
    quote.pubkey = row.array<33>(6);
    quote.updated_at = row.integer(7) / 1000;
    // Quotes are created paid, or held; only a release changes a held one.
    if (quote.amount_paid == 0) quote.held_since = quote.updated_at;
    return quote;
}

/// Seconds that a pool allows a share's header to be ahead of its clock.
constexpr std::int64_t kNtimeAheadMax = 7200;
/// Seconds between the clocks of pool and mint, plus how far an honest miner's clock is ahead.
constexpr std::int64_t kClockSlack = 60;

std::uint32_t header_ntime(const ByteArray<80>& header) { return get_le<std::uint32_t>(header.data() + 68); }

}  // namespace

bool may_be_lost(std::uint32_t ntime, UnixMs let_in_ms, UnixMs now) {
    const UnixSeconds let_in_s = let_in_ms / 1000, now_s = now / 1000;
    if (ntime <= let_in_s) return true;
    return ntime <= let_in_s + kNtimeAheadMax && ntime > now_s + kClockSlack;
}

Ledger::Ledger(store::Database& db, std::string unit)
    : unit_{std::move(unit)},
      statements_{std::make_unique<Statements>(db)},
      late_{std::make_unique<Late>(*this, db, *statements_)} {}
Ledger::~Ledger() = default;

store::Writer::TransactionObserver* Ledger::observer() { return late_.get(); }

QuoteResult Ledger::create_quote(const Bytes32& pool_store, std::uint64_t seq, const ehash::Intent& intent,
                                 UnixMs now, bool was_answered) {
    auto& s = *statements_;
    const std::uint32_t ntime = header_ntime(intent.header);
    const ShareKey share = share_key(ntime, intent.share_hash);
    if (auto before = late_->find(share)) {
        auto& row = s.find_quote.bind(*before);
        if (!row.step()) throw store::DbError(0, "quote " + uuid_text(*before) + " has a key but no row");
        const Quote quote = read_quote(row);
        row.reset();
        if (!ehash::is_replay(intent, quote.amount, *quote.pubkey)) return {{}, false, true};
        return {quote.id, true, false};
    }
    const Owner owner = owner_of(intent.locking_key);
    const QuoteId id = late_->ids.next(now);
    // A pool restored together with this database does not know what was answered.
    const bool is_held = was_answered || (late_->let_in_ms && may_be_lost(ntime, *late_->let_in_ms, now));
    s.insert_quote.run_with(id, ntime, intent.share_hash, pool_store, seq, unit_, intent.amount,
                            intent.locking_key, now, late_->newest_of(owner),
                            is_held ? std::uint64_t{0} : intent.amount);
    if (is_held) s.hold.run_with(id, now);
    ++late_->progress.quotes;
    late_->shares.put(share, id);
    late_->newest.put(owner, id);
    HP_CRASH_POINT("Q3");
    return {uuid_text(id), false, false, is_number_reused(pool_store, seq, intent.share_hash), is_held};
}

HeldQuotes Ledger::held() {
    auto& row = statements_->held_totals.bind();
    HeldQuotes out;
    auto number = [&](int column) { return static_cast<std::uint64_t>(row.integer(column)); };
    if (row.step()) out = {number(0), (ehash::Amount128{number(1)} << 32) + number(2)};
    row.reset();
    return out;
}

HeldQuotes Ledger::release(const std::vector<std::string>& ids, const std::string& by, UnixMs now) {
    std::vector<QuoteId> chosen;
    for (const auto& text : ids)
        if (auto id = uuid_from_text(text)) chosen.push_back(*id);
    return release_each(chosen, by, now);
}

HeldQuotes Ledger::release_until(const std::string& last, std::size_t limit, const std::string& by,
                                 UnixMs now) {
    std::vector<QuoteId> chosen;
    if (const auto last_id = uuid_from_text(last)) {
        auto& row = statements_->held_ids.bind(*last_id, static_cast<std::int64_t>(limit));
        while (row.step()) chosen.push_back(row.array<16>(0));
        row.reset();
    }
    return release_each(chosen, by, now);
}

HeldQuotes Ledger::release_each(const std::vector<QuoteId>& ids, const std::string& by, UnixMs now) {
    auto& s = *statements_;
    HeldQuotes out;
    for (const QuoteId& id : ids) {
        if (s.release.run_with(now, by, id) != 1) continue;
        auto& paid = s.pay.bind(now, id);
        if (!paid.step()) throw store::DbError(0, "held quote " + uuid_text(id) + " has no row");
        ++out.quotes;
        out.amount += static_cast<std::uint64_t>(paid.integer(0));
        while (paid.step()) continue;
    }
    return out;
}

/// For a share that has no quote yet.
bool Ledger::is_number_reused(const Bytes32& pool_store, std::uint64_t seq, const Bytes32& share_hash) {
    // Numbers above the mark are new, as usual.
    if (seq > late_->mark_of(pool_store).value_or(0)) return false;
    // This number is settled: this share was refused, or it belongs to another one.
    auto& refused = statements_->find_refusal.bind(pool_store, seq);
    const bool is_same = refused.step() && std::ranges::equal(refused.view(0), share_hash);
    refused.reset();
    return !is_same;
}

void Ledger::remember_refusal(const Bytes32& pool_store, std::uint64_t seq, const Bytes32& share_hash,
                              std::uint16_t code, UnixMs now) {
    statements_->insert_refusal.bind(pool_store, seq, share_hash, static_cast<std::int64_t>(code), now).run();
}

Ledger::PoolMemory Ledger::last_pool() {
    auto& row = statements_->last_pool.bind();
    PoolMemory memory;
    if (row.step()) memory = {row.array<32>(0), static_cast<std::uint64_t>(row.integer(1))};
    row.reset();
    return memory;
}

void Ledger::advance(const Bytes32& pool_store, const std::vector<std::uint64_t>& dealt_with, UnixMs now) {
    auto& s = *statements_;
    const std::uint64_t before = late_->mark_of(pool_store).value_or(0);
    std::uint64_t mark = before;
    for (std::uint64_t seq : dealt_with)
        if (seq == mark + 1) ++mark;
    // Numbers that came out of order were kept: when a gap closes, the mark moves past them.
    auto is_kept = [&](std::uint64_t seq) {
        auto& kept = s.find_refusal.bind(pool_store, seq);
        const bool yes = kept.step();
        kept.reset();
        return yes;
    };
    for (std::uint64_t seq : dealt_with)
        if (seq > mark && !is_kept(seq)) remember_refusal(pool_store, seq, Bytes32{}, 0, now);
    while (is_kept(mark + 1)) ++mark;
    s.forget_early.run_with(pool_store, before + 1, mark);
    late_->set_mark(pool_store, mark, now);
}

std::optional<Quote> Ledger::find_quote(const std::string& id) {
    auto uuid = uuid_from_text(id);
    if (!uuid) return {};
    auto& row = statements_->find_quote.bind(*uuid);
    std::optional<Quote> quote;
    if (row.step()) quote = read_quote(row);
    row.reset();
    return quote;
}

std::vector<Quote> Ledger::find_quotes_by_key(const cashu::PublicKey33& key, Which which, std::size_t limit) {
    auto& s = *statements_;
    std::vector<Quote> quotes;
    // The newest first.
    for (auto id = late_->newest_of(owner_of(key)); id && quotes.size() < limit;
         id = id_in(s.before_quote.bind(*id))) {
        auto& row = s.find_quote.bind(*id);
        if (!row.step()) throw store::DbError(0, "quote " + uuid_text(*id) + " of an owner has no row");
        Quote quote = read_quote(row);
        if (which == Which::all ||
            (which == Which::held ? quote.held_since.has_value() : quote.mintable() > 0))
            quotes.push_back(std::move(quote));
        row.reset();
    }
    return quotes;
}

Ledger::Totals Ledger::totals() {
    auto& row = statements_->totals.bind();
    Totals totals;
    // The sum of no rows is NULL, which reads as 0.
    auto number = [&](int column) { return static_cast<std::uint64_t>(row.integer(column)); };
    auto sum = [&](int column) { return (Amount128{number(column)} << 32) + number(column + 1); };
    if (row.step()) totals = {number(0), sum(1), sum(3), sum(5), sum(7)};
    row.reset();
    return totals;
}

}  // namespace hp::mint
