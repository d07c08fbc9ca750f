#include "mining/channel.hpp"

#include <set>

#include "bitcoin/coinbase.hpp"
#include "mining/extranonce.hpp"
#include "vectors.hpp"

using namespace hp;
using namespace hp::mining;

namespace {

constexpr std::uint32_t kNow = 1'700'000'000;
constexpr std::uint32_t kNtimeMax = kNow + kNtimeAheadMax;

bitcoin::Target easiest() { return bitcoin::target_from_work_bits(0); }
bitcoin::Target impossible() { return {1}; }

TipPtr tip(std::uint8_t number, std::uint32_t nbits = 0x0400'0001) {
    return std::make_shared<Tip>(make_tip({number}, kNow, nbits).value());
}
JobPtr job(std::uint32_t job_id, std::size_t full_size = 16) {
    Template from;
    from.version = 0x2000'0000;
    from.coinbase_prefix = {0x52, 0x00};
    from.value_remaining_sats = 5'000'000'000;
    from.outputs = {bitcoin::witness_commitment_output({})};
    from.merkle_path = {Bytes32{1}, Bytes32{2}};
    return std::make_shared<ExtendedJob>(make_job(from, job_id, ByteArray<1>{0x51}, "hp", full_size).value());
}
Channel channel(const bitcoin::Target& target = easiest(), std::uint8_t number = 1) {
    return Channel{{.channel_id = number,
                    .extranonce_prefix = wire::B0_32::from(ByteArray<8>{0, 0, 0, number}),
                    .extranonce_size = 8,
                    .target = target}};
}
/// A channel with job 1 in force on tip 1.
Channel working_channel(const bitcoin::Target& target = easiest()) {
    Channel out = channel(target);
    out.set_tip(tip(1), 0);
    out.add_job(job(1));
    return out;
}

const Bytes kExtranonce(8, 0x33);
Share share(std::uint32_t job_id, std::uint32_t nonce = 0) {
    return {job_id, nonce, kNow, 0x2000'0000, kExtranonce};
}
Outcome judge(Channel& on, const Share& what, DuplicateSet& seen, SteadyMs now_ms = 0) {
    return on.check(what, kNtimeMax, now_ms, seen).outcome;
}

}  // namespace

TEST_CASE("AC_071 AC_072 the same share is paid once, on one channel and on the next") {
    DuplicateSet seen;
    Channel first = working_channel(), again = working_channel();
    CHECK(judge(first, share(1), seen) == Outcome::valid);
    CHECK(judge(first, share(1), seen) == Outcome::duplicate_share);
    CHECK(judge(again, share(1), seen) == Outcome::duplicate_share);
    CHECK(judge(again, share(1, 1), seen) == Outcome::valid);
    CHECK(first.accepted_count() == 1);
    CHECK(first.rejected_count() == 1);
}

TEST_CASE("AC_076 the same work under another job id is a duplicate") {
    DuplicateSet seen;
    Channel on = working_channel();
    on.add_job(job(2));
    CHECK(judge(on, share(1), seen) == Outcome::valid);
    CHECK(judge(on, share(2), seen) == Outcome::duplicate_share);
}

TEST_CASE("AC_077 unknown, retired and stale jobs") {
    DuplicateSet seen;
    Channel on = working_channel();
    CHECK(judge(on, share(77), seen) == Outcome::invalid_job_id);
    for (std::uint32_t id = 2; id <= kActiveJobsMax + 1; ++id) on.add_job(job(id));
    CHECK(judge(on, share(1), seen) == Outcome::invalid_job_id);
    CHECK(judge(on, share(2), seen) == Outcome::valid);
    on.add_future_job(job(100));
    CHECK(judge(on, share(100), seen) == Outcome::invalid_job_id);  // not in force yet
    CHECK(on.activate(100, tip(2), 0));
    CHECK(on.current_job()->job_id == 100);
    CHECK(judge(on, share(2), seen) == Outcome::stale_share);
    // Stale even where it is also too weak, of the wrong size or wrong in everything.
    Share wrong = share(2);
    wrong.extranonce = {};
    wrong.ntime = 0;
    CHECK(judge(on, wrong, seen) == Outcome::stale_share);
    CHECK(judge(on, share(100), seen) == Outcome::valid);
}

TEST_CASE("AC_111 a tip that flips a thousand times leaves nothing behind") {
    DuplicateSet seen;
    Channel on = channel();
    for (std::uint32_t i = 1; i <= 1000; ++i) {
        on.add_future_job(job(i));
        REQUIRE(on.activate(i, tip(static_cast<std::uint8_t>(i % 2)), 0));
        CHECK(judge(on, share(i, i), seen) == Outcome::valid);
        if (i > 1) CHECK(judge(on, share(i - 1), seen) == Outcome::stale_share);
    }
    CHECK(judge(on, share(1000 - kStaleJobIdsMax), seen) == Outcome::stale_share);
    CHECK(judge(on, share(1000 - kStaleJobIdsMax - 1), seen) == Outcome::invalid_job_id);
}

TEST_CASE("a tip whose job is not known makes everything stale") {
    DuplicateSet seen;
    Channel on = working_channel();
    on.add_future_job(job(2));
    CHECK_FALSE(on.activate(3, tip(2), 0));
    CHECK_FALSE(on.current_job());
    CHECK(judge(on, share(1), seen) == Outcome::stale_share);
    CHECK(judge(on, share(2), seen) == Outcome::stale_share);
    on.add_job(job(4));
    CHECK(judge(on, share(4), seen) == Outcome::valid);
}

TEST_CASE("AC_066 a share is judged at its job's target") {
    DuplicateSet seen;
    Channel on = working_channel(easiest());
    on.set_target(impossible());
    auto verdict = on.check(share(1), kNtimeMax, 0, seen);
    CHECK(verdict.outcome == Outcome::valid);
    CHECK(verdict.credited_target == easiest());
    on.add_job(job(2));
    CHECK(judge(on, share(1, 1), seen, 1'001) == Outcome::valid);
    CHECK(judge(on, share(2, 2), seen, 1'001) == Outcome::difficulty_too_low);
    // Until the next tip, however long that takes. Spec 5.3.21.
    CHECK(judge(on, share(1, 3), seen, 3'600'000) == Outcome::valid);
    REQUIRE_FALSE(on.activate(9, tip(2), 3'600'000));
    CHECK(judge(on, share(1, 4), seen, 3'600'000) == Outcome::stale_share);
}

TEST_CASE("AC_064 nobody floods on at the target of an earlier, easier job") {
    DuplicateSet seen;
    Channel on = working_channel(easiest());
    on.set_target(bitcoin::target_from_work_bits(1));
    on.add_job(job(2));
    const auto flood = [&](SteadyMs now) {
        std::uint32_t accepted = 0;
        static std::uint32_t nonce = 0;
        while (judge(on, share(1, ++nonce), seen, now) == Outcome::valid) ++accepted;
        return accepted;
    };
    CHECK(flood(0) == kSupersededSharesMax);
    CHECK(judge(on, share(1, 1u << 31), seen, 0) == Outcome::invalid_job_id);
    CHECK(flood(1'000) == kSupersededSharesPerSecond);
    // The newest job, and older ones that are not easier, do not count.
    on.add_job(job(3));
    std::uint32_t good = 0;
    for (std::uint32_t nonce = 0; nonce < 100; ++nonce)
        good += judge(on, share(nonce % 2 ? 2 : 3, 1'000'000 + nonce), seen, 1'000) == Outcome::valid;
    CHECK(good > 20);
}

TEST_CASE("late shares: stale, excused, or paid, as the rule says and as long as it says") {
    DuplicateSet seen;
    const auto late_channel = [](LateRule rule) {
        Channel on{{.channel_id = 1,
                    .extranonce_prefix = wire::B0_32::from(ByteArray<8>{1}),
                    .extranonce_size = 8,
                    .target = easiest(),
                    .late = rule}};
        on.set_tip(tip(1), 0);
        for (std::uint32_t id = 1; id <= 5; ++id) on.add_job(job(id));
        on.add_future_job(job(6));
        on.add_future_job(job(7));
        REQUIRE(on.activate(6, tip(2), 10'000));
        return on;
    };
    SUBCASE("no grace") {
        Channel on = late_channel({});
        const auto verdict = on.check(share(5), kNtimeMax, 10'000, seen);
        CHECK(verdict.outcome == Outcome::stale_share);
        CHECK_FALSE(verdict.is_excused);
        CHECK(verdict.hash != Bytes32{});
    }
    SUBCASE("paid") {
        Channel on = late_channel({.grace_ms = 2'000, .is_paid = true});
        for (std::uint32_t id = 1; id <= 5; ++id) {
            const auto verdict = on.check(share(id, id), kNtimeMax, 11'999, seen);
            CHECK(verdict.accepted());
            CHECK(verdict.credited_target == easiest());
            // Its header is the old tip's: it is checked and remembered as such.
            CHECK(seen.contains(tip(1)->prev_hash, verdict.hash));
        }
        CHECK(judge(on, share(5, 5), seen, 11'999) == Outcome::duplicate_share);
        Share early = share(5, 9);
        early.ntime = 0;
        CHECK(judge(on, early, seen, 11'999) == Outcome::invalid_share);
        // A future job that the tip did not name was never in force.
        CHECK(judge(on, share(7), seen, 11'999) == Outcome::stale_share);
        CHECK(judge(on, share(5, 6), seen, 12'000) == Outcome::stale_share);
        CHECK_FALSE(on.activate(8, tip(3), 12'001));
        CHECK(judge(on, share(4, 7), seen, 12'001) == Outcome::stale_share);
        CHECK(judge(on, share(6, 7), seen, 12'001) == Outcome::valid);
    }
    SUBCASE("excused only") {
        Channel on = late_channel({.grace_ms = 2'000, .is_paid = false});
        const auto verdict = on.check(share(5), kNtimeMax, 11'999, seen);
        CHECK(verdict.outcome == Outcome::stale_share);
        CHECK(verdict.is_excused);
        CHECK_FALSE(on.check(share(5), kNtimeMax, 12'000, seen).is_excused);
        CHECK(seen.size() == 1);  // it is excused once
    }
}

TEST_CASE("a block for the previous tip is a block, however late: it may still win") {
    DuplicateSet seen;
    Channel on = channel(impossible());
    on.set_tip(tip(1, 0x207f'ffff), 0);
    on.add_job(job(1));
    on.add_future_job(job(2));
    REQUIRE(on.activate(2, tip(2), 0));
    bool has_block = false, has_none = false;
    for (std::uint32_t nonce = 0; !has_block || !has_none; ++nonce) {
        const auto verdict = on.check(share(1, nonce), kNtimeMax, 60'000, seen);
        CHECK(verdict.refusal() == wire::ShareRefusal::stale_share);
        CHECK(verdict.is_block() == bitcoin::meets(verdict.hash, tip(1, 0x207f'ffff)->network_target));
        (verdict.is_block() ? has_block : has_none) = true;
    }
    Share wrong = share(1);
    wrong.extranonce = {};
    CHECK_FALSE(on.check(wrong, kNtimeMax, 60'000, seen).is_block());
}

TEST_CASE("a future job takes the target in force when it starts") {
    DuplicateSet seen;
    Channel on = channel(impossible());
    on.add_future_job(job(1));
    on.set_target(easiest());
    REQUIRE(on.activate(1, tip(1), 0));
    CHECK(judge(on, share(1), seen) == Outcome::valid);
}

TEST_CASE("AC_067 a job keeps the prefix that it was sent with") {
    DuplicateSet seen;
    Channel on = working_channel();
    on.add_future_job(job(2));
    const auto before = on.check(share(1), kNtimeMax, 0, seen);
    on.set_extranonce_prefix(ByteArray<8>{9});
    on.add_job(job(3));
    const auto old_job = on.check(share(1, 1), kNtimeMax, 0, seen);
    const auto new_job = on.check(share(3), kNtimeMax, 0, seen);
    CHECK(old_job.extranonce_prefix == before.extranonce_prefix);
    CHECK(new_job.extranonce_prefix == wire::B0_32::from(ByteArray<8>{9}));
    CHECK(new_job.hash != before.hash);
    REQUIRE(on.activate(2, tip(2), 0));
    CHECK(on.check(share(2), kNtimeMax, 0, seen).extranonce_prefix == before.extranonce_prefix);
}

TEST_CASE("AC_080 a block below a harder channel target is a block, and is not paid") {
    DuplicateSet seen;
    Channel on = channel(impossible());
    on.set_tip(tip(1, 0x207f'ffff), 0);
    on.add_job(job(1));
    Verdict verdict;
    for (std::uint32_t nonce = 0; !verdict.is_block(); ++nonce)
        verdict = on.check(share(1, nonce), kNtimeMax, 0, seen);
    CHECK_FALSE(verdict.credited);
    CHECK_FALSE(verdict.accepted());
    CHECK(verdict.refusal() == wire::ShareRefusal::difficulty_too_low);
    CHECK(bitcoin::meets(verdict.hash, on.tip()->network_target));
    on.set_target(easiest());
    on.add_job(job(2));
    verdict = {};
    for (std::uint32_t nonce = 1000; !verdict.is_block(); ++nonce)
        verdict = on.check(share(2, nonce), kNtimeMax, 0, seen);
    CHECK(verdict.accepted());
    const auto coinbase = block_coinbase(*verdict.job, verdict.extranonce_prefix.view(), kExtranonce);
    CHECK(bitcoin::parse_transaction(coinbase).value().has_witness());
}

TEST_CASE("AC_079 a hash equal to the job's target, one below, one above") {
    DuplicateSet probe;
    Channel any = working_channel();
    const auto hash = any.check(share(1), kNtimeMax, 0, probe).hash;
    const auto judged_at = [&](int delta) {
        bitcoin::Target target = hash;
        for (auto& byte : target) {  // add or subtract one, with carry
            byte = static_cast<std::uint8_t>(byte + delta);
            if (delta == 0 || byte != (delta > 0 ? 0x00 : 0xff)) break;
        }
        DuplicateSet seen;
        Channel on = working_channel(target);
        return judge(on, share(1), seen);
    };
    CHECK(judged_at(0) == Outcome::valid);
    CHECK(judged_at(1) == Outcome::valid);
    CHECK(judged_at(-1) == Outcome::difficulty_too_low);
}

TEST_CASE("AC_081 AC_082 AC_083 times, versions and extranonces out of bounds") {
    DuplicateSet seen;
    Channel on = working_channel();
    const auto with = [&](auto change) {
        Share s = share(1, 50);
        change(s);
        return judge(on, s, seen);
    };
    for (std::uint32_t ntime : {0u, kNow - 1, kNtimeMax + 1, 0xffff'ffffu})
        CHECK(with([&](Share& s) { s.ntime = ntime; }) == Outcome::invalid_share);
    CHECK(with([&](Share& s) { s.ntime = kNtimeMax; }) == Outcome::valid);
    for (unsigned bit : {0u, 4u, 29u, 30u, 31u})
        CHECK(with([&](Share& s) { s.version ^= 1u << bit; }) == Outcome::invalid_non_rollable_version_bit);
    for (unsigned bit : {5u, 13u, 28u})
        CHECK(with([&](Share& s) { s.version ^= 1u << bit; }) == Outcome::valid);
    const Bytes sizes(40, 1);
    for (std::size_t size : {0u, 1u, 7u, 9u, 32u, 40u})
        CHECK(with([&](Share& s) { s.extranonce = ByteView{sizes}.first(size); }) ==
              Outcome::bad_extranonce_size);
    auto fixed = std::make_shared<ExtendedJob>(*job(2));
    fixed->version_rolling_allowed = false;
    on.add_job(fixed);
    for (unsigned bit = 0; bit < 32; ++bit) {
        Share s = share(2);
        s.version ^= 1u << bit;
        CHECK(judge(on, s, seen) == Outcome::version_rolling_not_allowed);
    }
}

TEST_CASE("AC_057 the same share on 64 channels makes 64 different hashes") {
    std::set<Bytes32> hashes;
    for (std::uint16_t epoch : {1, 2}) {  // a restart in between
        ExtranonceAllocator allocator{3, epoch};
        for (std::uint32_t i = 0; i < 32; ++i) {
            const bool standard = i % 3 == 0;
            const auto grant =
                (standard ? allocator.grant_standard() : allocator.grant_extended(i % 2 ? 4 : 20)).value();
            Channel on{{.channel_id = i,
                        .kind = standard ? ChannelKind::standard : ChannelKind::extended,
                        .extranonce_prefix = grant.prefix,
                        .extranonce_size = grant.extranonce_size,
                        .target = easiest()}};
            on.set_tip(tip(1), 0);
            on.add_job(job(1, static_cast<std::size_t>(grant.full)));
            DuplicateSet seen;
            const Bytes zeros(grant.extranonce_size);
            Share s = share(1);
            s.extranonce = zeros;
            const auto verdict = on.check(s, kNtimeMax, 0, seen);
            CHECK(verdict.accepted());
            hashes.insert(verdict.hash);
        }
    }
    CHECK(hashes.size() == 64);
}

TEST_CASE("AC_084 acknowledgements name the last share and count each batch") {
    Channel on = working_channel();
    CHECK_FALSE(on.take_acknowledgement());
    on.on_durable(5, 10);
    on.on_durable(0xffff'ffff, 10);
    on.on_durable(0, 1);
    auto ack = on.take_acknowledgement().value();
    CHECK(ack.channel_id == 1);
    CHECK(ack.last_sequence_number == 0);
    CHECK(ack.new_submits_accepted_count == 3);
    CHECK(ack.new_shares_sum == 21);
    on.on_durable(1, ~std::uint64_t{0});
    on.on_durable(2, 5);
    ack = on.take_acknowledgement().value();
    CHECK(ack.new_submits_accepted_count == 2);
    CHECK(ack.new_shares_sum == ~std::uint64_t{0});
    CHECK_FALSE(on.take_acknowledgement());
}

TEST_CASE("AC_055 extranonce sizes asked and granted") {
    ExtranonceAllocator allocator{1, 2};
    for (std::uint16_t asked : {0, 1, 8, 9, 24}) {
        const auto grant = allocator.grant_extended(asked).value();
        CHECK(grant.extranonce_size >= asked);
        CHECK(grant.prefix.size + grant.extranonce_size == static_cast<std::size_t>(grant.full));
        CHECK(static_cast<std::size_t>(grant.full) <= 32);
    }
    for (std::uint16_t asked : {25, 31, 32, 33, 65535})
        CHECK(allocator.grant_extended(asked).error().what == "min-extranonce-size-too-large");
}
