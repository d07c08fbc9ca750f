// Times as text.
#pragma once
#include <string>

#include "base/clock.hpp"

namespace hp::hp_quote {

/// "2026-01-31T12:00:00.123Z"
std::string time_text(UnixMs ms);

}  // namespace hp::hp_quote
