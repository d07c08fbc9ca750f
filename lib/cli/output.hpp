// The three standard descriptors, and whether what was printed was written.
#pragma once
#include <string_view>

#include "base/result.hpp"

namespace hp::cli {

/// Opens descriptors that the caller closed: otherwise the next file opened, perhaps a database, becomes
/// stdout. Writing to a closed stdout then fails as on a full disk.
void hold_standard_descriptors();

/// Writes out what stdio and iostreams still hold; an error if anything printed so far was lost.
Result<> flush_stdout();

/// Writes a program's last words to stderr. Waits at most a second, once, for a reader that does not read: a
/// program that does not exit is not restarted.
void last_words(std::string_view text);

}  // namespace hp::cli
