// A laboratory for vardiff: miners whose shares come by chance and whose hash rate steps, against the Vardiff
// that the pool runs and against other pools' rules. Pure: figures depend on the options alone.
#pragma once
#include <cstdint>
#include <string_view>

#include "mining/vardiff.hpp"

namespace hp::mining {

struct LabOptions {
    /// The goal, and the channel's limits. Other pools' rules know only the goal.
    VardiffRules rules{};
    /// Hash rate of the miner while it is measured.
    double hash_rate_hps{1e14};
    unsigned miners{200};
    SteadyMs measured_ms{30 * 60'000};
    /// Until a miner works on a new target.
    SteadyMs latency_ms{200};
    std::uint64_t seed{1};
};

enum class LabAlgorithm : std::uint8_t { hashpool, ckpool, sri };
inline constexpr LabAlgorithm kLabAlgorithms[] = {LabAlgorithm::hashpool, LabAlgorithm::ckpool,
                                                  LabAlgorithm::sri};
std::string_view name_of(LabAlgorithm algorithm);

/// What happens when the measurement begins.
struct LabEvent {
    /// start: the channel opens, and `ratio` is the miner's hash rate over the one that it claimed.
    /// step: after 20 minutes at a steady rate, it is multiplied by `ratio`.
    enum class Kind : std::uint8_t { start, step };
    Kind kind{Kind::start};
    double ratio{1};
};

struct LabResult {
    /// Until the expected shares a minute are within 1 / kLabBand and kLabBand of the goal, or of what the
    /// limits allow, for 95 % of the next five minutes. A miner that never gets there counts with all its
    /// time.
    double settling_s_p50{0}, settling_s_p95{0};
    unsigned settled{0};
    /// After that, by time: |hash rate that the target is meant for / real one - 1|.
    double rate_error_mean{0}, rate_error_p95{0};
    /// Per miner, from the event on: changes of the target, and the expected shares that were more, and
    /// fewer, than the goal.
    double retargets{0}, shares_above{0}, shares_below{0};
};
inline constexpr double kLabBand = 1.5;

LabResult run_lab(const LabOptions& options, LabAlgorithm algorithm, const LabEvent& event);

}  // namespace hp::mining
