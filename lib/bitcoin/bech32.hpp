// Bech32 and Bech32m (BIP 173, BIP 350), for segwit addresses.
#pragma once
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace hp::bitcoin {

struct SegwitAddress {
    std::string hrp;  ///< lower case: "bc", "tb", "bcrt"
    unsigned version{};
    Bytes program;
};

/// Checks the version's checksum, padding, case, and the program's length.
Result<SegwitAddress> decode_segwit_address(std::string_view text);
/// REQUIRES: version <= 16, program of 2 to 40 bytes, hrp of lower-case letters
std::string encode_segwit_address(const SegwitAddress& address);

}  // namespace hp::bitcoin
