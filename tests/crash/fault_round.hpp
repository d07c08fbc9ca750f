// The rounds of disk_fault: one workload of one database, in which every write (read, sync) fails once.
#pragma once
#include "harness.hpp"

namespace hp::crash {

enum class Fault {
    full,         ///< ENOSPC from the n-th write on, until there is space again
    full_once,    ///< ENOSPC at one write
    short_write,  ///< half of the n-th write, then ENOSPC
    write_error,  ///< EIO at one write
    read_error,   ///< EIO at one read
    sync_error,   ///< EIO at one sync: the pages are lost, the next sync would succeed
};
inline constexpr Fault kFaults[] = {Fault::full,        Fault::full_once,  Fault::short_write,
                                    Fault::write_error, Fault::read_error, Fault::sync_error};
const char* name_of(Fault fault);

struct FaultTally {
    std::size_t operations{}, faults{}, promised{}, restarts{};
    std::vector<std::string> failures;
};
/// `scratch`: a directory for the disks. Stops at the first failure.
FaultTally fault_round(const Subject& subject, Fault fault, std::uint64_t seed, std::size_t operations,
                       const std::string& scratch);

}  // namespace hp::crash
