// Solutions that the Template Provider may not have received: each is a block's reward. They are in a file
// beside the outbox until they are useless, and are sent to every Template Provider that connects; it ignores
// repeats.
#pragma once
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"

namespace hp::pool {

struct KeptSolution {
    UnixMs found_ms{};
    Bytes frame;  ///< SubmitSolution, with its header
    /// For its age: setting the system clock must not cost a block. Not in the file.
    SteadyMs since_ms{};
    friend bool operator==(const KeptSolution& a, const KeptSolution& b) {
        return a.found_ms == b.found_ms && a.frame == b.frame;
    }
};

/// After an hour the chain has moved on.
inline constexpr UnixMs kSolutionKeptMs = 3'600'000;
inline constexpr std::size_t kSolutionsKeptMax = 64;

/// Drops those that are too old, and the oldest beyond the limit.
void prune(std::vector<KeptSolution>& solutions, SteadyMs now);
/// Solutions read from the file: their age so far by the system clock, from now on by the monotonic one.
void age(std::vector<KeptSolution>& solutions, UnixMs now, SteadyMs steady_now);

/// One per line: found_ms, a space, the frame in hex. No file: no solutions. Errors name the invalid line.
Result<std::vector<KeptSolution>> read_solutions(const std::string& path);
/// Replaces the file atomically, with an fsync.
Result<> write_solutions(const std::string& path, const std::vector<KeptSolution>& solutions);

}  // namespace hp::pool
