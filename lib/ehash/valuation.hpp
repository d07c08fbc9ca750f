// What a share is worth. Two rules, agreed on the link; amounts are exact integers of at most 2^62.
#pragma once
#include <cstdint>
#include <string>

#include "base/bytes.hpp"
#include "bitcoin/target.hpp"

namespace hp::ehash {

inline constexpr std::uint64_t kAmountMax = std::uint64_t{1} << 62;

/// 2^min(zero_bits - minimum, exponent_cap), and 0 below the minimum. `exponent_cap` is at most 63.
std::uint64_t leading_zeros_amount(unsigned zero_bits, unsigned minimum, unsigned exponent_cap);

struct Valuation {
    enum class Rule { target, leading_zeros } rule{Rule::target};
    unsigned unit_bits{32};           ///< target: amount = floor(2^256 / (target + 1)) >> unit_bits
    unsigned minimum_difficulty{32};  ///< leading_zeros: 2^(zero bits - minimum), 0 below

    /// Canonical text for the link: "target/unit_bits=32", "leading_zeros/minimum_difficulty=32".
    std::string text() const;
    static Result<Valuation> from_text(std::string_view text);
    /// By configuration: `rule_name` is "target" or "leading_zeros", the bits are 0 to 255.
    static Valuation of(std::string_view rule_name, std::int64_t unit_bits, std::int64_t minimum_difficulty);
    /// The amount for a share with this hash, credited at this target; 0: worth nothing.
    std::uint64_t amount(const Bytes32& share_hash, const bitcoin::Target& credited_target) const;
    friend bool operator==(const Valuation&, const Valuation&) = default;
};

}  // namespace hp::ehash
