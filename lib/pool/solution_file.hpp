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
    friend bool operator==(const KeptSolution&, const KeptSolution&) = default;
};

/// Beyond an hour the chain has gone on.
inline constexpr UnixMs kSolutionKeptMs = 3'600'000;
inline constexpr std::size_t kSolutionsKeptMax = 64;

/// Drops those that are too old, and the oldest beyond the limit.
void prune(std::vector<KeptSolution>& solutions, UnixMs now);

/// One a line: found_ms, a blank, the frame in hex. No file: none. Lines that are none are an error, which
/// names them.
Result<std::vector<KeptSolution>> read_solutions(const std::string& path);
/// Replaces the file as a whole, with its fsync.
Result<> write_solutions(const std::string& path, const std::vector<KeptSolution>& solutions);

}  // namespace hp::pool
