// The verbs of hp-config; each is one file.
#pragma once
#include <string>
#include <vector>

#include "base/result.hpp"

namespace hp::hp_config {

struct InitOptions {
    std::string dir;
    std::string network;
    std::string ports;       ///< "", "auto" or the first of five
    std::string payout;      ///< an address or raw(HEX)
    std::string rpc_cookie;  ///< the node's cookie file
    bool json{false};
};
Result<> init(const InitOptions& options);

struct ReadOptions {
    std::string dir;
    std::vector<std::string> tools;
    bool json{false};
    bool origin{false};
};
Result<> check(const ReadOptions& options);
Result<> show(const ReadOptions& options);

/// `kind`: authority, link, mnemonic or locking. Without `out` the secret goes to stdout, the public part to
/// stderr; with it, the public part to stdout.
Result<> keygen(const std::string& kind, const std::string& out);
/// `file`: a secret key file, or "-" for stdin.
Result<> pubkey(const std::string& file);

struct DocsOptions {
    bool man5{false};
    std::string example;  ///< "pool.toml"
};
Result<> docs(const DocsOptions& options);

}  // namespace hp::hp_config
