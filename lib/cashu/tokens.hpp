// Tokens (NUT-00): cashuA (V3, read only), cashuB (V4), the raw form, and the cashu: URI around them.
#pragma once
#include <tuple>

#include "cashu/nut01.hpp"

namespace hp::cashu {

/// Maximum characters of text.
inline constexpr std::size_t kTokenSizeMax = 1u << 20;

struct Token {
    std::string mint;  ///< URL without trailing slash
    std::string unit;
    std::optional<std::string> memo{};
    std::vector<Proof> proofs;  ///< ids may be short until resolve_ids
    /// Proofs read without their DLEQ, since it lacked `r` and so proved nothing.
    std::size_t dleqs_dropped{0};
    friend bool operator==(const Token& a, const Token& b) {
        return std::tie(a.mint, a.unit, a.memo, a.proofs) == std::tie(b.mint, b.unit, b.memo, b.proofs);
    }
};

/// Reads cashuA and cashuB text, with or without "cashu:" (also "cashu://", "web+cashu://", in any case) in
/// front. Blanks and invisible characters are skipped anywhere: spaces and line breaks, no-break and
/// zero-width ones, a byte order mark. Errors give the position in the text, in bytes. A V3 token from
/// several mints is refused. For optional values, null is the same as absent.
Result<Token> decode_token(std::string_view text);
/// "craw" || "B" || CBOR.
Result<Token> decode_token_raw(ByteView bytes);

enum class TokenIds { shortened, full };
/// cashuB text. Groups proofs by keyset, in order. REQUIRES: mint and unit not empty.
std::string encode_token(const Token& token, TokenIds ids = TokenIds::shortened,
                         WithDleq with_dleq = WithDleq::yes);
Bytes encode_token_raw(const Token& token, TokenIds ids = TokenIds::shortened,
                       WithDleq with_dleq = WithDleq::yes);

/// Replaces short ids by the matching keyset of `known`; refuses unknown and ambiguous ones.
Result<> resolve_ids(Token& token, std::span<const KeysetId> known);

}  // namespace hp::cashu
