// The lowest level that is written, for each module.
#pragma once
#include <array>

#include "base/result.hpp"
#include "log/module.hpp"

namespace hp::log {

enum class Level : std::uint8_t { trace, debug, info, warn, error };

std::string_view name_of(Level level);

struct Levels {
    /// The same level for all modules.
    Levels(Level level) { of.fill(level); }  // NOLINT: a level is the common case
    std::array<Level, std::size(kModules)> of;
    bool operator==(const Levels&) const = default;
};

/// "warn", "info,net=debug,mint=warn" or "net=debug": LEVEL is for modules that are not named, info if left
/// out. Nothing may be set twice.
Result<Levels> levels_from_text(std::string_view text);

}  // namespace hp::log
