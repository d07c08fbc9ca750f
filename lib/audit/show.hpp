// The report for people and for programs.
#pragma once
#include <string>

#include "audit/report.hpp"

namespace hp::audit {

/// A line per invariant, below it what is wrong or was not checked, and the totals.
std::string to_lines(const Report& report);
/// One object, on one line. Sums that do not fit 64 bits are strings.
std::string to_json(const Report& report);

}  // namespace hp::audit
