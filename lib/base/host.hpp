// What stands in front of a port: one reading of it for the check of a configuration and for the sockets.
#pragma once
#include <string_view>

namespace hp {

/// Why the text is no host; null where it is a name, an IPv4 address, or an IPv6 address in brackets. A name
/// of digits and dots alone would be taken for an address by the resolver, and has to be a whole one.
const char* host_fault(std::string_view host);

}  // namespace hp
