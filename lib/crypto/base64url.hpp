// base64 in the URL alphabet, as used in tokens; reading also accepts the standard alphabet.
#pragma once
#include "base/bytes.hpp"

namespace hp::crypto {

/// Without padding.
std::string base64url_encode(ByteView bytes);
/// Padding optional but correct if present; white space is skipped (wrapped lines). Errors give the position.
Result<Bytes> base64url_decode(std::string_view text);

}  // namespace hp::crypto
