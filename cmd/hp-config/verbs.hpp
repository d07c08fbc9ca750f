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

struct MemoryOptions {
    ReadOptions read;
    std::string write;     ///< folder of systemd units; empty: print
    bool defaults{false};  ///< of a configuration where no key is set
};
/// MemoryHigh= and MemoryMax= of the units, from the limits that the programs keep.
Result<> memory(const MemoryOptions& options);

struct CompareOptions {
    std::string before, after;  ///< directories
    std::vector<std::string> tools;
    bool json{false};
};
/// Whether they differ.
Result<bool> diff(const CompareOptions& options);
/// The services that must start again to go from `before` to `after`, with the keys that are why.
Result<> plan(const CompareOptions& options);

struct ExplainOptions {
    std::string key;
    bool json{false};
};
Result<> explain(const ExplainOptions& options);

struct ImportOptions {
    std::string from, to;  ///< `to` may be empty: then nothing is written
    std::string network;   ///< empty: what the files say
    bool json{false};
};
Result<> import_earlier(const ImportOptions& options);

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
