// Who owns a file: what another user owns, or can write in, may hold secrets that he knows or change later.
#pragma once
#include <sys/types.h>

#include <string>

#include "base/result.hpp"

namespace hp::cli {

/// "root (uid 0)"; a user without a name is "uid 4711".
std::string user_text(uid_t uid);

/// A directory of the effective user in which nobody else can write. A symbolic link to one may be root's.
Result<> check_own_directory(const std::string& path);
/// A regular file of the effective user, no link.
Result<> check_own_file(const std::string& path);

/// Whether only root and the effective user can put files into the directory.
bool is_closed_directory(const std::string& path);

}  // namespace hp::cli
