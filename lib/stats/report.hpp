// A snapshot as text or JSON.
#pragma once
#include <string>

#include "stats/reader.hpp"

namespace hp::stats {

/// One JSON object on one line of printable ASCII; man 1 hp-stats has its members.
std::string report_json(const Snapshot& snapshot);
/// The same figures as lines of text. External texts are escaped.
std::string report_table(const Snapshot& snapshot);

}  // namespace hp::stats
