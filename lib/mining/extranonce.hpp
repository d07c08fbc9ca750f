// Extranonce prefixes: what keeps the search spaces of channels apart, across standard and extended channels,
// connections, pool processes and restarts.
#pragma once
#include "base/bytes.hpp"
#include "wire/types.hpp"

namespace hp::mining {

/// server_id (2 bytes), epoch (2 bytes), counter (4 bytes), each big-endian.
inline constexpr std::size_t kExtranoncePrefixSize = 8;
/// Maximum of prefix and extranonce together in SV2.
inline constexpr std::size_t kFullExtranonceMax = 32;

/// The two full lengths of our jobs (prefix included): a coinbase has the full length in one opcode, so each
/// length needs its own coinbase, and two are enough: 8 bytes for the miner, or the maximum.
enum class FullExtranonce : std::uint8_t { short16 = 16, long32 = 32 };

struct ExtranonceGrant {
    wire::B0_32 prefix;
    std::uint8_t extranonce_size;  ///< bytes left to the miner; 0 on a standard channel
    FullExtranonce full;           ///< which form of each job this channel gets
};

/// Allocates prefixes, each once in the life of the process: a prefix is never reused, so a share found by
/// its former owner can never count for another channel. 2^32 prefixes; then it refuses.
class ExtranonceAllocator {
  public:
    /// `server_id` distinguishes pools that share a template; `epoch` distinguishes the runs of one pool: a
    /// persisted restart counter, or two random bytes.
    ExtranonceAllocator(std::uint16_t server_id, std::uint16_t epoch)
        : server_id_{server_id}, epoch_{epoch} {}

    /// For an extended channel. The granted size is at least the requested one; if that is impossible, the
    /// error's text is the SV2 code "min-extranonce-size-too-large".
    Result<ExtranonceGrant> grant_extended(std::uint16_t min_extranonce_size);
    /// For a standard channel: the prefix fills the whole length (16 bytes; the last 8 are zero).
    Result<ExtranonceGrant> grant_standard();

  private:
    Result<ByteArray<kExtranoncePrefixSize>> next();

    std::uint16_t server_id_;
    std::uint16_t epoch_;
    std::uint64_t granted_count_{0};
};

}  // namespace hp::mining
