// A refused share, with everything it was checked against: for logs, records, and the file for `hp-pool
// check-shares`.
#pragma once
#include <string>

#include "mining/channel.hpp"

namespace hp::mining {

struct RefusedShare {
    wire::ShareRefusal reason{};
    UnixMs at_ms{};
    std::string peer{};    ///< "address:port"
    std::string worker{};  ///< or empty
    /// Owner of the ehash that it would have earned; nothing if unknown.
    std::optional<ByteArray<33>> locking_key{};
    std::uint64_t connection_id{};
    std::uint32_t channel_id{};
    std::uint32_t sequence_number{};
    std::uint32_t job_id{}, nonce{}, ntime{}, version{};
    wire::B0_32 extranonce{};
    std::uint8_t extranonce_size{};  ///< of the channel
    std::uint32_t ntime_max{};       ///< what it was checked against
    Bytes32 hash{};                  ///< header byte order; zero if there was nothing to hash
    JobPtr job{};                    ///< null if unknown; set together with the next three
    TipPtr tip{};
    wire::B0_32 extranonce_prefix{};
    bitcoin::Target target{};

    bool is_hashed() const { return hash != Bytes32{}; }
};

/// What is wrong, in numbers: "ntime 5, expected 1700000000 to 1700007200"; empty if the reason says it all.
std::string detail_of(const RefusedShare& share);
/// A record for check_shares.hpp on one line, without the newline; "refused" has the reason. "job" is null if
/// unknown.
std::string line_of(const RefusedShare& share);

}  // namespace hp::mining
