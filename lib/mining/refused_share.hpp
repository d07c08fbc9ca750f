// A share that was refused, with all that it was judged by: for logs, records, and the file that `hp-pool
// check-shares` reads.
#pragma once
#include <string>

#include "mining/channel.hpp"

namespace hp::mining {

struct RefusedShare {
    wire::ShareRefusal reason{};
    UnixMs at_ms{};
    std::string peer{};    ///< "address:port"
    std::string worker{};  ///< or empty
    /// Of the ehash that it would have earned; nothing where nobody is known.
    std::optional<ByteArray<33>> locking_key{};
    std::uint64_t connection_id{};
    std::uint32_t channel_id{};
    std::uint32_t sequence_number{};
    std::uint32_t job_id{}, nonce{}, ntime{}, version{};
    wire::B0_32 extranonce{};
    std::uint8_t extranonce_size{};  ///< of the channel
    std::uint32_t ntime_max{};       ///< what it was judged by
    Bytes32 hash{};                  ///< header byte order; zero where nothing could be hashed
    JobPtr job{};                    ///< null where it is not known; with the next three
    TipPtr tip{};
    wire::B0_32 extranonce_prefix{};
    bitcoin::Target target{};

    bool is_hashed() const { return hash != Bytes32{}; }
};

/// What about it is wrong, in numbers: "ntime 5, expected 1700000000 to 1700007200"; empty where the reason
/// says all.
std::string detail_of(const RefusedShare& share);
/// A record of check_shares.hpp on one line, without its end; "refused" says the rest. "job" is null where
/// the job is not known.
std::string line_of(const RefusedShare& share);

}  // namespace hp::mining
