// The verbs of hp-quote; each is one file. `text` comes from the command line; "" and "-" mean stdin.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace hp::hp_quote {

Result<> decode_frame(const std::string& text);
Result<> encode_frame(const std::string& text);
/// Without `secrets` the blinding factor r of a DLEQ is omitted.
Result<> decode_token(const std::string& text, bool secrets);
Result<> decode_request(const std::string& text);
struct DecodeKeyOptions {
    std::string text;
    std::string out;  ///< new file for a secret key in hex; empty: none
    bool json{false};
};
Result<> decode_key(const DecodeKeyOptions& options);

/// Where the databases are: named files, and a configuration directory for the others.
struct Places {
    std::string config_dir;
    std::string outbox, mint_db, wallet_db;
    std::string refused;  ///< the pool's file of refused shares
};

struct GetOptions {
    std::string id;
    std::string mint_url;
    std::string config_dir;
    bool json{false};
};
Result<> get(const GetOptions& options);

struct ListOptions {
    Places places;
    std::string state;
    std::string worker, key;  ///< only of these; the key as 66 hex digits
    std::int64_t limit{20};
    bool json{false};
};
Result<> list(const ListOptions& options);

/// Quotes that a mint refused for good.
Result<> dead(ListOptions options);

struct RequeueOptions {
    Places places;
    std::vector<std::string> seqs;
    bool all{false};
    bool json{false};
};
/// Makes dead letters pending again: in the file, or through the pool that has it open.
Result<> requeue(const RequeueOptions& options);

struct AdoptOptions {
    Places places;
};
/// A new store id for an outbox restored from a backup.
Result<> adopt(const AdoptOptions& options);

struct HeldOptions {
    Places places;
    std::string key;  ///< only of this owner; empty: of all
    std::int64_t limit{20};
    bool json{false};
};
/// Quotes that a mint created again after its database had lost them, and that cannot be minted.
Result<> held(const HeldOptions& options);

struct ReleaseOptions {
    Places places;
    std::vector<std::string> ids;
    bool all{false};
    bool json{false};
};
/// Releases them for minting: in the file, or through the mint that has it open.
Result<> release(const ReleaseOptions& options);

struct AmountOptions {
    std::string header, hash, target;
    std::string valuation{"target/unit_bits=32"};
    bool json{false};
};
Result<> amount(const AmountOptions& options);

struct ExplainOptions {
    Places places;
    std::string id;
    bool json{false};
};
Result<> explain(const ExplainOptions& options);

}  // namespace hp::hp_quote
