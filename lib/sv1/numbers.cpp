#include "sv1/numbers.hpp"

#include <charconv>
#include <cstdint>

namespace hp::sv1 {
namespace {

constexpr std::string_view kNumberChars = "+-.0123456789Ee";
/// Fewer digits than these always fit into 64 bits.
constexpr std::size_t kIntegerDigitsSafe = 18;
/// An integer with this many digits is within a double's range, about 1.8e308.
constexpr std::size_t kDoubleDigitsMax = 300;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The end of the string that begins at `at`: after its closing quote, or the line's end.
std::size_t end_of_string(std::string_view line, std::size_t at) {
    for (std::size_t i = at + 1; i < line.size(); ++i) {
        if (line[i] == '\\')
            ++i;
        else if (line[i] == '"')
            return i + 1;
    }
    return line.size();
}

struct NumberToken {
    bool is_number{false};   ///< by JSON's grammar
    bool is_integer{false};  ///< neither fraction nor exponent
    bool is_small{false};    ///< below 1, or with a negative exponent: never above a double's range
};
NumberToken look_at(std::string_view token) {
    NumberToken out;
    std::size_t at = 0;
    const auto digits = [&] {
        const std::size_t begin = at;
        while (at < token.size() && is_digit(token[at])) ++at;
        return at - begin;
    };
    if (at < token.size() && token[at] == '-') ++at;
    const bool zero = at < token.size() && token[at] == '0';
    const std::size_t whole = digits();
    if (whole == 0 || (zero && whole > 1)) return out;
    out.is_integer = at == token.size();
    out.is_small = zero;
    if (at < token.size() && token[at] == '.') {
        ++at;
        if (digits() == 0) return out;
    }
    if (at < token.size() && (token[at] == 'e' || token[at] == 'E')) {
        ++at;
        if (at < token.size() && (token[at] == '+' || token[at] == '-')) out.is_small |= token[at++] == '-';
        if (digits() == 0) return out;
    }
    out.is_number = at == token.size();
    return out;
}

template <class Number>
bool fits(std::string_view token) {
    Number value{};
    return std::from_chars(token.data(), token.data() + token.size(), value).ec == std::errc{};
}

/// The number's replacement; empty if it may stay.
std::string in_range(std::string_view token) {
    const auto seen = look_at(token);
    if (!seen.is_number || seen.is_small) return {};
    const std::string largest = token.front() == '-' ? "-1e308" : "1e308";
    if (!seen.is_integer) return fits<double>(token) ? std::string() : largest;
    if (token.size() <= kIntegerDigitsSafe || fits<std::int64_t>(token) || fits<std::uint64_t>(token))
        return {};
    return token.size() <= kDoubleDigitsMax ? std::string(token) + "e0" : largest;
}

}  // namespace

std::optional<std::string> with_numbers_in_range(std::string_view line) {
    std::string out;
    std::size_t copied = 0;
    for (std::size_t at = 0; at < line.size();) {
        if (line[at] == '"') {
            at = end_of_string(line, at);
        } else if (line[at] == '-' || is_digit(line[at])) {
            const auto token = line.substr(at, line.find_first_not_of(kNumberChars, at) - at);
            if (const auto instead = in_range(token); !instead.empty()) {
                out += line.substr(copied, at - copied);
                out += instead;
                copied = at + token.size();
            }
            at += token.size();
        } else {
            ++at;
        }
    }
    if (copied == 0) return {};
    out += line.substr(copied);
    return out;
}

std::string_view raw_number_id(std::string_view line) {
    int depth = 0;
    bool is_key = false, is_id = false;
    for (std::size_t at = 0; at < line.size();) {
        const char c = line[at];
        if (c == '"') {
            const std::size_t end = end_of_string(line, at);
            if (depth == 1 && is_key) is_id = line.substr(at, end - at) == "\"id\"";
            at = end;
            continue;
        }
        ++at;
        if (c == '{' || c == '[') {
            is_key = ++depth == 1;
        } else if (c == '}' || c == ']') {
            --depth;
        } else if (c == ',' && depth == 1) {
            is_key = true;
        } else if (c == ':' && depth == 1) {
            is_key = false;
            if (!is_id) continue;
            const std::size_t begin = line.find_first_not_of(" \t\r\n", at);
            if (begin == std::string_view::npos) return {};
            return line.substr(begin, line.find_first_not_of(kNumberChars, begin) - begin);
        }
    }
    return {};
}

}  // namespace hp::sv1
