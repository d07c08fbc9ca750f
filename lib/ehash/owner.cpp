#include "ehash/owner.hpp"

#include <algorithm>

#include "base/utf8.hpp"
#include "crypto/base58.hpp"
#include "sv2/ehash.hpp"
#include "sv2/frame.hpp"

namespace hp::ehash {
namespace {

constexpr std::size_t kKeyDigits = 66;
/// As many as in an x-only key. 68 places leave room for 0x before a key, or for two mistyped digits.
constexpr std::size_t kDigitsOfSomeKey = 64, kPlacesOfSomeKey = 68;

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_letter_or_digit(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Why text that begins like a key is not one.
std::string fault_of(std::string_view text) {
    const auto word_end = std::ranges::find_if_not(text, is_letter_or_digit);
    const auto word = text.substr(0, static_cast<std::size_t>(word_end - text.begin()));
    const auto digits = static_cast<std::size_t>(std::ranges::find_if_not(word, is_hex) - word.begin());
    const auto got = [&](std::size_t at) { return "'" + printable(text.substr(at, 1)) + "'"; };
    if (word.starts_with("0x") || word.starts_with("0X")) return "it begins with 0x";
    if (digits < word.size() && digits < kKeyDigits)
        return "expected a hex digit at place " + std::to_string(digits + 1) + ", got " + got(digits);
    if (digits < word.size() && digits == kKeyDigits)
        return "expected '.' or '_' after it, got " + got(digits);
    if (digits != kKeyDigits) {
        const char* kind = digits == 64                              ? " (x-only: 02 or 03 is missing)"
                           : digits == 130 && word.starts_with("04") ? " (not compressed)"
                                                                     : "";
        return "expected 66 hex digits, got " + std::to_string(digits) + kind;
    }
    if (text.size() > kKeyDigits && text[kKeyDigits] != '.' && text[kKeyDigits] != '_')
        return "expected '.' or '_' after it, got " + got(kKeyDigits);
    if (!word.starts_with("02") && !word.starts_with("03"))
        return "expected 02 or 03 at the beginning, got " + std::string(word.substr(0, 2));
    return "it is not a point on the curve";
}

}  // namespace

Result<std::optional<crypto::PublicKey33>> key_from_name(std::string_view name) {
    const auto begin =
        static_cast<std::size_t>(std::ranges::find_if(name, is_letter_or_digit) - name.begin());
    const auto text = name.substr(begin);
    // KEY.name with an unset variable in a script.
    if (name.size() > 1 && name[0] == '.' && is_letter_or_digit(name[1]))
        return fail(Errc::invalid, "invalid locking key: expected a key or a name before '.', got nothing");
    // The checksum is no coincidence: this was meant to be a key.
    if (crypto::authority_key_from_text(name.substr(0, name.find('.'))))
        return fail(Errc::invalid,
                    "invalid locking key: expected its 66 hex digits (hp-config pubkey), got base58check");
    const auto places = std::min(text.size(), kPlacesOfSomeKey);
    const auto word_end = std::find_if_not(text.begin(), text.begin() + places, is_letter_or_digit);
    if (std::count_if(text.begin(), word_end, is_hex) < static_cast<std::ptrdiff_t>(kDigitsOfSomeKey))
        return std::nullopt;
    if (begin == 0 && (name.size() == kKeyDigits ||
                       (name.size() > kKeyDigits && (name[kKeyDigits] == '.' || name[kKeyDigits] == '_')))) {
        const auto key = array_from_hex<33>(name.substr(0, kKeyDigits));
        if (key && crypto::is_valid_public_key(*key)) return *key;
    }
    const auto fault = begin > 0 ? "expected it at the beginning of the name, got '" +
                                       printable(name.substr(0, begin), 16) + "' before it"
                                 : fault_of(text);
    return fail(Errc::invalid, "invalid locking key: " + fault);
}

bool is_worker_name(std::string_view name) { return is_clean_text(name, sv2::ehash::kUserIdentitySizeMax); }

std::optional<ByteArray<16>> cut_key(std::string_view name) {
    if (!name.starts_with("02") && !name.starts_with("03")) return std::nullopt;
    const auto bytes = array_from_hex<16>(name);
    return bytes ? std::optional{*bytes} : std::nullopt;
}

std::string worker_name(std::string_view untrusted) {
    return clean_text(untrusted, sv2::ehash::kUserIdentitySizeMax);
}

bool KnownKeys::is_valid(ByteView key) {
    if (key.size() != 33 || key[0] == 0) return false;  // 0, as in an unused slot
    const auto wanted = to_array<33>(key);
    auto& known = keys_[get_le<std::uint64_t>(key.data() + 1) % kKeys];
    if (known == wanted) return true;
    if (!crypto::is_valid_public_key(wanted)) return false;
    known = wanted;
    return true;
}

Result<OwnerTlvs> owner_tlvs(ByteView bytes, bool is_negotiated) {
    OwnerTlvs out;
    if (bytes.empty()) return out;
    HP_TRY(const auto key, sv2::find_tlv(bytes, sv2::ehash::kExtensionType, sv2::ehash::kLockingPubkeyField));
    HP_TRY(const auto name, sv2::find_tlv(bytes, sv2::ehash::kExtensionType, sv2::ehash::kUserIdentityField));
    if (!is_negotiated) return out;
    out.locking_pubkey = key;
    if (name) out.user_identity = as_text(*name).substr(0, sv2::ehash::kUserIdentitySizeMax);
    return out;
}

Result<std::optional<crypto::PublicKey33>> named_owner(const OwnerTlvs& tlvs, KnownKeys& known) {
    if (const auto& key = tlvs.locking_pubkey) {
        if (known.is_valid(*key)) return to_array<33>(*key);
        return fail(Errc::invalid,
                    key->size() == 33
                        ? std::string("invalid locking key: it is not a point on the curve")
                        : "invalid locking key: expected 33 bytes, got " + std::to_string(key->size()));
    }
    if (!tlvs.user_identity) return std::nullopt;
    return key_from_name(*tlvs.user_identity);
}

}  // namespace hp::ehash
