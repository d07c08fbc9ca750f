// The three descriptors that a program is born with, and whether what was printed has arrived.
#pragma once
#include <string_view>

#include "base/result.hpp"

namespace hp::cli {

/// Opens what the caller has closed, or the next file that is opened, a database perhaps, becomes stdout.
/// Writing to a closed stdout then fails as on a full disk.
void hold_standard_descriptors();

/// Writes out what stdio and iostreams still hold; an error where anything that was ever printed was lost.
Result<> flush_stdout();

/// What a program says before it ends, to stderr. A reader that has stopped reading is waited for a second,
/// once: who ends must end, or nobody starts it again.
void last_words(std::string_view text);

}  // namespace hp::cli
