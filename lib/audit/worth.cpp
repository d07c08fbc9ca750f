#include "audit/worth.hpp"

#include <boost/multiprecision/cpp_int.hpp>
#include <charconv>

namespace hp::audit {
namespace {

namespace mp = boost::multiprecision;
/// 256 bits and some room: 2^256 itself is needed.
using Number =
    mp::number<mp::cpp_int_backend<320, 320, mp::unsigned_magnitude, mp::unchecked, void>, mp::et_off>;

constexpr std::uint64_t kWorthMax = std::uint64_t{1} << 62;

Number to_number(const Bytes32& little_endian) {
    Number out;
    mp::import_bits(out, little_endian.begin(), little_endian.end(), 8, false);
    return out;
}

constexpr std::pair<std::string_view, Worth::Rule> kNames[] = {
    {"target/unit_bits=", Worth::Rule::target},
    {"leading_zeros/minimum_difficulty=", Worth::Rule::leading_zeros},
};

}  // namespace

bool meets(const Bytes32& hash, const Bytes32& target) {
    return !std::lexicographical_compare(target.rbegin(), target.rend(), hash.rbegin(), hash.rend());
}

Result<Worth> Worth::from_text(std::string_view text) {
    for (const auto& [name, rule] : kNames) {
        if (!text.starts_with(name)) continue;
        auto digits = text.substr(name.size());
        unsigned value = 0;
        auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        // "032" and "32 " are different texts on the link, and refused there.
        if (error == std::errc{} && value <= 255 && std::to_string(value) == digits)
            return Worth{rule, value};
    }
    return fail(
        Errc::usage,
        "expected a valuation such as 'target/unit_bits=32' or 'leading_zeros/minimum_difficulty=32', "
        "got '" +
            printable(text, 80) + "'");
}

std::string Worth::text() const {
    return std::string(kNames[rule == Rule::target ? 0 : 1].first) + std::to_string(parameter);
}

std::uint64_t Worth::of(const Bytes32& hash, const Bytes32& target) const {
    if (rule == Rule::leading_zeros) {
        Number number = to_number(hash);
        unsigned zeros = number == 0 ? 256 : 255 - static_cast<unsigned>(mp::msb(number));
        if (zeros < parameter) return 0;
        return zeros - parameter >= 62 ? kWorthMax : std::uint64_t{1} << (zeros - parameter);
    }
    Number units = ((Number{1} << 256) / (to_number(target) + 1)) >> parameter;
    return units > kWorthMax ? kWorthMax : static_cast<std::uint64_t>(units);
}

}  // namespace hp::audit
