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
    out.set_tip(tip(1));
    out.add_job(job(1), 0);
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
    on.add_job(job(2), 0);
    CHECK(judge(on, share(1), seen) == Outcome::valid);
    CHECK(judge(on, share(2), seen) == Outcome::duplicate_share);
}

TEST_CASE("AC_077 unknown, retired and stale jobs") {
    DuplicateSet seen;
    Channel on = working_channel();
    CHECK(judge(on, share(77), seen) == Outcome::invalid_job_id);
    for (std::uint32_t id = 2; id <= kActiveJobsMax + 1; ++id) on.add_job(job(id), 0);
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
    on.add_job(job(4), 0);
    CHECK(judge(on, share(4), seen) == Outcome::valid);
}

TEST_CASE("AC_066 a share is judged at its job's target") {
    DuplicateSet seen;
    Channel on = working_channel(easiest());
    on.set_target(impossible());
    auto verdict = on.check(share(1), kNtimeMax, 0, seen);
    CHECK(verdict.outcome == Outcome::valid);
    CHECK(verdict.credited_target == easiest());
    on.add_job(job(2), 1'000);
    CHECK(judge(on, share(1, 1), seen, 1'001) == Outcome::valid);
    CHECK(judge(on, share(2, 2), seen, 1'001) == Outcome::difficulty_too_low);
    // The easy job is good for a while, not for ever: nobody may flood on at the old target (AC-064).
    CHECK(judge(on, share(1, 3), seen, 999 + kSupersededJobGraceMs) == Outcome::valid);
    CHECK(judge(on, share(1, 4), seen, 1'000 + kSupersededJobGraceMs) == Outcome::invalid_job_id);
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
    on.add_job(job(3), 0);
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
    on.set_tip(tip(1, 0x207f'ffff));
    on.add_job(job(1), 0);
    Verdict verdict;
    for (std::uint32_t nonce = 0; !verdict.is_block(); ++nonce)
        verdict = on.check(share(1, nonce), kNtimeMax, 0, seen);
    CHECK_FALSE(verdict.credited);
    CHECK_FALSE(verdict.accepted());
    CHECK(verdict.refusal() == wire::ShareRefusal::difficulty_too_low);
    CHECK(bitcoin::meets(verdict.hash, on.tip()->network_target));
    on.set_target(easiest());
    on.add_job(job(2), 0);
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
    on.add_job(fixed, 0);
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
            on.set_tip(tip(1));
            on.add_job(job(1, static_cast<std::size_t>(grant.full)), 0);
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
