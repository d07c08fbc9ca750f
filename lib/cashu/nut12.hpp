// NUT-12: DLEQ proofs. The nonce is deterministic, so that a repeated request gets the same bytes.
#pragma once
#include "cashu/nut00.hpp"

namespace hp::cashu {

/// e = SHA256 of the lower-case hex of the 65-byte forms. Nothing if a point does not parse.
std::optional<Bytes32> dleq_challenge(const PublicKey33& R1, const PublicKey33& R2, const PublicKey33& A,
                                      const PublicKey33& C_);
/// For C_ = a B_, A = a G. Nonce: HMAC-SHA256(a, "Cashu_DLEQ_R_v1" || A || B_ || C_ || counter). Nothing if a
/// point does not parse.
std::optional<Dleq> make_dleq(const SecretKey& a, const PublicKey33& A, const PublicKey33& B_,
                              const PublicKey33& C_);
/// The form in a mint's answer.
bool verify_dleq(const PublicKey33& A, const PublicKey33& B_, const PublicKey33& C_, const Dleq& dleq);
/// The form inside a token: B_ and C_ are rebuilt from secret, C and r.
bool verify_dleq(const PublicKey33& A, std::string_view secret, const PublicKey33& C, const ProofDleq& dleq);

}  // namespace hp::cashu
