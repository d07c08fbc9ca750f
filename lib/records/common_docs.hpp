// What fields mean that several records have. A record that means something else, or more, says so in its
// `docs`.
#pragma once
#include <string_view>

namespace hp::records {

/// Empty where there is nothing in common.
std::string_view common_doc(std::string_view field);

}  // namespace hp::records
