// What a share is worth, computed independently of lib/ehash.
#pragma once
#include <string>

#include "base/bytes.hpp"

namespace hp::audit {

/// Both as little-endian numbers of 256 bits.
bool meets(const Bytes32& hash, const Bytes32& target);

struct Worth {
    enum class Rule {
        target,         ///< floor(2^256 / (target + 1)) / 2^parameter
        leading_zeros,  ///< 2^(zero bits of the hash - parameter), and 0 below
    } rule{Rule::target};
    unsigned parameter{32};

    /// As agreed by pool and mint: "target/unit_bits=32", "leading_zeros/minimum_difficulty=32".
    static Result<Worth> from_text(std::string_view text);
    std::string text() const;
    /// At most 2^62.
    std::uint64_t of(const Bytes32& hash, const Bytes32& target) const;
};

}  // namespace hp::audit
