// The module of a log line: the room of the calling source file, or "main" for a program's own files.
// Determined by the compiler, so calls need not name it and cannot get it wrong.
#pragma once
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>

namespace hp::log {

/// An index into kModules.
enum class Module : std::uint8_t {};

/// "main", then the rooms that log, in the order of lib/LAYERS.
inline constexpr std::string_view kModules[] = {"main",      "store", "net",  "recordio", "cli",
                                                "templates", "pool",  "mint", "wallet",   "proxy",
                                                "miner",     "stats", "web"};

constexpr std::optional<Module> module_from_text(std::string_view name) {
    for (std::size_t i = 0; i < std::size(kModules); ++i) {
        if (kModules[i] == name) return static_cast<Module>(i);
    }
    return std::nullopt;
}

/// "/src/lib/pool/work.cpp" is pool's, "cmd/hp-pool/main.cpp" main's.
constexpr Module module_of(std::string_view source_path) {
    constexpr std::string_view kRooms = "lib/";
    const auto at = source_path.rfind(kRooms);
    if (at == source_path.npos) return {};
    const auto below = source_path.substr(at + kRooms.size());
    return module_from_text(below.substr(0, below.find('/'))).value_or(Module{});
}

constexpr std::string_view name_of(Module module) { return kModules[static_cast<std::size_t>(module)]; }

}  // namespace hp::log
