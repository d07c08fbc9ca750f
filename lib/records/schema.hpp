// JSON Schema (2020-12) of the event records.
#pragma once
#include <string>

#include "records/declared.hpp"

namespace hp::records {

/// Of the records of one type.
std::string schema_of(const Declared& record);
/// Of all records: what the type says, its fields have to be. A type that nobody declared needs the envelope
/// only, as newer programs write more types, and more fields.
std::string schema_of_all();

}  // namespace hp::records
