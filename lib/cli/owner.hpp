// Who owns a file: what another user owns or can write to may hold secrets that the user knows, or change
// later.
#pragma once
#include <sys/types.h>

#include <string>

#include "base/result.hpp"

namespace hp::cli {

/// "root (uid 0)"; a user without a name is "uid 4711".
std::string user_text(uid_t uid);

/// A directory of the effective user that nobody else can write to. A symbolic link to it may be root's.
Result<> check_own_directory(const std::string& path);
/// A regular file of the effective user, not a link.
Result<> check_own_file(const std::string& path);

/// Whether only root and the effective user can put files into the directory.
bool is_closed_directory(const std::string& path);

}  // namespace hp::cli
