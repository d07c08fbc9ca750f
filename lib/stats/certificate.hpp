// A signed statement of the work delivered between two times, for its buyer.
//
// Two lines: the statement, a JSON object, and its signature, another: {"key": authority key (base58check),
// "signature": 128 hex digits}, BIP 340 over tagged_hash("hashpool/work-certificate", the first line without
// its newline).
#pragma once
#include <string>

#include "crypto/secp.hpp"
#include "stats/reader.hpp"

namespace hp::stats {

struct Delivery {
    std::optional<std::string> worker{};  ///< nothing: all workers together
    UnixMs from_ms{}, to_ms{}, issued_ms{};
    Sums shares{};
};

std::string certificate_text(const Delivery& delivery, const crypto::SecretKey& key,
                             const Bytes32& aux_random);
/// The statement's line if the key signed it; an error says what is wrong with the text.
Result<std::string> verified_statement(std::string_view certificate, const crypto::XOnlyKey32& key);

}  // namespace hp::stats
