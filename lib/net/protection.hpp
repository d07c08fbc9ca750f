// What a process does about strangers, the same at all of its listeners: see admission.hpp and
// buffer_budget.hpp.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/ip_net.hpp"
#include "net/loop.hpp"

namespace hp::net {

/// What a peer of a listener has shown. What counts as what is for the listener to say.
enum class Standing : std::uint8_t {
    stranger,  ///< nothing, or only what costs nothing
    guest,   ///< began as an honest peer does: stays until all places are taken and a newer one needs its own
    member,  ///< showed a known key or a right share, or its request is under way: stays
};

struct Protection {
    /// Where a place is not counted against the address: a TLS proxy's, or a farm's behind one address.
    std::vector<IpNet> sources_exempt;
    /// For all that connections have begun and not finished, and have not read yet. Beyond it the largest go.
    std::size_t buffer_bytes_max{kBufferBytesMax};

    static constexpr std::size_t kBufferBytesMax = 128u << 20;
    /// Errors name the net.
    static Result<Protection> from(const std::vector<std::string>& sources_exempt,
                                   std::int64_t buffer_memory_mib);
};

struct ProtectionCounters {
    std::uint64_t strangers_dropped{};  ///< closed because newer ones came, and they had proven nothing
    std::uint64_t guests_dropped{};     ///< closed because newer ones came, and all places were taken
    std::uint64_t refused_full{};       ///< closed because all places belong to members
    std::uint64_t cut_for_memory{};     ///< closed because the buffers were above their limit
    std::uint64_t buffer_bytes{};       ///< held now
};

/// Without it loopback is exempt and buffers have their default. Before anything listens. Takes as many
/// descriptors as the process may have.
void protect(Loop& loop, Protection protection);
const std::vector<IpNet>& sources_exempt(const Loop& loop);
ProtectionCounters protection_counters(const Loop& loop);

}  // namespace hp::net
