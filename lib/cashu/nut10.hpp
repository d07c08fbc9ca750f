// NUT-10: is a secret a spending condition? Only the question; judging them (NUT-11, 14) is not served yet.
#pragma once
#include <string_view>

namespace hp::cashu {

enum class SecretKind { plain, p2pk, htlc };

/// Looks at the kind alone: a JSON array whose first element is "P2PK" or "HTLC" is a condition, however
/// broken the rest is. A broken lock is thus unspendable, never free. Unknown kinds are plain secrets
/// (NUT-10).
SecretKind secret_kind(std::string_view secret);

}  // namespace hp::cashu
