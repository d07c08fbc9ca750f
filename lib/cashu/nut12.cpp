#include "cashu/nut12.hpp"

#include "crypto/hmac.hpp"
#include "crypto/random.hpp"
#include "crypto/sha256.hpp"

namespace hp::cashu {
namespace {

using Point65 = ByteArray<65>;

Bytes32 challenge(std::initializer_list<const Point65*> points) {
    std::string hex;
    for (const Point65* point : points) hex += to_hex(*point);
    return crypto::sha256(as_bytes(hex));
}

}  // namespace

std::optional<Bytes32> dleq_challenge(const PublicKey33& R1, const PublicKey33& R2, const PublicKey33& A,
                                      const PublicKey33& C_) {
    auto r1 = crypto::uncompressed(R1), r2 = crypto::uncompressed(R2);
    auto a = crypto::uncompressed(A), c = crypto::uncompressed(C_);
    if (!r1 || !r2 || !a || !c) return std::nullopt;
    return challenge({&*r1, &*r2, &*a, &*c});
}

std::optional<Dleq> make_dleq(const SecretKey& a, const PublicKey33& A, const PublicKey33& B_,
                              const PublicKey33& C_) {
    auto A65 = crypto::uncompressed(A), B65 = crypto::uncompressed(B_), C65 = crypto::uncompressed(C_);
    if (!A65 || !B65 || !C65) return std::nullopt;
    Bytes message(as_bytes("Cashu_DLEQ_R_v1").begin(), as_bytes("Cashu_DLEQ_R_v1").end());
    append(message, *A65);
    append(message, *B65);
    append(message, *C65);
    message.push_back(0);
    // A nonce of 0 or >= n, and s = 0, have odds of 2^-128: the counter only makes the function total.
    for (unsigned counter = 0; counter < 256; ++counter) {
        message.back() = static_cast<std::uint8_t>(counter);
        Bytes32 nonce = crypto::hmac_sha256(a.bytes(), message);
        auto r = SecretKey::from_bytes(nonce);
        crypto::wipe(nonce);
        if (!r) continue;
        auto R2 = crypto::multiply(*r, B_);
        if (!R2) return std::nullopt;
        auto R1_65 = crypto::uncompressed(r->public_key()), R2_65 = crypto::uncompressed(*R2);
        HP_ASSERT(R1_65 && R2_65);
        Bytes32 e = challenge({&*R1_65, &*R2_65, &*A65, &*C65});
        auto e_reduced = crypto::scalar_reduce(e);
        auto ea = e_reduced ? crypto::scalar_multiply(*e_reduced, a) : std::nullopt;
        auto s = ea ? crypto::scalar_add(*r, *ea) : std::nullopt;
        if (s) return Dleq{e, s->bytes()};
    }
    return std::nullopt;
}

bool verify_dleq(const PublicKey33& A, const PublicKey33& B_, const PublicKey33& C_, const Dleq& dleq) {
    auto s = SecretKey::from_bytes(dleq.s);
    auto e = crypto::scalar_reduce(dleq.e);
    if (!s || !e) return false;
    // R1 = sG - eA, R2 = sB_ - eC_. All of these scalars are public.
    auto eA = crypto::multiply_public(e->bytes(), A);
    auto sB = crypto::multiply_public(s->bytes(), B_);
    auto eC = crypto::multiply_public(e->bytes(), C_);
    if (!eA || !sB || !eC) return false;
    auto minus_eA = crypto::negate(*eA), minus_eC = crypto::negate(*eC);
    auto R1 = minus_eA ? crypto::add(s->public_key(), *minus_eA) : std::nullopt;
    auto R2 = minus_eC ? crypto::add(*sB, *minus_eC) : std::nullopt;
    if (!R1 || !R2) return false;
    return dleq_challenge(*R1, *R2, A, C_) == dleq.e;
}

bool verify_dleq(const PublicKey33& A, std::string_view secret, const PublicKey33& C, const ProofDleq& dleq) {
    auto r = SecretKey::from_bytes(dleq.r);
    if (!r) return false;
    auto B_ = blind(secret, *r);
    auto rA = crypto::multiply(*r, A);
    auto C_ = rA ? crypto::add(C, *rA) : std::nullopt;
    return B_ && C_ && verify_dleq(A, *B_, *C_, Dleq{dleq.e, dleq.s});
}

}  // namespace hp::cashu
