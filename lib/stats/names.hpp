// Whether a series, worker or field exists: what was never recorded is an error, not 0.
#pragma once
#include <string>

#include "stats/reader.hpp"

namespace hp::stats {

/// An error (Errc::refused) names what is unknown, and its hint the nearest existing name. Declared series
/// are known before their first record.
Result<> check_names(Reader& reader, const HistoryQuery& query);
Result<> check_label(Reader& reader, const std::string& series, const std::string& label);

}  // namespace hp::stats
