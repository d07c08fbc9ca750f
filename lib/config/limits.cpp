#include "config/limits.hpp"

#include "config/keys.hpp"

namespace hp::config {
namespace {

constexpr std::uint64_t kMiB = 1u << 20;

struct Base {
    std::string_view program;
    std::uint64_t mib;  ///< code, SQLite's caches, and what grows with the load
};
/// Allowances: at least ten times what was measured in the soak of docs/reports (pool 19 MB, mint 36 MB, the
/// others 9 to 19).
constexpr Base kBases[] = {{"hp-pool", 384},  {"hp-mint", 384}, {"hp-proxy", 256},
                           {"hp-stats", 256}, {"hp-web", 64},   {"hp-template", 256}};

struct Listener {
    std::string_view program, what;
    PortLimits limits;
    std::uint64_t bytes_each;  ///< of a working connection; an unproven one has a quarter at most
};
/// Measured with 4,000 connections: 5 kB in hp-pool with a channel, 12 kB in hp-proxy; with 900: 8 kB in
/// hp-mint.
constexpr Listener kListeners[] = {
    {"hp-pool", "mining connections", kMiningPort, 16 * 1024},
    {"hp-pool", "link connections", kLinkPort, 16 * 1024},
    {"hp-mint", "HTTP connections", kMintPort, 32 * 1024},
    {"hp-proxy", "SV1 connections", kSv1Port, 16 * 1024},
    {"hp-proxy", "faucet connections", kFaucetPort, 32 * 1024},
    {"hp-stats", "HTTP connections", kStatsPort, 32 * 1024},
    {"hp-stats", "record writers", kRecordsPort, 128 * 1024},
    {"hp-web", "HTTP connections", kWebPort, 32 * 1024},
    {"hp-template", "template clients", kTemplatePort, 16 * 1024},
};

/// hp-pool: 1.9 kB, measured with 160,000 channels without a share.
constexpr std::uint64_t kChannelBytes = 3 * 1024;

}  // namespace

std::uint64_t Memory::sum() const {
    std::uint64_t out = 0;
    for (const auto& part : parts) out += part.bytes;
    return out;
}

std::uint64_t Memory::high() const { return (sum() / (64 * kMiB) + 1) * 64 * kMiB; }

std::vector<Memory> memory_of(const Network& network) {
    std::vector<Memory> out;
    for (const Base& base : kBases) {
        Memory memory{std::string(base.program), {}};
        memory.parts.push_back({"the program and its work", base.mib * kMiB});
        memory.parts.push_back(
            {"buffer_memory_mib", static_cast<std::uint64_t>(network.buffer_memory_mib) * kMiB});
        for (const Listener& one : kListeners) {
            if (one.program != base.program) continue;
            memory.parts.push_back({std::string(one.what), one.limits.connections * one.bytes_each +
                                                               one.limits.strangers * one.bytes_each / 4});
        }
        if (base.program == "hp-pool") {
            memory.parts.push_back({"mining channels", kChannels * kChannelBytes});
            memory.parts.push_back({"transactions of templates", kTransactionBytes});
        }
        out.push_back(std::move(memory));
    }
    return out;
}

}  // namespace hp::config
