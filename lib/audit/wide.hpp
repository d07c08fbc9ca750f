// Sums of amounts: many of up to 2^62 do not fit 64 bits.
#pragma once
#include <cstdint>
#include <string>

namespace hp::audit {

__extension__ typedef __int128 Wide;

std::string to_text(Wide value);
/// For people: 1,234,567.
std::string to_grouped_text(Wide value);

}  // namespace hp::audit
