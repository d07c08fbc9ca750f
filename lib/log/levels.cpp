#include "log/levels.hpp"

#include <fmt/format.h>

#include <bitset>

#include "base/bytes.hpp"

namespace hp::log {
namespace {

constexpr std::string_view kLevels[] = {"trace", "debug", "info", "warn", "error"};

tl::unexpected<Error> wrong_level(const std::string& what) { return fail(Errc::usage, "log level " + what); }

Result<Level> level_from_text(std::string_view text) {
    for (std::size_t i = 0; i < std::size(kLevels); ++i) {
        if (kLevels[i] == text) return static_cast<Level>(i);
    }
    return wrong_level(
        fmt::format("'{}' is unknown, allowed: {}", printable(text, 40), fmt::join(kLevels, ", ")));
}

}  // namespace

std::string_view name_of(Level level) { return kLevels[static_cast<std::size_t>(level)]; }

Result<Levels> levels_from_text(std::string_view text) {
    Levels out{Level::info};
    std::bitset<std::size(kModules)> named;
    bool has_common = false;
    for (std::size_t begin = 0; begin <= text.size();) {
        const auto end = std::min(text.find(',', begin), text.size());
        const auto part = text.substr(begin, end - begin);
        begin = end + 1;
        const auto equals = part.find('=');
        HP_TRY(const auto level, level_from_text(equals == part.npos ? part : part.substr(equals + 1)));
        if (equals == part.npos) {
            if (std::exchange(has_common, true)) return wrong_level("for all modules is set twice");
            for (std::size_t i = 0; i < named.size(); ++i) {
                if (!named[i]) out.of[i] = level;
            }
            continue;
        }
        const auto name = part.substr(0, equals);
        const auto module = module_from_text(name);
        if (!module)
            return wrong_level(fmt::format("for the module '{}', which is unknown, allowed: {}",
                                           printable(name, 40), fmt::join(kModules, ", ")));
        const auto index = static_cast<std::size_t>(*module);
        if (named[index]) return wrong_level(fmt::format("for the module '{}' is set twice", name));
        named.set(index);
        out.of[index] = level;
    }
    return out;
}

}  // namespace hp::log
