// The pool's side: the same share over several connections, again after the tip comes back, and several
// answers for one row.
#include <algorithm>

#include "audited.hpp"
#include "bitcoin/header.hpp"
#include "crypto/random.hpp"
#include "mining/duplicates.hpp"
#include "mint/ledger.hpp"
#include "pool/outbox.hpp"
#include "race.hpp"
#include "waiting.hpp"

namespace hp::crash {
namespace {

using mining::DuplicateSet;
using mining::Seen;
using pool::NewIntent;

constexpr std::size_t kTipsKept = 3;
constexpr ehash::Valuation kOneUnitAHash{
    .rule = ehash::Valuation::Rule::target, .unit_bits = 0, .minimum_difficulty = 0};

/// The outbox, and the duplicate check of each loop with miners; or one behind a lock.
class PoolHouse final : public Stage {
  public:
    PoolHouse(const std::string& directory, std::size_t threads)
        : file_{directory + "/outbox.db"}, own_(threads, DuplicateSet{1u << 12, kTipsKept}) {
        static const std::vector<std::string> names{"one", "other"};
        auto opened = pool::Outbox::open(
            file_, names, [](std::function<void()> call) { call(); }, unix_ms_now());
        if (!opened) assertion_failed(opened.error().what.c_str(), "races", 0);
        outbox_ = *std::move(opened);
        last_count_.resize(names.size());
        for (pool::MintId mint = 0; mint < names.size(); ++mint) {
            auto met = wait_for<bool>([&](auto done) {
                outbox_->remember_mint(mint, {Bytes32{static_cast<std::uint8_t>(mint + 1)}, 1}, std::nullopt,
                                       0, std::move(done));
            });
            HP_ASSERT(met.has_value());
        }
    }

    /// take_rows() has checked every assigned row.
    std::string check() override { return {}; }
    std::string end() override {
        outbox_.reset();
        audit::Places places;
        places.pools = {file_};
        places.deep = true;
        places.worth = audit::Worth{audit::Worth::Rule::target, 0};
        if (auto wrong = audited(places); !wrong.empty()) return wrong;
        auto report = audit::audit(places);
        if (!report) return report.error().what;
        const auto& has = report->totals;
        if (has.accepted != accepted || has.acked != acked || has.dead != 0)
            return "the outbox has " + std::to_string(has.accepted) + " rows, " + std::to_string(has.acked) +
                   " of them answered, not " + std::to_string(accepted) + " and " + std::to_string(acked);
        return {};
    }

    pool::Outbox& outbox() { return *outbox_; }

    NewIntent new_share(pool::MintId mint) {
        std::uint32_t number = next_share_++;
        bitcoin::BlockHeader header;
        header.version = 0x2000'0000;
        header.prev_hash = tip_;
        header.ntime = 1'780'000'000 + number / 8;
        header.nonce = number;
        Bytes32 easiest;
        easiest.fill(0xff);
        static const auto owner = crypto::SecretKey::from_bytes(Bytes32{1})->public_key();
        auto intent = ehash::make_intent(header.encode(), easiest, owner, kOneUnitAHash);
        HP_ASSERT(intent.has_value());
        return {*intent, "worker", unix_ms_now(), mint};
    }

    /// Like a connection's loop: what its check has not seen goes to the outbox, which decides. Per share:
    /// its row, or 0.
    Result<std::vector<std::uint64_t>> submit(std::size_t thread, const std::vector<NewIntent>& shares,
                                              bool is_check_shared) {
        std::vector<NewIntent> fresh;
        std::vector<std::size_t> at;
        for (std::size_t i = 0; i < shares.size(); ++i) {
            if (see(thread, shares[i].intent, is_check_shared) == Seen::duplicate) continue;
            at.push_back(i);
            fresh.push_back(shares[i]);
        }
        std::vector<std::uint64_t> rows(shares.size(), 0);
        if (fresh.empty()) return rows;
        auto added = wait_for<std::vector<std::uint64_t>>(
            [&](auto done) { outbox_->add(std::move(fresh), std::move(done)); });
        if (!added) return fail(added.error());
        for (std::size_t i = 0; i < at.size(); ++i) rows[at[i]] = (*added)[i];
        return rows;
    }

    /// Enough new tips that every check has forgotten the shares of this one; then it is the tip again.
    void revisit_tip() {
        for (std::size_t i = 0; i < kTipsKept; ++i) {
            auto other = crypto::random_array<32>();
            for (auto& set : own_) set.insert(other, other);
            shared_.insert(other, other);
        }
    }
    void new_tip() { tip_ = crypto::random_array<32>(); }

    /// These rows are the next of their mint, without a gap.
    std::string take_rows(std::vector<std::uint64_t> rows) {
        std::ranges::sort(rows);
        for (std::uint64_t row : rows) {
            auto& last = last_count_.at(pool::mint_of_row(row));
            if (pool::count_of_row(row) != ++last)
                return "row " + std::to_string(pool::count_of_row(row)) + " comes where " +
                       std::to_string(last) + " should";
        }
        accepted += rows.size();
        return {};
    }

    /// For one round in eight: failing jobs, possibly in the racers' groups.
    std::function<void()> mischief(Rng& rng) {
        if (!rng.chance(1, 8)) return {};
        return [this, pause_us = rng.below(100)] {
            for (int i = 0; i < 3; ++i) {
                spin(pause_us);
                outbox_->remember_mint(kNoMint, {}, {}, 0, [](Result<bool>) {});
            }
        };
    }

    std::uint64_t accepted{0}, acked{0};

  private:
    static constexpr pool::MintId kNoMint = 999;
    Seen see(std::size_t thread, const ehash::Intent& intent, bool is_check_shared) {
        auto tip = to_array<32>(ByteView{intent.header}.subspan(4, 32));
        if (!is_check_shared) return own_[thread].insert(tip, intent.share_hash);
        std::lock_guard lock{shared_mutex_};
        return shared_.insert(tip, intent.share_hash);
    }

    std::string file_;
    std::unique_ptr<pool::Outbox> outbox_;
    std::vector<DuplicateSet> own_;
    std::mutex shared_mutex_;
    DuplicateSet shared_{1u << 12, kTipsKept};
    Bytes32 tip_{};
    std::uint32_t next_share_{1};
    std::vector<std::uint64_t> last_count_;
};

/// One race with the same shares; every other thread has them in reverse. Returns rows by thread, each in the
/// order of `shares`.
Result<std::vector<std::vector<std::uint64_t>>> submit_at_once(PoolHouse& house, Rng& rng, Crew& crew,
                                                               const std::vector<NewIntent>& shares,
                                                               bool is_check_shared) {
    std::vector<NewIntent> reversed{shares.rbegin(), shares.rend()};
    std::vector<Result<std::vector<std::uint64_t>>> answers(crew.size());
    auto part = [&](std::size_t thread) {
        answers[thread] = house.submit(thread, thread % 2 == 0 ? shares : reversed, is_check_shared);
        if (thread % 2 == 1 && answers[thread]) std::ranges::reverse(*answers[thread]);
    };
    crew.race(rng, part, house.mischief(rng));
    std::vector<std::vector<std::uint64_t>> rows;
    for (auto& answer : answers) {
        if (!answer) return fail(answer.error());
        rows.push_back(*std::move(answer));
    }
    return rows;
}

/// The same shares from every connection: one row each. Again after a reorg, by which every duplicate check
/// has forgotten them: none.
Outcome race_one_share(PoolHouse& house, Rng& rng, Crew& crew) {
    const bool is_check_shared = rng.chance(1, 2);
    const auto mint = static_cast<pool::MintId>(rng.below(2));
    house.new_tip();
    std::vector<NewIntent> shares;
    for (std::uint64_t i = 1 + rng.below(4); i > 0; --i) shares.push_back(house.new_share(mint));

    auto rows = submit_at_once(house, rng, crew, shares, is_check_shared);
    if (!rows) return wrong(rows.error().what);
    Outcome outcome;
    std::vector<std::uint64_t> all;
    for (std::size_t i = 0; i < shares.size(); ++i) {
        std::size_t accepted = 0;
        for (std::size_t thread = 0; thread < crew.size(); ++thread) {
            if ((*rows)[thread][i] == 0) continue;
            ++accepted;
            outcome.winner = thread % 2;
            all.push_back((*rows)[thread][i]);
        }
        if (accepted != 1) return wrong("a share was accepted " + std::to_string(accepted) + " times");
    }
    outcome.wrong = house.take_rows(std::move(all));
    if (!outcome.wrong.empty()) return outcome;

    if (rng.chance(3, 4)) house.revisit_tip();
    auto again = submit_at_once(house, rng, crew, shares, is_check_shared);
    if (!again) return wrong(again.error().what);
    for (const auto& of_thread : *again)
        if (std::ranges::any_of(of_thread, [](auto row) { return row != 0; }))
            return wrong("a share was accepted again");
    return outcome;
}

/// One quote id for two rows: one of them gets it. Marked dead, requeued and answered at once: answered.
Outcome race_answers(PoolHouse& house, Rng& rng, Crew& crew) {
    house.new_tip();
    std::vector<NewIntent> shares;
    for (int i = 0; i < 3; ++i) shares.push_back(house.new_share(0));
    auto rows = house.submit(0, shares, false);
    if (!rows) return wrong(rows.error().what);
    if (auto hole = house.take_rows(*rows); !hole.empty()) return wrong(hole);

    auto& outbox = house.outbox();
    const auto now = unix_ms_now();
    mint::QuoteIds ids{std::nullopt};
    const std::string id = mint::uuid_text(ids.next(now)), third_id = mint::uuid_text(ids.next(now));
    std::vector<std::string> errors(crew.size());
    std::vector<std::vector<std::uint64_t>> refused(crew.size());
    auto ack = [&](std::uint64_t row, const std::string& quote_id) {
        return wait_for<std::vector<std::uint64_t>>([&](auto done) {
            outbox.ack({{row, quote_id, now}}, std::move(done));
        });
    };
    auto part = [&](std::size_t thread) {
        auto acked = ack((*rows)[thread % 2], id);
        if (acked)
            refused[thread] = *acked;
        else
            errors[thread] = acked.error().what;
        if (thread == 0) {
            if (auto answered = ack((*rows)[2], third_id); !answered) errors[thread] = answered.error().what;
        } else if (thread % 2 == 1) {
            auto buried = wait_for<void>([&](auto done) {
                outbox.bury({(*rows)[2], "raced", now}, std::move(done));
            });
            if (!buried) errors[thread] = buried.error().what;
        } else {
            auto back = wait_for<std::vector<pool::StoredIntent>>(
                [&](auto done) { outbox.requeue({(*rows)[2]}, 1, "racer", now, std::move(done)); });
            if (!back) errors[thread] = back.error().what;
        }
    };
    crew.race(rng, part, house.mischief(rng));
    for (const auto& error : errors)
        if (!error.empty()) return wrong(error);
    Outcome outcome{refused[0].empty() ? 0u : 1u, {}};
    for (std::size_t thread = 0; thread < crew.size(); ++thread)
        if (refused[thread].empty() != (thread % 2 == outcome.winner))
            return wrong("two rows have one quote");
    if (auto other = ack((*rows)[1 - outcome.winner], mint::uuid_text(ids.next(now)));
        !other || !other->empty())
        return wrong("a row is not answered");
    auto page = wait_for<std::vector<pool::StoredIntent>>(
        [&](auto done) { outbox.page(rows->front(), rows->front() - 1, 3, std::move(done)); });
    if (!page) return wrong(page.error().what);
    for (const auto& row : *page)
        if (row.state != pool::IntentState::acked) return wrong("an answered row is not so any more");
    house.acked += 3;
    return outcome;
}

std::unique_ptr<Stage> open_house(const std::string& directory, Rng&, std::size_t threads) {
    return std::make_unique<PoolHouse>(directory, threads);
}

}  // namespace

StageType pool_stage() {
    return {"pool",
            open_house,
            {kind("share", {"even connections", "odd connections"}, race_one_share),
             kind("answers", {"first row", "second row"}, race_answers)}};
}

}  // namespace hp::crash
