#include "sv1/configure.hpp"

#include <algorithm>

#include "sv1/parse.hpp"

namespace hp::sv1 {
namespace {

void add_extension(Configure& configure, std::string_view name) {
    if (name == "version-rolling")
        configure.version_rolling = true;
    else if (name == "minimum-difficulty")
        configure.minimum_difficulty = true;
    else if (name == "subscribe-extranonce")
        configure.subscribe_extranonce = true;
    else if (name == "info")
        configure.info = true;
    else if (std::ranges::find(configure.unknown, name) == configure.unknown.end() &&
             configure.unknown.size() < kUnknownExtensionsMax)
        configure.unknown.push_back(name);
}

}  // namespace

Configure read_configure(json::array extensions, std::optional<json::object> options) {
    Configure configure;
    for (json::element extension : extensions)
        if (const auto name = json::text(extension)) add_extension(configure, *name);
    std::optional<double> minimum;
    // version-rolling.min-bit-count is a hint: the mask tells the miner how many bits it gets.
    const auto read_option = [&](std::string_view key, json::element value) {
        if (key == "version-rolling.mask" && configure.version_rolling && !value.is_null()) {
            const auto mask = json::hex_u32(value, 1);
            if (mask)
                configure.version_rolling_mask = *mask;
            else
                configure.version_rolling_error = "version-rolling.mask is not up to 8 hex digits";
        } else if (key == "minimum-difficulty.value" && configure.minimum_difficulty) {
            minimum = json::number(value);
        }
    };
    if (options)
        for (auto [key, value] : *options) read_option(key, value);
    if (!configure.minimum_difficulty) return configure;
    if (minimum && std::isfinite(*minimum) && *minimum >= 0)
        configure.minimum_difficulty_value = *minimum;
    else
        configure.minimum_difficulty_error = "minimum-difficulty.value is not a number of at least 0";
    return configure;
}

}  // namespace hp::sv1
