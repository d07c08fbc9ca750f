// What a round does to its victims: a function of seed and round, so that a failed one can be played again.
#pragma once
#include <cstdint>
#include <random>
#include <vector>

#include "crash/kill/points.hpp"

namespace hp::crash {

/// Rounds that share databases. The first of them creates new ones.
inline constexpr std::uint64_t kRoundsPerEpoch = 25;

/// Exact on every machine, unlike the distributions of <random>.
class Dice {
  public:
    explicit Dice(std::uint64_t seed) : engine_{seed} {}
    /// 0 ... sides - 1
    std::uint64_t roll(std::uint64_t sides) { return engine_() % sides; }
    bool one_in(std::uint64_t sides) { return roll(sides) == 0; }

  private:
    std::mt19937_64 engine_;
};
std::uint64_t mix(std::uint64_t seed, std::uint64_t number);

/// A kill while a process comes up again.
struct RecoveryKill {
    Program program{};
    const PointInfo* point{nullptr};  ///< else after this long:
    std::int64_t after_ms{};
};

struct Plan {
    std::uint64_t round{};
    std::uint64_t seed{};             ///< of this round's dice
    const PointInfo* point{nullptr};  ///< a named round
    std::uint64_t pass{1};            ///< ... and at which pass of it
    struct Victim {
        Program program{};
        std::int64_t after_ms{};
    };
    std::vector<Victim> victims;  ///< of a random round
    std::vector<RecoveryKill> recovery;
};

/// An epoch's settings.
struct Epoch {
    std::uint64_t number{};
    bool has_blocks{};        ///< shares become blocks: tips change
    std::uint64_t fee_ppk{};  ///< the mint's input fee
};

Plan plan_of(std::uint64_t seed, std::uint64_t round);
Epoch epoch_of(std::uint64_t round);

}  // namespace hp::crash
