#include "audit/wide.hpp"

#include <algorithm>

namespace hp::audit {

std::string to_text(Wide value) {
    // Work on the negative value: the minimum has no positive counterpart.
    bool is_negative = value < 0;
    if (!is_negative) value = -value;
    std::string out;
    do {
        out += static_cast<char>('0' - static_cast<int>(value % 10));
        value /= 10;
    } while (value != 0);
    if (is_negative) out += '-';
    std::reverse(out.begin(), out.end());
    return out;
}

std::string to_grouped_text(Wide value) {
    std::string digits = to_text(value);
    std::size_t first = digits[0] == '-' ? 1 : 0;
    for (std::size_t at = digits.size(); at > first + 3;) digits.insert(at -= 3, ",");
    return digits;
}

}  // namespace hp::audit
