// How a tool asks a running daemon to change its database, which has one writer: the request is a file beside
// the database until the daemon has done it. Repeating one is harmless; if the daemon is killed, it stays.
#pragma once
#include <optional>
#include <string>

#include "base/result.hpp"

namespace hp::store {

/// At most 1 MiB. Whole or not at all; an error if another request is still there. `daemon` is named in the
/// hint.
Result<> leave_request(const std::string& path, const std::string& text, const char* daemon);
/// Nothing, the text, or an error about a file that is not ours.
Result<std::optional<std::string>> find_request(const std::string& path);
Result<> remove_request(const std::string& path);

}  // namespace hp::store
