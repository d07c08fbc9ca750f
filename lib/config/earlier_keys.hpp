// Every key of the earlier Hashpool's files and what becomes of it; earlier.cpp applies it.
#pragma once
#include <span>
#include <string_view>

namespace hp::config {

enum class Treatment {
    take,          ///< the same value under another name
    host,          ///< half of an endpoint or URL
    port,          ///< the other half
    both_ends,     ///< an endpoint that one program listens on and another one dials
    network,       ///< its name
    payout,        ///< a descriptor
    valuation,     ///< minimum_difficulty, which also says how shares are valued
    pool_key,      ///< the pool's public key: follows from the secret one where the pool is ours
    template_key,  ///< the Template Provider's public key: needed where it is on another machine
    secret_key,    ///< goes into a file of its own
    words,         ///< likewise
    password,      ///< likewise; `to_key` is told where
    drop,          ///< `why` says why it is not needed
    decide,        ///< `why` says what a person must decide
    decide_if_on   ///< the same where the value is true, else not needed
};

/// `key` ends with * for all keys that begin so; the first row that fits counts.
struct EarlierKey {
    std::string_view file, key;
    Treatment treatment;
    std::string_view to_file{}, to_key{}, why{};
};

std::span<const EarlierKey> earlier_keys();

}  // namespace hp::config
