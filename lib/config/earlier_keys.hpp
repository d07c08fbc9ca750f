// Every key of the earlier Hashpool's files and what becomes of them; earlier.cpp applies it.
#pragma once
#include <span>
#include <string_view>

namespace hp::config {

enum class Treatment {
    take,          ///< the same value under another name
    host,          ///< half of an endpoint or URL
    port,          ///< the other half
    both_ends,     ///< an endpoint that one program listens on and another dials
    network,       ///< its name
    payout,        ///< a descriptor
    valuation,     ///< minimum_difficulty, which also says how shares are valued
    pool_key,      ///< the pool's public key: derived from the secret one if the pool is ours
    template_key,  ///< the Template Provider's public key: needed if it is on another machine
    secret_key,    ///< goes into its own file
    words,         ///< likewise
    password,      ///< likewise; `to_key` gets the path
    drop,          ///< not needed; `why` says why
    decide,        ///< `why` says what has to be decided
    decide_if_on   ///< likewise if the value is true, else not needed
};

/// `key` ends with * for all keys with that prefix; the first matching row wins.
struct EarlierKey {
    std::string_view file, key;
    Treatment treatment;
    std::string_view to_file{}, to_key{}, why{};
};

std::span<const EarlierKey> earlier_keys();

}  // namespace hp::config
