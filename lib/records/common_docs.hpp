// Meanings of the fields that several records share. A record where a field means something else, or more,
// says so in its `docs`.
#pragma once
#include <string_view>

namespace hp::records {

/// Empty if the field has no common meaning.
std::string_view common_doc(std::string_view field);

}  // namespace hp::records
