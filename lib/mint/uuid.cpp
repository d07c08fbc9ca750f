#include "crypto/random.hpp"
#include "mint/ledger.hpp"

namespace hp::mint {

QuoteIds::QuoteIds(std::optional<ByteArray<16>> last) {
    if (!last) return;
    const auto high = get_be<std::uint64_t>(last->data());
    last_tick_ = high >> 16 << 12 | (high & 0xfff);
}

ByteArray<16> QuoteIds::next(UnixMs now) {
    // If the clock goes back, or after 4096 ids in a millisecond, borrow from the future.
    last_tick_ = std::max(last_tick_ + 1, static_cast<std::uint64_t>(now) << 12);
    ByteArray<16> uuid;
    put_be<std::uint64_t>(uuid.data(), last_tick_ >> 12 << 16 | 0x7000 | (last_tick_ & 0xfff));
    // One system call for many.
    if (random_left_ == 0) {
        random_ = crypto::random_array<512>();
        random_left_ = random_.size();
    }
    random_left_ -= 8;
    std::copy_n(random_.begin() + static_cast<std::ptrdiff_t>(random_left_), 8, uuid.begin() + 8);
    uuid[8] = static_cast<std::uint8_t>(0x80 | (uuid[8] & 0x3f));
    return uuid;
}

std::string uuid_text(const ByteArray<16>& uuid) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string text(36, '-');
    std::size_t at = 0;
    for (std::size_t i = 0; i < 16; ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) ++at;
        text[at++] = kDigits[uuid[i] >> 4];
        text[at++] = kDigits[uuid[i] & 15];
    }
    return text;
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
