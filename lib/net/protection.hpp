// A process's protection against strangers, shared by all its listeners: see admission.hpp and
// buffer_budget.hpp.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/ip_net.hpp"
#include "net/loop.hpp"

namespace hp::net {

/// What a listener's peer has proven. The listener decides what counts.
enum class Standing : std::uint8_t {
    stranger,  ///< nothing, or only what costs nothing
    guest,     ///< behaves like an honest peer: stays until all places are taken and a newer one needs its
               ///< place
    member,    ///< has a known key or a valid share, or a request in progress: stays
};

struct Protection {
    /// Addresses without a per-address limit: a TLS proxy, or a farm behind one address.
    std::vector<IpNet> sources_exempt;
    /// For unfinished input and unread output of all connections. Beyond it the largest are closed.
    std::size_t buffer_bytes_max{kBufferBytesMax};

    static constexpr std::size_t kBufferBytesMax = 128u << 20;
    /// Errors name the net.
    static Result<Protection> from(const std::vector<std::string>& sources_exempt,
                                   std::int64_t buffer_memory_mib);
};

struct ProtectionCounters {
    std::uint64_t strangers_dropped{};  ///< closed for newer ones while unproven
    std::uint64_t guests_dropped{};     ///< closed for newer ones as all places were taken
    std::uint64_t refused_full{};       ///< closed because all places belong to members
    std::uint64_t cut_for_memory{};     ///< closed because the buffers were above their limit
    std::uint64_t buffer_bytes{};       ///< held now
};

/// Call before anything listens; otherwise loopback is exempt and buffers have their default. Raises the
/// descriptor limit as far as allowed.
void protect(Loop& loop, Protection protection);
const std::vector<IpNet>& sources_exempt(const Loop& loop);
ProtectionCounters protection_counters(const Loop& loop);

}  // namespace hp::net
