// AC-253: a failed sync, a restart that reads from the page cache what the disk never got, and then a power
// cut.
#pragma once
#include <cstdint>
#include <string>

namespace hp::crash {

/// What a program reads after its restart it may answer from without a commit of its own (a repeated
/// request): so all that is readable once the database is open again must outlive a power cut right then.
/// Empty, or what was lost.
std::string reopened_log_round(std::uint64_t seed, const std::string& scratch);

}  // namespace hp::crash
