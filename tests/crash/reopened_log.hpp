// AC-253: a failed sync, a restart that reads from the page cache what never reached the disk, and then a
// power cut.
#pragma once
#include <cstdint>
#include <string>

namespace hp::crash {

/// After a restart a program may answer from what it reads without its own commit (a repeated request): so
/// everything readable once the database is open again must survive a power cut right then. Returns what was
/// lost, or empty.
std::string reopened_log_round(std::uint64_t seed, const std::string& scratch);

}  // namespace hp::crash
