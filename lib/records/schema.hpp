// JSON Schema (2020-12) of the event records.
#pragma once
#include <string>

#include "records/declared.hpp"

namespace hp::records {

/// For the records of one type.
std::string schema_of(const Declared& record);
/// For all records: `type` decides which fields are required. An undeclared type needs only the envelope,
/// since newer programs write more types and fields.
std::string schema_of_all();

}  // namespace hp::records
