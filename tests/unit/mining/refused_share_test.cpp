// What is written down of a refused share is enough to judge it again.
#include "mining/refused_share.hpp"

#include "mining/check_shares.hpp"
#include "vectors.hpp"

using namespace hp;
using namespace hp::mining;
using test::Json;

namespace {

constexpr std::uint32_t kBegin = 1'700'000'000;
constexpr std::uint32_t kLatest = kBegin + kNtimeAheadMax;

TipPtr make_tip_of(std::uint8_t number) {
    return std::make_shared<Tip>(make_tip({number}, kBegin, 0x0400'0001).value());
}

JobPtr make_job_of(std::uint32_t job_id, bool rolling = true) {
    Template from;
    from.version = 0x2000'0000;
    from.coinbase_prefix = {0x52, 0x00};
    from.value_remaining_sats = 5'000'000'000;
    from.outputs = {bitcoin::witness_commitment_output({})};
    from.merkle_path = {Bytes32{1}, Bytes32{2}};
    return std::make_shared<ExtendedJob>(
        make_job(from, job_id, ByteArray<1>{0x51}, "hp", 16, rolling).value());
}

struct Bench {
    DuplicateSet seen;
    bitcoin::Target target;
    Channel channel;
    Bytes extranonce = Bytes(8, 0x33);
    explicit Bench(const bitcoin::Target& target_ = bitcoin::target_from_work_bits(0), bool rolling = true)
        : target{target_},
          channel{{.channel_id = 1,
                   .extranonce_prefix = wire::B0_32::from(ByteArray<8>{7}),
                   .extranonce_size = 8,
                   .target = target_}} {
        channel.set_tip(make_tip_of(1), 0);
        channel.add_job(make_job_of(1, rolling));
    }
    Share good() const { return {1, 5, kBegin, 0x2000'0000, extranonce}; }
    /// As the pool keeps it.
    RefusedShare refused(const Share& share) {
        const Verdict verdict = channel.check(share, kLatest, 0, seen);
        REQUIRE_FALSE(verdict.accepted());
        return {.reason = verdict.refusal(),
                .at_ms = 1'700'000'000'123,
                .peer = "192.0.2.1:4000",
                .worker = "rig\"1",
                .locking_key = ByteArray<33>{2},
                .connection_id = 3,
                .channel_id = 1,
                .sequence_number = 9,
                .job_id = share.job_id,
                .nonce = share.nonce,
                .ntime = share.ntime,
                .version = share.version,
                .extranonce = wire::B0_32::from(share.extranonce),
                .extranonce_size = 8,
                .ntime_max = kLatest,
                .hash = verdict.hash,
                .job = verdict.job,
                .tip = verdict.tip,
                .extranonce_prefix = verdict.extranonce_prefix,
                .target = verdict.credited_target};
    }
};

/// The outcome of `hp-pool check-shares`, which also finds the same hash.
std::string judged_again(const RefusedShare& share) {
    const std::string line = line_of(share);
    CHECK(line.find('\n') == line.npos);
    const Json kept = Json::parse(line);
    CHECK(kept.at("refused").at("reason") == wire::word_of(share.reason));
    CHECK(kept.at("refused").at("worker") == "rig\"1");
    CHECK(kept.at("refused").at("locking_key") == to_hex(*share.locking_key));
    const auto verdict = check_share_line(line);
    REQUIRE_MESSAGE(verdict, verdict.error().what);
    const Json out = Json::parse(*verdict);
    CHECK(out.at("refused") == wire::word_of(share.reason));
    if (share.is_hashed()) {
        CHECK(out.at("hash_bytes") == to_hex(share.hash));
        CHECK(kept.at("refused").at("share_hash") == to_hex(share.hash));
    } else {
        CHECK(kept.at("refused").at("share_hash").is_null());
    }
    return out.at("outcome");
}

}  // namespace

TEST_CASE("a refused share is judged again as the pool judged it, from its line alone") {
    Bench bench;
    Share share = bench.good();
    share.ntime = kBegin - 1;
    auto refused = bench.refused(share);
    CHECK(detail_of(refused) == "ntime 1699999999, expected 1700000000 to 1700007200");
    CHECK(refused.is_hashed());
    CHECK(judged_again(refused) == "invalid-share");
    share.ntime = kLatest + 1;
    CHECK(judged_again(bench.refused(share)) == "invalid-share");
    share = bench.good();
    share.version ^= 1;
    refused = bench.refused(share);
    CHECK(detail_of(refused) == "version 20000001 for 20000000");
    CHECK(judged_again(refused) == "invalid-non-rollable-version-bit");
    const Bytes short_one(4, 0);
    share = bench.good();
    share.extranonce = short_one;
    refused = bench.refused(share);
    CHECK(detail_of(refused) == "4 bytes, expected 8");
    CHECK_FALSE(refused.is_hashed());
    CHECK(judged_again(refused) == "bad-extranonce-size");

    Bench fixed{bitcoin::target_from_work_bits(0), false};
    share = bench.good();
    share.version ^= 0x2000;
    CHECK(judged_again(fixed.refused(share)) == "version-rolling-not-allowed");

    Bench hard{bitcoin::target_from_work_bits(200)};
    refused = hard.refused(hard.good());
    CHECK(detail_of(refused).starts_with("difficulty "));
    CHECK(judged_again(refused) == "difficulty-too-low");
}

TEST_CASE("a share of an unknown job has no hash; a late one has, and was right but for the time") {
    Bench bench;
    Share share = bench.good();
    share.job_id = 77;
    auto refused = bench.refused(share);
    CHECK(detail_of(refused) == "job 77");
    CHECK_FALSE(refused.is_hashed());
    CHECK(judged_again(refused) == "invalid-job-id");

    const Verdict before = bench.channel.check(bench.good(), kLatest, 0, bench.seen);
    REQUIRE(before.accepted());
    CHECK(judged_again(bench.refused(bench.good())) == "valid");  // a duplicate, which one line cannot say
    bench.channel.add_future_job(make_job_of(2));
    REQUIRE(bench.channel.activate(2, make_tip_of(2), 0));
    refused = bench.refused(bench.good());
    CHECK(refused.reason == wire::ShareRefusal::stale_share);
    CHECK(refused.hash == before.hash);
    CHECK(judged_again(refused) == "valid");
    // Of the tip before the last nothing is known but that it is over.
    bench.channel.add_future_job(make_job_of(3));
    REQUIRE(bench.channel.activate(3, make_tip_of(3), 0));
    refused = bench.refused(bench.good());
    CHECK(refused.reason == wire::ShareRefusal::stale_share);
    CHECK_FALSE(refused.is_hashed());
}

TEST_CASE("a miner is given our time where a pool takes it, and else the pool's that went on") {
    CHECK(ntime_to_start(kBegin, 60, kBegin + 61) == kBegin + 61);
    CHECK(ntime_to_start(kBegin, 60, kBegin) == kBegin);
    CHECK(ntime_to_start(kBegin, 60, kBegin + 60 + kNtimeAheadMax) == kBegin + 60 + kNtimeAheadMax);
    // Ours was set forward a day, or back.
    CHECK(ntime_to_start(kBegin, 60, kBegin + 86'400) == kBegin + 60);
    CHECK(ntime_to_start(kBegin, 60, kBegin - 86'400) == kBegin + 60);
}
