// base64 in the URL alphabet, as tokens use it; reading also takes the standard alphabet.
#pragma once
#include "base/bytes.hpp"

namespace hp::crypto {

/// Without padding.
std::string base64url_encode(ByteView bytes);
/// Padding optional but right if there; white space is skipped (wrapped lines). Errors give the position.
Result<Bytes> base64url_decode(std::string_view text);

}  // namespace hp::crypto
