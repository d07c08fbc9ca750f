// What a peer speaks that does not speak what a port does, told from its first bytes. Internal to this room.
#pragma once
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace hp::net {

/// A guess ("HTTP", "TLS", …), or empty when the bytes may be act 1 of a handshake. Act 1 is 64
/// random-looking bytes: a guess is made only where chance would give it less than once in 2^32 honest
/// handshakes.
std::string_view guess_plain_protocol(ByteView first_bytes);
/// The same at a port of JSON lines; empty where it may be a line, and where too few bytes came to say.
std::string_view guess_not_lines(ByteView first_bytes);
/// Whether the bytes may be the beginning of a binary header that holds line ends: wait for more.
bool may_become_not_lines(ByteView first_bytes);
/// What a peer is answered whose guess is "HTTP": a whole response that says what the port speaks.
std::string http_refusal(std::string_view port_speaks);

}  // namespace hp::net
