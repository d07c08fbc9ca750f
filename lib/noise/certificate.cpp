#include "noise/certificate.hpp"

#include "crypto/base58.hpp"
#include "crypto/sha256.hpp"

namespace hp::noise {
namespace {

constexpr std::uint16_t kVersion = 0;
constexpr std::size_t kSignedSize = 10;  // version and window

std::string window(const Certificate& certificate) {
    return "the certificate is valid from " + std::to_string(certificate.valid_from) + " to " +
           std::to_string(certificate.not_valid_after) + " (unix seconds)";
}

}  // namespace

ByteArray<Certificate::kSize> Certificate::encode() const {
    ByteArray<kSize> bytes;
    put_le(bytes.data(), version);
    put_le(bytes.data() + 2, valid_from);
    put_le(bytes.data() + 6, not_valid_after);
    std::copy(signature.begin(), signature.end(), bytes.begin() + kSignedSize);
    return bytes;
}

Certificate Certificate::decode(const ByteArray<kSize>& bytes) {
    Certificate certificate;
    certificate.version = get_le<std::uint16_t>(bytes.data());
    certificate.valid_from = get_le<std::uint32_t>(bytes.data() + 2);
    certificate.not_valid_after = get_le<std::uint32_t>(bytes.data() + 6);
    std::copy(bytes.begin() + kSignedSize, bytes.end(), certificate.signature.begin());
    return certificate;
}

Bytes32 certificate_digest(const Certificate& certificate, const crypto::XOnlyKey32& static_key) {
    const auto bytes = certificate.encode();
    return crypto::sha256({ByteView{bytes}.first(kSignedSize), static_key});
}

Certificate sign_certificate(const crypto::SecretKey& authority, const crypto::XOnlyKey32& static_key,
                             std::uint32_t valid_from, std::uint32_t not_valid_after,
                             const Bytes32& aux_rand) {
    Certificate certificate;
    certificate.version = kVersion;
    certificate.valid_from = valid_from;
    certificate.not_valid_after = not_valid_after;
    certificate.signature =
        crypto::schnorr_sign(authority, certificate_digest(certificate, static_key), aux_rand);
    return certificate;
}

Result<> check_certificate(const Certificate& certificate, const crypto::XOnlyKey32& static_key,
                           const crypto::XOnlyKey32& authority, UnixSeconds now) {
    if (certificate.version != kVersion)
        return fail(Errc::invalid,
                    "certificate has version " + std::to_string(certificate.version) + ", expected 0");
    // Before the window, so that the window we report is authentic.
    if (!crypto::schnorr_verify(certificate.signature, certificate_digest(certificate, static_key),
                                authority))
        return fail(Errc::invalid,
                    "the certificate is not signed by the expected authority key " +
                        crypto::authority_key_text(authority),
                    "check the authority public key in the address or the configuration");
    const UnixSeconds from = certificate.valid_from, to = certificate.not_valid_after;
    if (from > to) return fail(Errc::invalid, window(certificate) + ", which is empty");
    if (now < from - kCertificateLeewaySeconds || now > to + kCertificateLeewaySeconds)
        return fail(Errc::invalid,
                    window(certificate) + ", but this machine's clock says " + std::to_string(now),
                    "check the clock of this machine and of the peer");
    return {};
}

}  // namespace hp::noise
