// An outbox by itself (I1, I3, I4), and its rows against the quotes of its mints (I1, I4, I14, I19, I24).
#pragma once
#include "audit/files.hpp"
#include "audit/worth.hpp"

namespace hp::audit {

/// The mints' snapshots must be newer than the pool's. Ends with a new snapshot of the pool. `is_backup`:
/// they are copies made at different times, and either may be the older one; what the other has from the time
/// between is a note, not a breach.
/// Each share's coinbase, from its job and extranonce, against the merkle root of its header.
void audit_jobs(PoolFile& pool, Report& report);

void audit_pool(PoolFile& pool, std::vector<MintFile>& mints, const std::optional<Worth>& worth,
                bool is_backup, Report& report);

}  // namespace hp::audit
