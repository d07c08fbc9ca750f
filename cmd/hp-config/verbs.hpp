// The verbs of hp-config; each is one file.
#pragma once
#include <string>
#include <vector>

#include "base/result.hpp"

namespace hp::hp_config {

struct InitOptions {
    std::string dir;
    std::string network;             ///< may be empty with `join`
    std::vector<std::string> roles;  ///< empty: all
    std::string join;                ///< the file from the pool's operator
    std::string mint_url;            ///< wins over that of `join`
    std::string ports;               ///< "", "auto" or the first of five
    std::string payout;              ///< an address or raw(HEX)
    std::string rpc_cookie;          ///< the node's cookie file
    bool json{false};
};
Result<> init(InitOptions options);

struct ReadOptions {
    std::string dir;
    std::vector<std::string> tools, roles;
    bool json{false};
    bool origin{false};
};
Result<> check(const ReadOptions& options);
Result<> show(const ReadOptions& options);

struct JoinFileOptions {
    std::string dir;
    std::string host;      ///< under which others reach this machine
    std::string mint_url;  ///< where wallets reach the mint
};
/// Prints what others need to join this pool: addresses and public keys.
Result<> join_file(const JoinFileOptions& options);

struct AddMintOptions {
    std::string dir, name, key;
    bool rotate{false};  ///< a second key for a mint that has one
};
/// One more entry in allowed_mint_keys of pool.toml.
Result<> add_mint(const AddMintOptions& options);

struct MemoryOptions {
    ReadOptions read;
    std::string write;     ///< folder of systemd units; empty: print
    bool defaults{false};  ///< for a configuration without any key set
};
/// MemoryHigh= and MemoryMax= of the units, from the programs' limits.
Result<> memory(const MemoryOptions& options);

struct CompareOptions {
    std::string before, after;  ///< directories
    std::vector<std::string> tools;
    bool json{false};
};
/// Whether they differ.
Result<bool> diff(const CompareOptions& options);
/// The services that must restart to go from `before` to `after`, with the keys responsible.
Result<> plan(const CompareOptions& options);

struct ExplainOptions {
    std::string key;
    bool json{false};
};
Result<> explain(const ExplainOptions& options);

struct ImportOptions {
    std::string from, to;  ///< `to` may be empty: then nothing is written
    std::string network;   ///< empty: from the files
    bool json{false};
};
Result<> import_earlier(const ImportOptions& options);

/// `kind`: authority, link, mnemonic or locking. Without `out` the secret goes to stdout and the public part
/// to stderr; with it, the public part goes to stdout.
struct KeygenOptions {
    std::string kind, out;
    bool hex{false};
};
Result<> keygen(const KeygenOptions& options);
/// `file`: a secret key file, or "-" for stdin.
Result<> pubkey(const std::string& file);

struct DocsOptions {
    bool man5{false};
    std::string example;  ///< "pool.toml"
};
Result<> docs(const DocsOptions& options);

}  // namespace hp::hp_config
