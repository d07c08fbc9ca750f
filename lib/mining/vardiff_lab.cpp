#include "mining/vardiff_lab.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "mining/vardiff_peers.hpp"

namespace hp::mining {
namespace {

constexpr SteadyMs kTickMs = 1'000;
constexpr SteadyMs kOpenedMs = 1'000'000;
constexpr SteadyMs kBeforeStepMs = 20 * 60'000;
/// Settled: for so long within the band,
constexpr SteadyMs kStaysMs = 5 * 60'000;
/// but for this part of it: seconds far off cost nobody much.
constexpr double kPartOutside = 0.05;

/// What the lab asks of an algorithm.
class Subject {
  public:
    virtual ~Subject() = default;
    virtual const bitcoin::Target& target() const = 0;
    virtual void on_share(const bitcoin::Target& credited_target, SteadyMs now_ms) = 0;
    virtual void tick(SteadyMs now_ms) = 0;
};

class Hashpool final : public Subject {
  public:
    Hashpool(const LabOptions& options, double claimed_hps)
        : vardiff_{options.rules, static_cast<float>(claimed_hps), bitcoin::target_from_work_bits(0),
                   kOpenedMs} {}
    const bitcoin::Target& target() const override { return vardiff_.target(); }
    void on_share(const bitcoin::Target& credited, SteadyMs now_ms) override {
        vardiff_.on_share(credited, now_ms);
    }
    void tick(SteadyMs now_ms) override { (void)vardiff_.update(now_ms); }

  private:
    Vardiff vardiff_;
};

class Ckpool final : public Subject {
  public:
    Ckpool(const LabOptions& options, double claimed_hps)
        : vardiff_{options.rules.shares_per_minute, claimed_hps, kOpenedMs} {}
    const bitcoin::Target& target() const override { return vardiff_.target(); }
    void on_share(const bitcoin::Target& credited, SteadyMs now_ms) override {
        vardiff_.on_share(credited, now_ms);
    }
    void tick(SteadyMs /*now_ms*/) override {}

  private:
    CkpoolVardiff vardiff_;
};

class Sri final : public Subject {
  public:
    Sri(const LabOptions& options, double claimed_hps)
        : vardiff_{options.rules.shares_per_minute, claimed_hps, kOpenedMs} {}
    const bitcoin::Target& target() const override { return vardiff_.target(); }
    void on_share(const bitcoin::Target& /*credited*/, SteadyMs /*now_ms*/) override { vardiff_.on_share(); }
    void tick(SteadyMs now_ms) override { vardiff_.update(now_ms); }

  private:
    SriVardiff vardiff_;
};

std::unique_ptr<Subject> make_subject(LabAlgorithm algorithm, const LabOptions& options, double claimed_hps) {
    switch (algorithm) {
        case LabAlgorithm::ckpool:
            return std::make_unique<Ckpool>(options, claimed_hps);
        case LabAlgorithm::sri:
            return std::make_unique<Sri>(options, claimed_hps);
        case LabAlgorithm::hashpool:
            break;
    }
    return std::make_unique<Hashpool>(options, claimed_hps);
}

/// A time in which the expected shares are the same: this many times the goal.
struct Stretch {
    double ratio;
    SteadyMs duration_ms;
};

/// One miner, one channel.
class Bench {
  public:
    Bench(const LabOptions& options, LabAlgorithm algorithm, double claimed_hps, std::uint64_t seed)
        : latency_ms_{options.latency_ms},
          goal_per_ms_{options.rules.shares_per_minute / 60'000},
          random_{seed},
          subject_{make_subject(algorithm, options, claimed_hps)} {
        worked_ = told_ = subject_->target();
    }

    void run(double hash_rate_hps, SteadyMs duration_ms) {
        stretches.clear();
        retargets = 0;
        for (const SteadyMs end_ms = now_ms_ + duration_ms; now_ms_ < end_ms;) {
            now_ms_ += kTickMs;
            run_tick(hash_rate_hps / 1000);
            subject_->tick(now_ms_);
            take_target(now_ms_);
        }
    }

    std::vector<Stretch> stretches;
    unsigned retargets{0};

  private:
    struct Change {
        SteadyMs at_ms;
        bitcoin::Target target;
    };

    void run_tick(double hashes_per_ms) {
        double at_ms = static_cast<double>(now_ms_ - kTickMs);
        const double end_ms = static_cast<double>(now_ms_);
        record(hashes_per_ms);
        while (at_ms < end_ms) {
            const double change_ms = changes_.empty() ? end_ms : static_cast<double>(changes_.front().at_ms);
            const double until_ms = std::min(end_ms, change_ms);
            // Exponential: without memory, so it may begin again at each change.
            const double gap_ms =
                -std::log1p(-uniform()) * bitcoin::work_from_target(worked_) / hashes_per_ms;
            if (at_ms + gap_ms < until_ms) {
                at_ms += gap_ms;
                subject_->on_share(worked_, static_cast<SteadyMs>(at_ms));
                take_target(static_cast<SteadyMs>(at_ms));
                continue;
            }
            at_ms = std::max(at_ms, until_ms);
            if (!changes_.empty() && change_ms <= at_ms) {
                worked_ = changes_.front().target;
                changes_.pop_front();
            }
        }
    }

    void take_target(SteadyMs at_ms) {
        if (subject_->target() == told_) return;
        told_ = subject_->target();
        changes_.push_back({at_ms + latency_ms_, told_});
        ++retargets;
    }

    void record(double hashes_per_ms) {
        const double ratio = hashes_per_ms / bitcoin::work_from_target(told_) / goal_per_ms_;
        if (!stretches.empty() && stretches.back().ratio == ratio)
            stretches.back().duration_ms += kTickMs;
        else
            stretches.push_back({ratio, kTickMs});
    }

    /// [0, 1), the same everywhere: distributions of the standard library are each library's own.
    double uniform() { return static_cast<double>(random_() >> 11) * 0x1p-53; }

    SteadyMs latency_ms_;
    double goal_per_ms_;
    std::mt19937_64 random_;
    std::unique_ptr<Subject> subject_;
    bitcoin::Target worked_, told_;
    std::deque<Change> changes_{};
    SteadyMs now_ms_{kOpenedMs};
};

bool is_within(double ratio) { return ratio < kLabBand && ratio > 1 / kLabBand; }

/// Nothing if it never stays.
std::optional<SteadyMs> settling_ms(const std::vector<Stretch>& stretches) {
    SteadyMs begin_ms = 0;
    for (auto from = stretches.begin(); from != stretches.end(); begin_ms += from++->duration_ms) {
        if (!is_within(from->ratio)) continue;
        SteadyMs length_ms = 0, outside_ms = 0;
        for (auto at = from; at != stretches.end() && length_ms < kStaysMs; ++at) {
            const SteadyMs part_ms = std::min(at->duration_ms, kStaysMs - length_ms);
            length_ms += part_ms;
            if (!is_within(at->ratio)) outside_ms += part_ms;
        }
        if (length_ms < kStaysMs) return std::nullopt;
        if (static_cast<double>(outside_ms) <= kPartOutside * static_cast<double>(kStaysMs)) return begin_ms;
    }
    return std::nullopt;
}

struct Weighted {
    double value;
    double weight;
};

double percentile(std::vector<Weighted>& values, double part) {
    std::ranges::sort(values, {}, &Weighted::value);
    double left = 0;
    for (const auto& [value, weight] : values) left += part * weight;
    for (const auto& [value, weight] : values)
        if ((left -= weight) <= 0) return value;
    return 0;
}

/// Of the goal, what a miner of the right claim gets within the channel's limits.
double reachable(const LabOptions& options, LabAlgorithm algorithm) {
    const auto subject = make_subject(algorithm, options, options.hash_rate_hps);
    const double per_minute = options.hash_rate_hps * 60 / bitcoin::work_from_target(subject->target());
    return per_minute / options.rules.shares_per_minute;
}

}  // namespace

std::string_view name_of(LabAlgorithm algorithm) {
    switch (algorithm) {
        case LabAlgorithm::ckpool:
            return "ckpool";
        case LabAlgorithm::sri:
            return "sri";
        case LabAlgorithm::hashpool:
            break;
    }
    return "hashpool";
}

LabResult run_lab(const LabOptions& options, LabAlgorithm algorithm, const LabEvent& event) {
    LabResult out;
    std::vector<Weighted> settling_s, errors;
    const double best = reachable(options, algorithm);
    const double before_hps = options.hash_rate_hps / event.ratio;
    for (unsigned miner = 0; miner < options.miners; ++miner) {
        Bench bench{options, algorithm, before_hps, options.seed * 1'000'003 + miner};
        if (event.kind == LabEvent::Kind::step) bench.run(before_hps, kBeforeStepMs);
        bench.run(options.hash_rate_hps, options.measured_ms);
        out.retargets += bench.retargets;
        for (auto& stretch : bench.stretches) {
            stretch.ratio /= best;
            const double goal =
                best * options.rules.shares_per_minute * static_cast<double>(stretch.duration_ms) / 60'000;
            (stretch.ratio > 1 ? out.shares_above : out.shares_below) += std::abs(stretch.ratio - 1) * goal;
        }
        const auto settled_ms = settling_ms(bench.stretches);
        settling_s.push_back({static_cast<double>(settled_ms.value_or(options.measured_ms)) / 1000, 1});
        if (!settled_ms) continue;
        ++out.settled;
        SteadyMs at_ms = 0;
        for (const auto& [ratio, duration_ms] : bench.stretches) {
            if (at_ms >= *settled_ms)
                errors.push_back({std::abs(1 / ratio - 1), static_cast<double>(duration_ms)});
            at_ms += duration_ms;
        }
    }
    out.settling_s_p50 = percentile(settling_s, 0.5);
    out.settling_s_p95 = percentile(settling_s, 0.95);
    out.rate_error_p95 = percentile(errors, 0.95);
    double error_sum = 0, time_sum = 0;
    for (const auto& [error, time] : errors) {
        error_sum += error * time;
        time_sum += time;
    }
    if (time_sum > 0) out.rate_error_mean = error_sum / time_sum;
    for (double* sum : {&out.retargets, &out.shares_above, &out.shares_below}) *sum /= options.miners;
    return out;
}

}  // namespace hp::mining
