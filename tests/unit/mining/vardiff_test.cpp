#include "mining/vardiff.hpp"

#include <cmath>
#include <random>
#include <utility>
#include <vector>

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
        const auto tip = [&](SteadyMs now) {
            network = difficulty(-30, 50);
            vardiff.on_network_target(network, now);
            if (bitcoin::compare(network, rules().easiest_target) > 0) network = rules().easiest_target;
        };
        tip(0);
        REQUIRE(bitcoin::compare(vardiff.target(), network) >= 0);
        for (SteadyMs now = 1'000; now < 300'000; now += 1'000) {
            switch (random() % 8) {
                case 0:
                    tip(now);
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
    CHECK_FALSE(vardiff.on_network_target(hard, 0).has_value());
    CHECK(vardiff.target() == usual);
    CHECK(vardiff.on_network_target(minimum, 0) == minimum);
    CHECK_FALSE(vardiff.on_network_target(minimum, 0).has_value());
    CHECK_FALSE(vardiff.update(1'000).has_value());
    CHECK(vardiff.target() == minimum);
    // The time at the minimum difficulty counts as evidence.
    const auto again = vardiff.on_network_target(hard, 2'000);
    REQUIRE(again);
    CHECK(work_from_target(*again) == doctest::Approx(work_from_target(usual)).epsilon(0.05));
    CHECK_FALSE(vardiff.on_network_target(hard, 3'000).has_value());
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

TEST_CASE("no target is easier than the client's limit, unless the network's is") {
    std::mt19937_64 random{8};
    for (int round = 0; round < 200; ++round) {
        auto limit = bitcoin::target_from_work_bits(static_cast<unsigned>(random() % 60));
        const auto network = bitcoin::target_from_work_bits(static_cast<unsigned>(20 + random() % 60));
        Vardiff vardiff{rules(), static_cast<float>(std::exp2(random() % 60)), limit, 0};
        vardiff.on_network_target(network, 0);
        bool is_limit_new = false;
        for (SteadyMs now = 1'000; now < 300'000; now += 1'000) {
            for (auto shares = random() % 3 == 0 ? random() % 20 : 0; shares > 0; --shares)
                vardiff.on_share(vardiff.target(), now);
            if (random() % 50 == 0) {
                limit = bitcoin::target_from_work_bits(static_cast<unsigned>(random() % 60));
                vardiff.on_client_update(1e6f, limit, now);
                is_limit_new = true;  // within a change interval it waits
                continue;
            }
            const bool was_new = std::exchange(is_limit_new, false);
            vardiff.update(now);
            if (was_new) continue;
            if (bitcoin::compare(vardiff.target(), network) != 0)
                REQUIRE(bitcoin::compare(vardiff.target(), limit) <= 0);
        }
    }
}

TEST_CASE("more shares in the same time never make the target easier") {
    std::mt19937_64 random{9};
    int different = 0, asked = 0;
    for (int round = 0; round < 20'000; ++round) {
        // Any state that a miner of a rate that steps can bring about.
        Miner m = miner(static_cast<float>(std::exp2(20 + random() % 30)), std::exp2(20 + random() % 30));
        m.random.seed(random());
        m.run(static_cast<SteadyMs>(random() % 120) * 1'000, 1'000);
        m.rate_hps *= std::exp2(static_cast<double>(random() % 13) - 6);
        m.run(static_cast<SteadyMs>(random() % 120) * 1'000, 1'000);
        Vardiff few = m.vardiff, many = m.vardiff;
        const auto count = random() % 4, more = 1 + random() % 20;
        const SteadyMs now = m.now_ms + 1'000;
        for (std::uint64_t i = 0; i < count; ++i) few.on_share(few.target(), now);
        for (std::uint64_t i = 0; i < count + more; ++i) many.on_share(many.target(), now);
        few.update(now);
        many.update(now);
        CAPTURE(round);
        REQUIRE(many.hash_rate_hps() >= few.hash_rate_hps());
        // Unless one that came little is still asked whether it is there, by a target that is much easier.
        const bool is_asked =
            work_from_target(many.target()) * rules().shares_per_minute / 60 < many.hash_rate_hps() / 20;
        REQUIRE((is_asked || bitcoin::compare(many.target(), few.target()) <= 0));
        asked += is_asked;
        different += many.target() != few.target();
    }
    CHECK(different > 1'000);
    CHECK(asked < 500);
}

TEST_CASE("shares at the goal's pace change nothing, for ever") {
    for (double per_minute : {6.0, 20.0, 30.0}) {
        auto wanted = rules();
        wanted.shares_per_minute = per_minute;
        Vardiff vardiff{wanted, 1e12f, any(), 0};
        double due = 0;
        for (SteadyMs now = 1'000; now <= 24 * 3'600'000; now += 1'000) {
            for (due += per_minute / 60; due >= 1; due -= 1) vardiff.on_share(vardiff.target(), now);
            REQUIRE_FALSE(vardiff.update(now));
        }
    }
}

TEST_CASE("by chance alone a target moves seldom, and hardly ever far") {
    for (double per_minute : {6.0, 20.0, 30.0}) {
        auto wanted = rules();
        wanted.shares_per_minute = per_minute;
        Miner m{Vardiff{wanted, 1e12f, any(), 1'000}, 1'000, 1e12};
        int seconds_off = 0, changes_there_and_back = 0;
        double before = 1, last = 1;
        for (int second = 0; second < 100 * 3'600; ++second) {
            m.run(1'000, 1'000);
            const double ratio = m.shares_per_minute() / per_minute;
            seconds_off += ratio > 1.6 || ratio < 1 / 1.6;
            if (ratio == last) continue;
            changes_there_and_back += std::abs(std::log(ratio / before)) < 0.02;
            before = std::exchange(last, ratio);
        }
        CAPTURE(per_minute);
        CHECK(m.change_count < 100 * 15);
        CHECK(seconds_off < 100 * 3'600 / 30);
        // Each question after a silence is one.
        CHECK(changes_there_and_back < 100 * 5);
    }
}

TEST_CASE("a silence by chance is asked about, and the estimate survives it") {
    Vardiff vardiff{rules(), 1e12f, any(), 0};
    SteadyMs now = 0;
    for (; now < 1'200'000; now += 1'000) {
        if (now % 10'000 == 0) vardiff.on_share(vardiff.target(), now);
        vardiff.update(now);
    }
    const auto usual = vardiff.target();
    const double usual_hps = vardiff.hash_rate_hps();
    SteadyMs asked = 0;
    for (const SteadyMs end = now + 120'000; now < end && asked == 0; now += 1'000)
        if (auto target = vardiff.update(now)) {
            CHECK(bitcoin::compare(*target, usual) > 0);
            asked = now;
        }
    CHECK(asked >= 1'240'000);
    // The miner goes on: the easier shares come at once.
    std::optional<bitcoin::Target> answered;
    for (int second = 0; second < 3 && !answered; ++second, now += 1'000) {
        for (int share = 0; share < 3; ++share) vardiff.on_share(vardiff.target(), now);
        answered = vardiff.update(now);
    }
    CHECK(answered);
    CHECK(vardiff.hash_rate_hps() == doctest::Approx(usual_hps).epsilon(0.3));
    CHECK(work_from_target(vardiff.target()) == doctest::Approx(work_from_target(usual)).epsilon(0.35));
}

TEST_CASE("shares of jobs from before a change count by their work") {
    // A proxy that needs seconds for a new target: neither a flood nor silence.
    for (const SteadyMs latency : {200, 2'000, 5'000}) {
        Vardiff vardiff{rules(), 1.0f, any(), 0};
        const double rate_hps = 1'000 * work_from_target(vardiff.target());
        std::vector<std::pair<SteadyMs, bitcoin::Target>> told{{0, vardiff.target()}};
        std::mt19937_64 random{12};
        for (SteadyMs now = 100; now < 900'000; now += 100) {
            auto worked = told.front().second;
            for (const auto& [at, target] : told)
                if (at + latency <= now) worked = target;
            std::poisson_distribution<int> shares{rate_hps / 10 / work_from_target(worked)};
            for (int i = shares(random); i > 0; --i) vardiff.on_share(worked, now);
            if (now % 1'000 == 0)
                if (const auto target = vardiff.update(now)) told.emplace_back(now, *target);
        }
        CAPTURE(latency);
        CHECK(vardiff.hash_rate_hps() == doctest::Approx(rate_hps).epsilon(0.5));
        CHECK(told.size() < 16);
    }
}
