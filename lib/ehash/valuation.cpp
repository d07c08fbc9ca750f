#include "ehash/valuation.hpp"

#include <bit>
#include <charconv>

namespace hp::ehash {
namespace {

constexpr std::string_view kTarget = "target/unit_bits=";
constexpr std::string_view kLeadingZeros = "leading_zeros/minimum_difficulty=";
static_assert(std::has_single_bit(kAmountMax));
constexpr unsigned kExponentMax = std::countr_zero(kAmountMax);

/// A canonical decimal of at most 255: the link compares the text byte by byte.
std::optional<unsigned> bits_from_text(std::string_view text) {
    unsigned value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    bool canonical = text.size() == 1 || (!text.empty() && text.front() != '0');
    if (error != std::errc{} || end != text.data() + text.size() || !canonical || value > 255)
        return std::nullopt;
    return value;
}

}  // namespace

std::uint64_t leading_zeros_amount(unsigned zero_bits, unsigned minimum, unsigned exponent_cap) {
    HP_ASSERT(exponent_cap <= 63);
    if (zero_bits < minimum) return 0;
    return std::uint64_t{1} << std::min(zero_bits - minimum, exponent_cap);
}

std::string Valuation::text() const {
    return rule == Rule::target ? std::string(kTarget) + std::to_string(unit_bits)
                                : std::string(kLeadingZeros) + std::to_string(minimum_difficulty);
}

Result<Valuation> Valuation::from_text(std::string_view text) {
    Valuation out;
    if (text.starts_with(kTarget)) {
        if (auto bits = bits_from_text(text.substr(kTarget.size()))) {
            out.unit_bits = *bits;
            return out;
        }
    } else if (text.starts_with(kLeadingZeros)) {
        if (auto bits = bits_from_text(text.substr(kLeadingZeros.size()))) {
            out.rule = Rule::leading_zeros;
            out.minimum_difficulty = *bits;
            return out;
        }
    }
    return fail(
        Errc::invalid,
        "expected a valuation such as 'target/unit_bits=32' or 'leading_zeros/minimum_difficulty=32', got '" +
            printable(text, 80) + "'");
}

Valuation Valuation::of(std::string_view rule_name, std::int64_t unit_bits, std::int64_t minimum_difficulty) {
    HP_ASSERT(rule_name == "target" || rule_name == "leading_zeros");
    return {.rule = rule_name == "target" ? Rule::target : Rule::leading_zeros,
            .unit_bits = static_cast<unsigned>(unit_bits),
            .minimum_difficulty = static_cast<unsigned>(minimum_difficulty)};
}

std::uint64_t Valuation::amount(const Bytes32& share_hash, const bitcoin::Target& credited_target) const {
    if (rule == Rule::leading_zeros)
        return leading_zeros_amount(bitcoin::leading_zero_bits(share_hash), minimum_difficulty, kExponentMax);
    return std::min(bitcoin::work_units(credited_target, unit_bits), kAmountMax);
}

}  // namespace hp::ehash
