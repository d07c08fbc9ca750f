// Typed access to a simdjson element, for this room's .cpp files: returns nothing for another type or form.
#pragma once
#include <simdjson.h>

#include <bit>
#include <cmath>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "sv1/numbers.hpp"

namespace hp::sv1::json {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::element_type;
using simdjson::dom::object;

/// A dom parser with our depth limit, kept over re-allocations.
class Document {
  public:
    Document(std::size_t line_bytes_max, std::size_t depth_max)
        : parser_{line_bytes_max}, line_bytes_max_{line_bytes_max}, depth_max_{depth_max} {}

    /// The line's object, or a text that says why it is not one.
    tl::expected<object, std::string> read(std::string_view line) {
        if (line.size() > line_bytes_max_)
            return tl::unexpected("line has " + std::to_string(line.size()) + " bytes, at most " +
                                  std::to_string(line_bytes_max_) + " are allowed");
        if (parser_.max_depth() != depth_max_ || parser_.capacity() < line.size()) {
            const std::size_t room = std::max<std::size_t>(1024, std::bit_ceil(line.size()));
            if (parser_.allocate(room, depth_max_) != simdjson::SUCCESS)
                return tl::unexpected(std::string("no memory"));
        }
        if (line.empty()) return tl::unexpected(std::string("not JSON"));  // simdjson would copy from null
        element root;
        auto error = parser_.parse(line.data(), line.size()).get(root);
        if (error && error != simdjson::DEPTH_ERROR) {
            if (const auto in_range = with_numbers_in_range(line)) error = parse_longer(*in_range, root);
        }
        if (error)
            return tl::unexpected(error == simdjson::DEPTH_ERROR
                                      ? "nested deeper than " + std::to_string(depth_max_)
                                      : std::string("not JSON"));
        object members;
        if (root.get(members) != simdjson::SUCCESS) return tl::unexpected(std::string("not a JSON object"));
        return members;
    }

  private:
    /// The line with its numbers brought into range may be a few bytes longer.
    simdjson::error_code parse_longer(const std::string& line, element& root) {
        if (parser_.capacity() < line.size() &&
            parser_.allocate(std::bit_ceil(line.size()), depth_max_) != simdjson::SUCCESS)
            return simdjson::MEMALLOC;
        return parser_.parse(line.data(), line.size()).get(root);
    }

    simdjson::dom::parser parser_;
    std::size_t line_bytes_max_, depth_max_;
};

inline std::optional<std::string_view> text(element value) {
    std::string_view out;
    if (value.get(out) != simdjson::SUCCESS) return {};
    return out;
}
inline std::optional<double> number(element value) {
    double out{};
    if (value.get(out) != simdjson::SUCCESS) return {};
    return out;
}
inline std::optional<double> positive_number(element value) {
    auto out = number(value);
    return out && std::isfinite(*out) && *out > 0 ? out : std::nullopt;
}
inline std::optional<std::uint64_t> unsigned_number(element value) {
    std::uint64_t out{};
    if (value.get(out) != simdjson::SUCCESS) return {};
    return out;
}
inline std::optional<array> list(element value) {
    array out;
    if (value.get(out) != simdjson::SUCCESS) return {};
    return out;
}
inline std::optional<object> members(element value) {
    object out;
    if (value.get(out) != simdjson::SUCCESS) return {};
    return out;
}
inline std::optional<bool> truth(element value) {
    bool out{};
    if (value.get(out) != simdjson::SUCCESS) return {};
    return out;
}

/// One to eight hex digits (`digits_min` at least), most significant first.
inline std::optional<std::uint32_t> hex_u32(std::string_view hex, std::size_t digits_min = 8) {
    if (hex.size() < digits_min || hex.empty() || hex.size() > 8) return {};
    std::uint32_t out = 0;
    for (char c : hex) {
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
        if (digit < 0) return {};
        out = out << 4 | static_cast<std::uint32_t>(digit);
    }
    return out;
}
inline std::optional<std::uint32_t> hex_u32(element value, std::size_t digits_min = 8) {
    auto hex = text(value);
    return hex ? hex_u32(*hex, digits_min) : std::nullopt;
}

}  // namespace hp::sv1::json
