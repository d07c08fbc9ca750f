#include "mining/vardiff.hpp"

#include <cmath>
#include <random>

#include "vectors.hpp"

using namespace hp;
using namespace hp::mining;
using bitcoin::work_from_target;

namespace {

VardiffRules rules(unsigned easiest_bits = 8) {
    VardiffRules out;
    out.shares_per_minute = 6;
    out.easiest_target = bitcoin::target_from_work_bits(easiest_bits);
    return out;
}
bitcoin::Target any() { return bitcoin::target_from_work_bits(0); }

/// A miner of a given rate: shares come by chance, as from real work.
struct Miner {
    Vardiff vardiff;
    SteadyMs now_ms;
    double rate_hps;
    std::mt19937_64 random{11};
    int change_count{0};
    std::uint64_t share_count{0};

    void run(SteadyMs duration_ms, SteadyMs step_ms = 100) {
        for (SteadyMs end = now_ms + duration_ms; now_ms < end;) {
            now_ms += step_ms;
            const double mean =
                rate_hps * static_cast<double>(step_ms) / 1000 / work_from_target(vardiff.target());
            const auto found =
                mean > 0 ? std::poisson_distribution<std::uint64_t>{std::min(mean, 1e6)}(random) : 0;
            for (std::uint64_t i = 0; i < std::min<std::uint64_t>(found, 1'000); ++i)
                vardiff.on_share(vardiff.target(), now_ms);
            share_count += found;
            if (vardiff.update(now_ms)) ++change_count;
            REQUIRE(std::isfinite(vardiff.hash_rate_hps()));
        }
    }
    /// Expected shares a minute at today's target.
    double shares_per_minute() const { return rate_hps * 60 / work_from_target(vardiff.target()); }
};

Miner miner(float nominal_hps, double rate_hps) {
    return {Vardiff{rules(), nominal_hps, any(), 1'000}, 1'000, rate_hps};
}

}  // namespace

TEST_CASE("an honest claim is met at once and seldom changed") {
    Miner m = miner(1e12f, 1e12);
    CHECK(m.shares_per_minute() == doctest::Approx(6).epsilon(0.01));
    m.run(3'600'000);
    CHECK(m.shares_per_minute() == doctest::Approx(6).epsilon(0.5));
    CHECK(m.change_count <= 12);
    CHECK(m.vardiff.hash_rate_hps() == doctest::Approx(1e12).epsilon(0.6));
}

TEST_CASE("AC_064 a flood is answered within five seconds") {
    Miner m = miner(1.0f, 0);
    const auto first = m.vardiff.target();
    CHECK(first == rules().easiest_target);
    m.rate_hps = 10'000 * work_from_target(first);
    m.run(5'000);
    CHECK(m.change_count >= 1);
    // Ten thousand a second became a handful a minute, within the first changes.
    CHECK(m.shares_per_minute() < 60);
    CHECK(m.shares_per_minute() > 1);
}

TEST_CASE("AC_063 a rate that falls by a thousand finds shares again within three periods") {
    Miner m = miner(1e12f, 1e12);
    m.run(300'000);
    m.rate_hps = 1e9;
    m.run(180'000);
    const auto before = m.share_count;
    m.run(60'000);
    CHECK(m.share_count > before);
    m.run(600'000);
    CHECK(m.shares_per_minute() == doctest::Approx(6).epsilon(0.6));
    m.rate_hps = 0;
    m.run(3'600'000, 1'000);
    CHECK(m.vardiff.target() == rules().easiest_target);
}

TEST_CASE("no time between updates, or time that stands still, changes nothing") {
    Miner m = miner(1e9f, 1e9);
    const auto target = m.vardiff.target();
    for (int i = 0; i < 1'000; ++i) {
        m.vardiff.on_share(target, 1'000);
        CHECK_FALSE(m.vardiff.update(1'000));
    }
    CHECK(m.vardiff.target() == target);
}

TEST_CASE("claims that are no numbers count as none") {
    for (float claim : {std::nanf(""), -1.0f, 0.0f, HUGE_VALF, -HUGE_VALF}) {
        Vardiff v{rules(), claim, any(), 0};
        CHECK(v.target() == rules().easiest_target);
        CHECK(v.hash_rate_hps() == 0);
    }
    const Vardiff largest{rules(), 3.4e38f, any(), 0};
    CHECK(largest.target() != bitcoin::Target{});
}

TEST_CASE("targets stay between the pool's easiest and what the client allows") {
    const auto limit = bitcoin::target_from_work_bits(30);
    Vardiff harder{rules(), 1.0f, limit, 0};
    CHECK(harder.target() == limit);
    for (SteadyMs now = 0; now < 3'600'000; now += 1'000) CHECK_FALSE(harder.update(now));
    Vardiff easier{rules(20), 1.0f, any(), 0};
    CHECK(easier.target() == bitcoin::target_from_work_bits(20));
    // The client tightens its limit while it mines.
    auto changed = easier.on_client_update(1.0f, limit, 10'000);
    REQUIRE(changed);
    CHECK(*changed == limit);
}

TEST_CASE("AC_059 a thousand updates a second make at most one change a second") {
    Vardiff v{rules(), 1e6f, any(), 0};
    int changes = 0;
    for (SteadyMs now = 0; now < 10'000; ++now)
        if (v.on_client_update(1e9f * static_cast<float>(1 + now % 7), any(), now)) ++changes;
    CHECK(changes >= 1);
    CHECK(changes <= 10);
}

TEST_CASE("a measured rate cannot be talked away every second") {
    Miner m = miner(1.0f, 0);
    m.rate_hps = 10'000 * work_from_target(m.vardiff.target());
    for (int second = 0; second < 120; ++second) {
        (void)m.vardiff.on_client_update(1.0f, any(), m.now_ms);
        m.run(1'000);
    }
    // Three claims are taken in two minutes; each costs about a second of flood.
    CHECK(m.share_count < 6 * 20'000);
}

TEST_CASE("a miner slower than the easiest target is left in peace and measured") {
    Miner m = miner(0.0f, 256.0 / 100);  // a share every 100 s at work 2^8
    m.run(7'200'000, 1'000);
    CHECK(m.change_count == 0);
    CHECK(m.vardiff.hash_rate_hps() < 12);
}

TEST_CASE("a claim repeated for ever does not hide silence") {
    Vardiff v{rules(), 1e12f, any(), 0};
    const auto claimed = v.target();
    bool eased = false;
    for (SteadyMs now = 0; now < 130'000; now += 1'000)
        if (auto target = v.on_client_update(1e12f, any(), now))
            eased = bitcoin::compare(*target, claimed) > 0;
    CHECK(eased);
}

TEST_CASE(
    "no target is harder than the network's, whatever the hash rate, the claims and the client's limit") {
    std::mt19937_64 random{5};
    const auto difficulty = [&](double low, double high) {
        return bitcoin::target_from_difficulty(
            std::exp2(std::uniform_real_distribution<double>(low, high)(random)));
    };
    for (int round = 0; round < 200; ++round) {
        Vardiff vardiff{rules(), static_cast<float>(std::exp2(random() % 70)), difficulty(-20, 50), 0};
        bitcoin::Target network;
        // A share below the easiest is worth nothing, so the network's may be easier than that.
        const auto tip = [&] {
            network = difficulty(-30, 50);
            vardiff.on_network_target(network);
            if (bitcoin::compare(network, rules().easiest_target) > 0) network = rules().easiest_target;
        };
        tip();
        REQUIRE(bitcoin::compare(vardiff.target(), network) >= 0);
        for (SteadyMs now = 1'000; now < 300'000; now += 1'000) {
            switch (random() % 8) {
                case 0:
                    tip();
                    break;
                case 1:
                    vardiff.on_client_update(static_cast<float>(std::exp2(random() % 70)),
                                             difficulty(-20, 50), now);
                    break;
                default:
                    for (auto shares = random() % 40; shares > 0; --shares)
                        vardiff.on_share(vardiff.target(), now);
                    vardiff.update(now);
            }
            REQUIRE(bitcoin::compare(vardiff.target(), network) >= 0);
            REQUIRE(bitcoin::compare(vardiff.target(), rules().easiest_target) <= 0);
        }
    }
}

TEST_CASE("a tip of minimum difficulty (testnet4) is followed at once, and so is the next one") {
    Vardiff vardiff{rules(), 1e12f, any(), 0};
    const auto usual = vardiff.target();
    const auto hard = *bitcoin::target_from_nbits(0x1a00ffff),
               minimum = *bitcoin::target_from_nbits(0x1d00ffff);
    CHECK_FALSE(vardiff.on_network_target(hard).has_value());
    CHECK(vardiff.target() == usual);
    CHECK(vardiff.on_network_target(minimum) == minimum);
    CHECK_FALSE(vardiff.on_network_target(minimum).has_value());
    CHECK_FALSE(vardiff.update(1'000).has_value());
    CHECK(vardiff.target() == minimum);
    CHECK(vardiff.on_network_target(hard) == usual);
    CHECK_FALSE(vardiff.on_network_target(hard).has_value());
}

TEST_CASE("the difficulty of a target is a whole number wherever above 1") {
    std::mt19937_64 random{6};
    for (int round = 0; round < 2'000; ++round) {
        const auto limit =
            bitcoin::target_from_difficulty(std::uniform_real_distribution<double>(0.5, 9)(random));
        Vardiff vardiff{rules(), static_cast<float>(std::exp2(30 + static_cast<int>(random() % 20)) * 1.37),
                        limit, 0};
        const double difficulty = bitcoin::difficulty_from_target(vardiff.target());
        CAPTURE(difficulty);
        REQUIRE(bitcoin::compare(vardiff.target(), limit) <= 0);
        if (difficulty > 1.000001)
            REQUIRE(difficulty == doctest::Approx(std::round(difficulty)).epsilon(1e-9));
    }
}
