// The rounds of power_cut: one workload of one database with cuts before its changes of the disk.
#pragma once
#include "harness.hpp"

namespace hp::crash {

struct CutPlan {
    std::string scratch;  ///< directory for the disks
    std::size_t operations{200};
    std::size_t every{1};         ///< a cut before every n-th change, at a random phase
    std::uint64_t only_index{0};  ///< replay: this cut alone
    std::size_t cuts_max{~std::size_t{0}};
    bool ignores_sync{false};
};

struct CutTally {
    std::size_t cuts{}, torn{}, chained{}, sectors_dropped{}, indices{}, switches{}, promised{}, lost{};
    std::vector<std::string> failures;
};

/// Adds to the tally. Stops at the first failure.
void cut_round(const Subject& subject, std::uint64_t seed, const CutPlan& plan, CutTally& tally);

}  // namespace hp::crash
