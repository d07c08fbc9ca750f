#include "crypto/random.hpp"
#include "mint/ledger.hpp"

namespace hp::mint {

ByteArray<16> make_uuid_v7(UnixMs now) {
    auto uuid = crypto::random_array<16>();
    std::uint8_t time[8];
    put_be<std::uint64_t>(time, static_cast<std::uint64_t>(now));
    std::copy(time + 2, time + 8, uuid.begin());
    uuid[6] = static_cast<std::uint8_t>(0x70 | (uuid[6] & 0x0f));
    uuid[8] = static_cast<std::uint8_t>(0x80 | (uuid[8] & 0x3f));
    return uuid;
}

std::string uuid_text(const ByteArray<16>& uuid) {
    std::string hex = to_hex(uuid);
    return hex.substr(0, 8) + '-' + hex.substr(8, 4) + '-' + hex.substr(12, 4) + '-' + hex.substr(16, 4) +
           '-' + hex.substr(20);
}

std::optional<ByteArray<16>> uuid_from_text(std::string_view text) {
    if (text.size() != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-')
        return {};
    std::string hex;
    for (std::size_t i = 0; i < text.size(); ++i)
        if (i != 8 && i != 13 && i != 18 && i != 23) hex += text[i];
    auto uuid = array_from_hex<16>(hex);
    if (!uuid) return {};
    return *uuid;
}

}  // namespace hp::mint
