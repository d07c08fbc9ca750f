// Whether there is such a series, worker or field: what was never recorded is an error, and not 0.
#pragma once
#include <string>

#include "stats/reader.hpp"

namespace hp::stats {

/// An error (Errc::refused) names what is unknown, and in its hint the nearest name that there is. A series
/// that the programs write is known before its first record.
Result<> check_names(Reader& reader, const HistoryQuery& query);
Result<> check_label(Reader& reader, const std::string& series, const std::string& label);

}  // namespace hp::stats
