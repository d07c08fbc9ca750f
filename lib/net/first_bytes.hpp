// Guesses a wrong protocol from a peer's first bytes. Internal to this room.
#pragma once
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace hp::net {

/// A guess ("HTTP", "TLS", …), or empty when the bytes may be act 1 of a handshake. Act 1 is 64
/// random-looking bytes: a guess is made only if it would misjudge less than one in 2^32 honest handshakes.
std::string_view guess_plain_protocol(ByteView first_bytes);
/// Likewise at a port for JSON lines; empty if it may be a line, or with too few bytes to tell.
std::string_view guess_not_lines(ByteView first_bytes);
/// Whether the bytes may be the beginning of a binary header that contains newlines: wait for more.
bool may_become_not_lines(ByteView first_bytes);
/// The answer to a peer guessed as "HTTP": a whole response that names the port's protocol.
std::string http_refusal(std::string_view port_speaks);

}  // namespace hp::net
