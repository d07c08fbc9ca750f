// Where to mine: stratum+tcp://HOST:PORT (SV1) or stratum2+tcp://HOST:PORT/AUTHORITYKEY (SV2).
#pragma once
#include <optional>

#include "crypto/secp.hpp"
#include "net/loop.hpp"

namespace hp::miner {

struct Url {
    net::Endpoint endpoint;
    /// SV2's authority key; none for SV1.
    std::optional<crypto::XOnlyKey32> authority;
    bool is_sv2() const { return authority.has_value(); }
};
/// Errors are Errc::usage and quote the input.
Result<Url> url_from_text(std::string_view text);

}  // namespace hp::miner
