// What is added up from which records, as declared in lib/records.
#pragma once
#include <span>
#include <string_view>

#include "records/record.hpp"

namespace hp::stats {

/// For all records, in the order of the manual.
std::span<const records::Series> all_series();
/// Null for an undeclared name.
const records::Series* find_series(std::string_view name);
/// The `writer` of a series, or empty.
std::string_view writer_of(std::string_view series);

}  // namespace hp::stats
