// The named crash points: their programs, and what must happen for a process to pass there.
#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace hp::crash {

/// The programs under test. `wallet` is hp-wallet, called by the driver on the proxy's wallet while the proxy
/// runs.
enum class Program { pool, mint, proxy, wallet };
inline constexpr std::size_t kPrograms = 4;
std::string_view name_of(Program program);
/// "hp-pool" and so on.
std::string_view command_of(Program program);

/// When a point is passed.
enum class When {
    work,      ///< shares, quotes, minting and swaps
    block,     ///< a share that is a block
    start,     ///< any start on existing databases
    rotation,  ///< the mint's start with another keyset configured
    creation,  ///< the first start, without databases
    sending,   ///< hp-wallet send
    restore,   ///< hp-wallet restore
    upgrade,   ///< a database is opened by a program with a newer schema
};

struct PointInfo {
    std::string_view name;
    Program program;
    When when;
    std::string_view text;
};
/// A point that two programs pass (D1, D2) appears twice.
std::span<const PointInfo> points();

}  // namespace hp::crash
