#include "bitcoin/bech32.hpp"

#include <optional>

namespace hp::bitcoin {
namespace {

constexpr std::string_view kAlphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr std::uint32_t kBech32 = 1;             // BIP 173
constexpr std::uint32_t kBech32m = 0x2bc8'30a3;  // BIP 350
constexpr std::size_t kAddressSizeMax = 90;
constexpr std::size_t kChecksumSize = 6;

/// One step of the BCH code: shifts in a 5-bit value.
std::uint32_t polymod_step(std::uint32_t state, std::uint8_t value) {
    constexpr std::uint32_t kGenerator[] = {0x3b6a'57b2, 0x2650'8e6d, 0x1ea1'19fa, 0x3d42'33dd, 0x2a14'62b3};
    const std::uint32_t top = state >> 25;
    state = ((state & 0x1ff'ffff) << 5) ^ value;
    for (unsigned i = 0; i < 5; ++i)
        if ((top >> i) & 1) state ^= kGenerator[i];
    return state;
}

std::uint32_t polymod_hrp(std::string_view hrp) {
    std::uint32_t state = 1;
    for (char c : hrp) state = polymod_step(state, static_cast<std::uint8_t>(c) >> 5);
    state = polymod_step(state, 0);
    for (char c : hrp) state = polymod_step(state, static_cast<std::uint8_t>(c) & 0x1f);
    return state;
}

std::uint32_t checksum_constant(unsigned version) { return version == 0 ? kBech32 : kBech32m; }

/// Groups of 5 bits to bytes; nothing if the padding is not zero or is a whole group.
std::optional<Bytes> bytes_from_groups(ByteView groups) {
    Bytes out;
    std::uint32_t pending = 0;
    unsigned pending_bits = 0;
    for (auto group : groups) {
        pending = (pending << 5) | group;
        pending_bits += 5;
        if (pending_bits >= 8) {
            pending_bits -= 8;
            out.push_back(static_cast<std::uint8_t>(pending >> pending_bits));
            pending &= (1u << pending_bits) - 1;
        }
    }
    if (pending_bits >= 5 || pending != 0) return std::nullopt;
    return out;
}

Bytes groups_from_bytes(ByteView bytes) {
    Bytes out;
    std::uint32_t pending = 0;
    unsigned pending_bits = 0;
    for (auto byte : bytes) {
        pending = (pending << 8) | byte;
        pending_bits += 8;
        while (pending_bits >= 5) {
            pending_bits -= 5;
            out.push_back((pending >> pending_bits) & 0x1f);
        }
        pending &= (1u << pending_bits) - 1;
    }
    if (pending_bits > 0) out.push_back((pending << (5 - pending_bits)) & 0x1f);
    return out;
}

tl::unexpected<Error> bad(std::string_view text, const char* why) {
    return fail(Errc::invalid, "address '" + printable(text) + "': " + why);
}

}  // namespace

Result<SegwitAddress> decode_segwit_address(std::string_view text) {
    if (text.size() > kAddressSizeMax) return bad(text, "longer than 90 characters");
    std::string lower;
    bool has_lower = false, has_upper = false;
    for (char c : text) {
        if (c < 33 || c > 126) return bad(text, "a character not allowed in addresses");
        has_lower = has_lower || (c >= 'a' && c <= 'z');
        has_upper = has_upper || (c >= 'A' && c <= 'Z');
        lower.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
    }
    if (has_lower && has_upper) return bad(text, "upper and lower case mixed");
    const auto separator = lower.rfind('1');
    if (separator == std::string::npos || separator == 0) return bad(text, "no network prefix");
    SegwitAddress out;
    out.hrp = lower.substr(0, separator);
    Bytes groups;
    std::uint32_t state = polymod_hrp(out.hrp);
    for (char c : lower.substr(separator + 1)) {
        const auto value = kAlphabet.find(c);
        if (value == std::string_view::npos) return bad(text, "a character outside the bech32 alphabet");
        groups.push_back(static_cast<std::uint8_t>(value));
        state = polymod_step(state, groups.back());
    }
    if (groups.size() < kChecksumSize + 1) return bad(text, "too short");
    out.version = groups[0];
    if (out.version > 16) return bad(text, "witness version above 16");
    if (state != checksum_constant(out.version)) return bad(text, "wrong checksum (a typo?)");
    auto program = bytes_from_groups(ByteView{groups}.subspan(1, groups.size() - 1 - kChecksumSize));
    if (!program) return bad(text, "wrong padding");
    if (program->size() < 2 || program->size() > 40) return bad(text, "witness program not of 2 to 40 bytes");
    if (out.version == 0 && program->size() != 20 && program->size() != 32)
        return bad(text, "witness version 0 needs a program of 20 or 32 bytes");
    out.program = *std::move(program);
    return out;
}

std::string encode_segwit_address(const SegwitAddress& address) {
    HP_ASSERT(address.version <= 16 && address.program.size() >= 2 && address.program.size() <= 40);
    Bytes groups{static_cast<std::uint8_t>(address.version)};
    append(groups, groups_from_bytes(address.program));
    std::uint32_t state = polymod_hrp(address.hrp);
    for (auto group : groups) state = polymod_step(state, group);
    for (std::size_t i = 0; i < kChecksumSize; ++i) state = polymod_step(state, 0);
    state ^= checksum_constant(address.version);
    for (std::size_t i = 0; i < kChecksumSize; ++i)
        groups.push_back((state >> (5 * (kChecksumSize - 1 - i))) & 0x1f);
    std::string out = address.hrp + "1";
    for (auto group : groups) out.push_back(kAlphabet[group]);
    return out;
}

}  // namespace hp::bitcoin
