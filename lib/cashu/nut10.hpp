// NUT-10: whether a secret is a spending condition. Checking conditions (NUT-11, 14) is not supported yet.
#pragma once
#include <string_view>

namespace hp::cashu {

enum class SecretKind { plain, p2pk, htlc };

/// Looks only at the kind: a JSON array whose first element is "P2PK" or "HTLC" is a condition, however
/// broken the rest is. A broken lock is thus unspendable, never free. Unknown kinds are plain secrets
/// (NUT-10).
SecretKind secret_kind(std::string_view secret);

}  // namespace hp::cashu
