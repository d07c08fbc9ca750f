// The host in HOST:PORT: parsed in one place, for configuration checks and for sockets.
#pragma once
#include <string_view>

namespace hp {

/// Why the text is not a valid host; null if it is a name, an IPv4 address, or an IPv6 address in brackets.
/// The resolver takes a name of only digits and dots as an address, so it must be a complete one.
const char* host_fault(std::string_view host);

}  // namespace hp
