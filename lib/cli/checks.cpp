#include "cli/checks.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/bytes.hpp"
#include "config/rule.hpp"

namespace hp::cli {
namespace {

template <class Number>
std::optional<Number> whole_text(const std::string& text) {
    Number out{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return out;
}

std::string got(const std::string& text) {
    const bool is_number = !text.empty() && text.find_first_not_of("0123456789.+-e") == std::string::npos;
    return ", got " + (is_number ? printable(text, 100) : "'" + printable(text, 100) + "'");
}

std::string one_line(const std::vector<std::string>& words) {
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i)
        out += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + words[i];
    return out;
}

/// `is_right` gets the whole text. Nothing is added to --help: the option's own text says what it takes.
CLI::Validator validator(std::string expected, std::function<bool(const std::string&)> is_right) {
    return CLI::Validator{
        [expected = std::move(expected), is_right = std::move(is_right)](std::string& text) {
            return is_right(text) ? std::string{} : "expected " + expected + got(text);
        },
        ""};
}

}  // namespace

CLI::Validator whole_number(std::int64_t min, std::int64_t max) {
    const bool is_open = max == std::numeric_limits<std::int64_t>::max();
    return validator(is_open ? "a whole number from " + std::to_string(min) + " on"
                             : std::to_string(min) + " to " + std::to_string(max),
                     [min, max](const std::string& text) {
                         const auto value = whole_text<std::int64_t>(text);
                         return value && *value >= min && *value <= max;
                     });
}

CLI::Validator number(double min, double max) {
    return validator(std::isinf(max) ? "a number from " + config::number_text(min) + " on"
                                     : config::number_text(min) + " to " + config::number_text(max),
                     [min, max](const std::string& text) {
                         const auto value = whole_text<double>(text);
                         return value && *value >= min && *value <= max && std::isfinite(*value);
                     });
}

CLI::Validator number_above_0() {
    return validator("a number above 0", [](const std::string& text) {
        const auto value = whole_text<double>(text);
        return value && *value > 0 && std::isfinite(*value);
    });
}

CLI::Validator one_of(std::vector<std::string> words) {
    std::string expected = one_line(words);
    return validator(std::move(expected), [words = std::move(words)](const std::string& text) {
        return std::find(words.begin(), words.end(), text) != words.end();
    });
}

}  // namespace hp::cli
