// The tables of hp-records(5), in scdoc's language.
#pragma once
#include <string>

namespace hp::records {

/// A section for each program, with a table for each of its records.
std::string manual_of_records();

}  // namespace hp::records
