// Creates a configuration directory: the files of a machine's roles, generated from the declarations, with
// some values chosen.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "config/documentation.hpp"

namespace hp::cli {

using Chosens = std::map<std::string, std::map<std::string, config::Chosen>>;  ///< file, key
using Secrets = std::map<std::string, std::string>;                            ///< file, text

/// The path made absolute; an error if anything is in it, unless an interrupted init began it, or if it
/// belongs to or is writable for another user.
Result<std::string> unused_directory(const std::string& path);
/// Takes over the secrets of a directory that an interrupted init began: they may already be in use or
/// written down. An error if `secrets` has a different one, or if another user could have put them there.
Result<> keep_begun(const std::string& dir, Secrets& secrets);
/// Exists in a directory from the first file to the last.
inline constexpr const char* kBegunFile = ".hp-config-init";

/// Values that suit the network, and credentials for the node if `chosen` has none. `rpc_cookie` may be
/// empty.
void choose_template(const std::string& network, const std::string& rpc_cookie, Chosens& chosen);

/// A directory in /etc is for services, which do not write there: each has its databases under /var/lib in
/// its own directory, which its unit names too (StateDirectory). Empty for other directories.
std::string state_directory(const std::string& dir);
/// Where the databases are, if not in the directory itself.
void choose_state(const std::string& dir, Chosens& chosen);

/// The given secrets, and new ones for the others of the roles (none: all); sets the public keys of all of
/// them in `chosen`.
Result<Secrets> choose_keys(Secrets given, const std::vector<std::string>& roles, Chosens& chosen);

/// Writes all files of the roles (none: all), or nothing. If killed, it can be repeated; it never replaces a
/// secret.
Result<> write_directory(const std::string& dir, const std::vector<std::string>& roles, const Chosens& chosen,
                         const Secrets& secrets);

}  // namespace hp::cli
