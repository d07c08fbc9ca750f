#include "crypto/base58.hpp"

#include "crypto/random.hpp"
#include "crypto/sha256.hpp"

namespace hp::crypto {
namespace {

constexpr std::string_view kAlphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr std::size_t kChecksumSize = 4;
/// Decoding takes quadratic time; keys and addresses are far below this.
constexpr std::size_t kTextSizeMax = 256;

constexpr auto kDigitOf = [] {
    std::array<int, 256> table{};
    for (auto& digit : table) digit = -1;
    for (std::size_t i = 0; i < kAlphabet.size(); ++i)
        table[static_cast<unsigned char>(kAlphabet[i])] = static_cast<int>(i);
    return table;
}();

/// SV2 spec 4.7.1: the version in front of an authority key, U16 little-endian 1.
constexpr ByteArray<2> kAuthorityKeyVersion = {1, 0};

ByteArray<kChecksumSize> checksum(ByteView payload) {
    return to_array<kChecksumSize>(ByteView{sha256d(payload)}.first(kChecksumSize));
}

std::string base58_encode(ByteView bytes) {
    const auto first_nonzero = std::find_if(bytes.begin(), bytes.end(), [](auto byte) { return byte != 0; });
    std::string out(static_cast<std::size_t>(first_nonzero - bytes.begin()), kAlphabet[0]);
    std::vector<std::uint8_t> digits;  // base 58, least significant first
    for (auto byte = first_nonzero; byte != bytes.end(); ++byte) {
        unsigned carry = *byte;
        for (auto& digit : digits) {
            carry += 256u * digit;
            digit = static_cast<std::uint8_t>(carry % 58);
            carry /= 58;
        }
        for (; carry; carry /= 58) digits.push_back(static_cast<std::uint8_t>(carry % 58));
    }
    std::for_each(digits.rbegin(), digits.rend(), [&](auto digit) { out += kAlphabet[digit]; });
    wipe(digits);
    return out;
}

// The text may be a secret key, so errors do not quote it.
Result<Bytes> base58_decode(std::string_view text) {
    if (text.size() > kTextSizeMax)
        return fail(Errc::invalid, "base58 text of " + std::to_string(text.size()) +
                                       " characters, expected at most " + std::to_string(kTextSizeMax));
    const std::size_t zeros = std::min(text.find_first_not_of(kAlphabet[0]), text.size());
    Bytes out;  // least significant byte first until the end
    out.reserve(text.size());
    for (std::size_t i = zeros; i < text.size(); ++i) {
        const int digit = kDigitOf[static_cast<unsigned char>(text[i])];
        if (digit < 0) return fail(Errc::invalid, "not a base58 character at position " + std::to_string(i));
        unsigned carry = static_cast<unsigned>(digit);
        for (auto& byte : out) {
            carry += 58u * byte;
            byte = static_cast<std::uint8_t>(carry);
            carry >>= 8;
        }
        if (carry) out.push_back(static_cast<std::uint8_t>(carry));
    }
    out.insert(out.end(), zeros, 0);
    std::reverse(out.begin(), out.end());
    return out;
}

}  // namespace

std::string base58check_encode(ByteView payload) {
    Bytes bytes;
    bytes.reserve(payload.size() + kChecksumSize);
    append(bytes, payload);
    append(bytes, checksum(payload));
    std::string text = base58_encode(bytes);
    wipe(bytes);
    return text;
}

Result<Bytes> base58check_decode(std::string_view text) {
    HP_TRY(Bytes bytes, base58_decode(text));
    if (bytes.size() < kChecksumSize)
        return fail(Errc::invalid,
                    "base58check text has " + std::to_string(bytes.size()) + " bytes, expected at least 4");
    const std::size_t payload_size = bytes.size() - kChecksumSize;
    const auto expected = checksum(ByteView{bytes}.first(payload_size));
    if (!std::equal(expected.begin(), expected.end(),
                    bytes.begin() + static_cast<std::ptrdiff_t>(payload_size)))
        return fail(Errc::invalid, "base58check checksum is wrong", "a character is missing or mistyped");
    bytes.resize(payload_size);
    return bytes;
}

std::string authority_key_text(const XOnlyKey32& key) {
    ByteArray<34> payload;
    auto rest = std::copy(kAuthorityKeyVersion.begin(), kAuthorityKeyVersion.end(), payload.begin());
    std::copy(key.begin(), key.end(), rest);
    return base58check_encode(payload);
}

Result<XOnlyKey32> authority_key_from_text(std::string_view text) {
    HP_TRY(const Bytes payload, base58check_decode(text));
    if (payload.size() != 34)
        return fail(Errc::invalid, "authority key has " + std::to_string(payload.size()) +
                                       " bytes, expected 34 (version and 32-byte key)");
    if (!std::equal(kAuthorityKeyVersion.begin(), kAuthorityKeyVersion.end(), payload.begin()))
        return fail(Errc::invalid, "authority key has version " +
                                       std::to_string(get_le<std::uint16_t>(payload.data())) +
                                       ", expected 1");
    const XOnlyKey32 key = to_array<32>(ByteView{payload}.subspan(2));
    if (!is_valid_xonly(key)) return fail(Errc::invalid, "authority key is not on the secp256k1 curve");
    return key;
}

std::string secret_key_text(const SecretKey& key) { return base58check_encode(key.bytes()); }

Result<SecretKey> secret_key_from_text(std::string_view text) {
    HP_TRY(Bytes payload, base58check_decode(text));
    const std::size_t size = payload.size();
    const auto key = SecretKey::from_bytes(payload);
    wipe(payload);
    if (size != 32)
        return fail(Errc::invalid, "secret key has " + std::to_string(size) + " bytes, expected 32");
    if (!key) return fail(Errc::invalid, "secret key is not between 1 and the group order");
    return *key;
}

Result<SecretKey> locking_key_from_text(std::string_view text) {
    auto bytes = array_from_hex<32>(text);
    if (!bytes) return secret_key_from_text(text);
    const auto key = SecretKey::from_bytes(*bytes);
    wipe(*bytes);
    if (!key) return fail(Errc::invalid, "secret key is not between 1 and the group order");
    return *key;
}

}  // namespace hp::crypto
