#include "cashu/keyset_id.hpp"

namespace hp::cashu {

Result<KeysetId> KeysetId::from_bytes(ByteView bytes) {
    bool right = (bytes.size() == 8 && bytes[0] <= 1) || (bytes.size() == 33 && bytes[0] == 1);
    if (!right)
        return fail(Errc::invalid, "expected a keyset id of 8 bytes (00...) or 33 bytes (01...), got " +
                                       std::to_string(bytes.size()) + " bytes" +
                                       (bytes.empty() ? "" : " beginning " + to_hex(bytes.first(1))));
    KeysetId id;
    std::copy(bytes.begin(), bytes.end(), id.bytes_.begin());
    id.size_ = static_cast<std::uint8_t>(bytes.size());
    return id;
}

Result<KeysetId> KeysetId::from_hex(std::string_view hex) {
    if (hex.size() != 16 && hex.size() != 66)
        return fail(Errc::invalid, "expected a keyset id of 16 or 66 hex digits, got " +
                                       std::to_string(hex.size()) + " characters");
    Bytes33 bytes;
    auto used = std::span(bytes).first(hex.size() / 2);
    HP_DO(from_hex_into(hex, used));
    return from_bytes(used);
}

KeysetId KeysetId::shortened() const {
    KeysetId out;
    std::copy(bytes_.begin(), bytes_.begin() + 8, out.bytes_.begin());
    out.size_ = 8;
    return out;
}

Result<KeysetId> resolve(const KeysetId& from_token, std::span<const KeysetId> known) {
    const KeysetId* found = nullptr;
    for (const KeysetId& id : known) {
        if (from_token.is_short() ? id.shortened() != from_token : id != from_token) continue;
        if (found && *found != id)
            return fail(Errc::refused, "keyset id '" + from_token.hex() + "' is ambiguous");
        found = &id;
    }
    if (!found) return fail(Errc::refused, "keyset id '" + from_token.hex() + "' is unknown");
    return *found;
}

}  // namespace hp::cashu
