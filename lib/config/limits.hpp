// How many connections each listener takes, and how much memory that allows a program: declared once, for the
// programs that keep the limits and for the systemd units whose MemoryHigh= is the sum.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hp::config {

struct Network;

/// Connections of one listener: unproven ones, unproven ones from one address, and the others.
struct PortLimits {
    std::size_t strangers;
    std::size_t strangers_per_address;
    std::size_t connections;
};

inline constexpr PortLimits kMiningPort{4'096, 2'048, 20'000};
inline constexpr PortLimits kLinkPort{1'024, 512, 128};
inline constexpr PortLimits kSv1Port{4'096, 2'048, 20'000};
inline constexpr PortLimits kTemplatePort{512, 256, 64};
inline constexpr PortLimits kMintPort{1'024, 512, 1'000};
inline constexpr PortLimits kFaucetPort{128, 64, 64};
inline constexpr PortLimits kStatsPort{512, 256, 64};
inline constexpr PortLimits kRecordsPort{512, 256, 64};
inline constexpr PortLimits kWebPort{1'024, 512, 1'024};
inline constexpr std::size_t kWebStreams = 512;  ///< of connections

/// Mining channels of all connections to hp-pool: 25 translators of 4,000 miners, which is 33,000 shares a
/// second at 20 a minute from each; and those of them without an accepted share (mining/channel_places.hpp).
/// A template costs 4 us of work per channel: 0.4 s, or 0.08 s if none has one.
inline constexpr std::size_t kChannels = 100'000;
inline constexpr std::size_t kChannelsUnproven = 20'000;

/// Transactions of live templates that hp-pool holds, so that a found block can be written whole.
inline constexpr std::size_t kTransactionBytes = 64u << 20;

/// One line of the sum.
struct MemoryPart {
    std::string what;
    std::uint64_t bytes;
};
struct Memory {
    std::string program;
    std::vector<MemoryPart> parts;
    std::uint64_t sum() const;
    /// The sum, rounded up to 64 MiB: above it the kernel reclaims pages and the program gets slow.
    std::uint64_t high() const;
    /// Twice that: above it the kernel kills the program.
    std::uint64_t max() const { return 2 * high(); }
};
/// For each server, in the order of kServers in keys.hpp.
std::vector<Memory> memory_of(const Network& network);

}  // namespace hp::config
