// What a peer speaks that does not speak Noise, told from its first bytes. Internal to this room.
#pragma once
#include <string_view>

#include "base/bytes.hpp"

namespace hp::net {

/// A guess ("HTTP", "TLS", …), or empty when the bytes may be act 1 of a handshake. Act 1 is 64
/// random-looking bytes: a guess is made only where chance would give it less than once in 2^32 honest
/// handshakes.
std::string_view guess_plain_protocol(ByteView first_bytes);

}  // namespace hp::net
