// The three descriptors that a program is born with, and whether what was printed has arrived.
#pragma once
#include "base/result.hpp"

namespace hp::cli {

/// Opens what the caller has closed, or the next file that is opened, a database perhaps, becomes stdout.
/// Writing to a closed stdout then fails as on a full disk.
void hold_standard_descriptors();

/// Writes out what stdio and iostreams still hold; an error where anything that was ever printed was lost.
Result<> flush_stdout();

}  // namespace hp::cli
