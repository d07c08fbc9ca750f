// What is added up out of which records, as lib/records declares it.
#pragma once
#include <span>
#include <string_view>

#include "records/record.hpp"

namespace hp::stats {

/// Of all records, in the order of the manual.
std::span<const records::Series> all_series();
/// Null for a name that nobody declared.
const records::Series* find_series(std::string_view name);
/// The `writer` of a series, or empty.
std::string_view writer_of(std::string_view series);

}  // namespace hp::stats
