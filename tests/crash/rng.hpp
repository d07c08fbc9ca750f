// A small random generator that is reproducible from a printed number (SplitMix64).
#pragma once
#include <cstdint>

namespace hp::crash {

class Rng {
  public:
    explicit Rng(std::uint64_t seed) : state_{seed} {}
    std::uint64_t next() {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
    /// 0 .. bound - 1.
    std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }
    /// True in `part` of `whole` cases.
    bool chance(unsigned part, unsigned whole) { return below(whole) < part; }

  private:
    std::uint64_t state_;
};

/// Combines several numbers into one, to seed another generator.
inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
    return Rng{a ^ (b * 0xd1342543de82ef95 + 1)}.next();
}

}  // namespace hp::crash
