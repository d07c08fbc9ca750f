// A configuration directory that does not exist yet: the files of a machine's roles from the declarations,
// with some values chosen.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "config/documentation.hpp"

namespace hp::cli {

using Chosens = std::map<std::string, std::map<std::string, config::Chosen>>;  ///< file, key
using Secrets = std::map<std::string, std::string>;                            ///< file, text

/// The path made absolute; an error where anything is in it, unless an init that did not end has begun it,
/// and where it is another user's, or others can write in it.
Result<std::string> unused_directory(const std::string& path);
/// Takes over the secrets of a directory that was begun: they may be in use or written down already. An error
/// where `secrets` has another one, or where another user could have put them there.
Result<> keep_begun(const std::string& dir, Secrets& secrets);
/// Lies in a directory from the first file to the last.
inline constexpr const char* kBegunFile = ".hp-config-init";

/// What fits the network, and an account on the node where `chosen` has none. `rpc_cookie` may be empty.
void choose_template(const std::string& network, const std::string& rpc_cookie, Chosens& chosen);

/// A directory in /etc is that of services: nothing is written there, each service's databases lie under
/// /var/lib in a directory of its own, which its unit names too (StateDirectory). Empty for other
/// directories.
std::string state_directory(const std::string& dir);
/// Where the databases are, for a directory that has its state elsewhere.
void choose_state(const std::string& dir, Chosens& chosen);

/// The given secrets, and fresh ones for the others of the roles (none: all); the public keys of all of them
/// are chosen.
Result<Secrets> choose_keys(Secrets given, const std::vector<std::string>& roles, Chosens& chosen);

/// All files of the roles (none: all), or nothing. Killed on the way, it can be repeated; it never replaces a
/// secret.
Result<> write_directory(const std::string& dir, const std::vector<std::string>& roles, const Chosens& chosen,
                         const Secrets& secrets);

}  // namespace hp::cli
