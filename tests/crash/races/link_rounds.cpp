// The same shares over two link sessions at once, the same or in conflict.
#include "sides.hpp"
#include "sv2/link.hpp"

namespace hp::crash {
namespace {

struct Asked {
    std::uint64_t seq{};
    ehash::Intent intent;
};

/// Like mint::LinkClient with the requests of one read.
std::vector<mint::QuoteResult> store(mint::Ledger& ledger, const Bytes32& pool_store,
                                     std::span<const Asked> batch) {
    std::vector<mint::QuoteResult> results;
    std::vector<std::uint64_t> seqs;
    for (const Asked& asked : batch) {
        seqs.push_back(asked.seq);
        results.push_back(ledger.create_quote(pool_store, asked.seq, asked.intent, unix_ms_now()));
        if (results.back().conflict)
            ledger.remember_refusal(pool_store, asked.seq, asked.intent.share_hash,
                                    static_cast<std::uint16_t>(sv2::link::QuoteErrorCode::conflict),
                                    unix_ms_now());
    }
    ledger.advance(pool_store, seqs, unix_ms_now());
    return results;
}

}  // namespace

/// Two pools (or one and its restored copy) request the same shares, one in reverse order, each with its own
/// amount or key in half of the rounds. One quote per share; equal requests get the same id, differing ones a
/// conflict.
Outcome race_link_sessions(MintHouse& house, Rng& rng, Crew& crew) {
    const bool is_conflict = rng.chance(1, 2);
    const std::size_t count = 1 + rng.below(4);
    std::vector<std::vector<Asked>> sides(2);
    for (std::size_t i = 0; i < count; ++i) {
        auto intent = house.new_share(1 + rng.below(60));
        auto other = intent;
        if (is_conflict && rng.chance(1, 2))
            other.locking_key = crypto::SecretKey::generate().public_key();
        else if (is_conflict)
            other.amount += 1;
        sides[0].push_back({house.next_number(), intent});
        sides[1].insert(sides[1].begin(), {house.next_number(), other});
    }
    std::vector<std::vector<mint::QuoteResult>> results(crew.size());
    std::vector<std::string> errors(crew.size());
    crew.race(
        rng,
        [&](std::size_t thread) {
            const std::size_t side = thread % 2;
            const Bytes32 pool_store{static_cast<std::uint8_t>(0x71 + side)};
            auto stored = house.transact<std::vector<mint::QuoteResult>>(
                [&](mint::Ledger& ledger) { return store(ledger, pool_store, sides[side]); });
            if (stored)
                results[thread] = *std::move(stored);
            else
                errors[thread] = stored.error().what;
        },
        house.mischief(rng));

    Outcome outcome;
    for (std::size_t share = 0; share < count; ++share) {
        auto place = [&](std::size_t thread) { return thread % 2 == 0 ? share : count - 1 - share; };
        std::size_t creator = kNobody;
        for (std::size_t thread = 0; thread < crew.size(); ++thread) {
            if (!errors[thread].empty()) return wrong(errors[thread]);
            const auto& result = results[thread][place(thread)];
            if (result.replay || result.conflict) continue;
            if (creator != kNobody) return wrong("a share has two quotes");
            creator = thread;
        }
        if (creator == kNobody) return wrong("a share has no quote");
        outcome.winner = creator % 2;
        const auto& made = results[creator][place(creator)];
        const auto& intent = sides[creator % 2][place(creator)].intent;
        for (std::size_t thread = 0; thread < crew.size(); ++thread) {
            const auto& result = results[thread][place(thread)];
            bool is_same = !is_conflict || thread % 2 == creator % 2;
            if (result.conflict == is_same) return wrong("a conflict is not told, or there is none");
            if (result.quote_id != (is_same ? made.quote_id : ""))
                return wrong("the same share got two quote ids");
        }
        auto quote = house.quote(made.quote_id);
        if (quote.amount != intent.amount || quote.amount_paid != intent.amount || quote.amount_issued != 0 ||
            quote.pubkey != intent.locking_key)
            return wrong("a quote is not what was asked for first");
        house.quoted(intent.amount);
    }
    return outcome;
}

}  // namespace hp::crash
