// Solutions of blocks that their Template Provider may not have got: each is a block's reward. They lie in a
// file beside the outbox until they are of no more use, and go to every Template Provider that answers; it
// knows repeats.
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
    /// What its age is told by: a system clock that is set must not cost a block. Not in the file.
    SteadyMs since_ms{};
    friend bool operator==(const KeptSolution& a, const KeptSolution& b) {
        return a.found_ms == b.found_ms && a.frame == b.frame;
    }
};

/// Beyond an hour the chain has gone on.
inline constexpr UnixMs kSolutionKeptMs = 3'600'000;
inline constexpr std::size_t kSolutionsKeptMax = 64;

/// Drops those that are too old, and the oldest beyond the limit.
void prune(std::vector<KeptSolution>& solutions, SteadyMs now);
/// Solutions that were read from the file: their ages by the system clock, from now on by the monotonic one.
void age(std::vector<KeptSolution>& solutions, UnixMs now, SteadyMs steady_now);

/// One a line: found_ms, a blank, the frame in hex. No file: none. Lines that are none are an error, which
/// names them.
Result<std::vector<KeptSolution>> read_solutions(const std::string& path);
/// Replaces the file as a whole, with its fsync.
Result<> write_solutions(const std::string& path, const std::vector<KeptSolution>& solutions);

}  // namespace hp::pool
