// An outbox by itself (I1, I3, I4), and its rows against the quotes of its mints (I1, I4, I14, I19, I24).
#pragma once
#include "audit/files.hpp"
#include "audit/worth.hpp"

namespace hp::audit {

/// The mints' snapshots must be younger than the pool's. Ends with a fresh snapshot of the pool.
void audit_pool(PoolFile& pool, std::vector<MintFile>& mints, const std::optional<Worth>& worth,
                Report& report);

}  // namespace hp::audit
