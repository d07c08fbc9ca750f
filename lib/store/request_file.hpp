// How a tool asks a running daemon to change its database, which has one writer: the request lies beside the
// database until the daemon has done it. Repeating one is harmless; a kill on the way leaves it there.
#pragma once
#include <optional>
#include <string>

#include "base/result.hpp"

namespace hp::store {

/// At most 1 MiB. Whole or not at all; an error where another request still lies there. `daemon` is named in
/// the hint.
Result<> leave_request(const std::string& path, const std::string& text, const char* daemon);
/// What lies there: nothing, a text, or an error about a file that is none of ours.
Result<std::optional<std::string>> find_request(const std::string& path);
Result<> remove_request(const std::string& path);

}  // namespace hp::store
