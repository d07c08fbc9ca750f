// AC-249: power cuts during a migration.
#pragma once
#include "power_cut.hpp"

namespace hp::crash {

/// A database of two versions ago is migrated; every change of the disk on the way is cut once. Adds to the
/// tally.
void migration_round(std::uint64_t seed, const CutPlan& plan, CutTally& tally);

}  // namespace hp::crash
