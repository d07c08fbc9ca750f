// The small texts of HTTP. Internal to this room.
#pragma once
#include <string>

#include "base/clock.hpp"

namespace hp::net {

/// RFC 9110 date, "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date(UnixSeconds when);

}  // namespace hp::net
