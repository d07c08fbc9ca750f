#include "cli/variables.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string_view>

namespace hp::cli {

Result<std::optional<std::string>> variable(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr) return std::nullopt;
    if (*value == '\0') return fail(Errc::usage, std::string(name) + ": expected a value, got an empty one");
    return std::optional<std::string>{value};
}

std::map<std::string, std::string> hashpool_environment() {
    std::map<std::string, std::string> out;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const auto equals = text.find('=');
        if (text.starts_with("HP_") && equals != std::string_view::npos) {
            out[std::string(text.substr(0, equals))] = std::string(text.substr(equals + 1));
        }
    }
    return out;
}

Result<std::optional<std::string>> config_dir_variable() { return variable("HP_CONFIG_DIR"); }

Result<std::string> usual_config_dir() {
    HP_TRY(auto named, config_dir_variable());
    if (named) return *std::move(named);
    std::error_code ignored;
    return std::string(std::filesystem::is_directory(kUsualConfigDir, ignored) ? kUsualConfigDir : "");
}

}  // namespace hp::cli
