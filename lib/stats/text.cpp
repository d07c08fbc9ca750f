#include "stats/text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>

#include "base/bytes.hpp"

namespace hp::stats {
namespace {

constexpr const char* kPrefixes[] = {"", "k", "M", "G", "T", "P", "E", "Z", "Y"};

/// The number's power of 1000, within the available prefixes.
std::size_t prefix_of(double number) {
    std::size_t prefix = 0;
    for (; number >= 999.95 && prefix + 1 < std::size(kPrefixes); ++prefix) number /= 1000;
    return prefix;
}
std::string scaled(double number, std::size_t prefix) {
    char text[64];
    std::snprintf(text, sizeof text, "%.4g", number / std::pow(1000, static_cast<double>(prefix)));
    return text;
}

}  // namespace

std::string time_text(UnixMs ms) {
    const std::time_t seconds = ms / 1000;
    std::tm parts{};
    char text[32];
    gmtime_r(&seconds, &parts);
    return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::string number_text(double number) {
    char text[32];
    return {text, std::to_chars(text, text + sizeof text, number).ptr};
}

std::string rate_text(double hps) {
    const std::size_t prefix = prefix_of(hps);
    return scaled(hps, prefix) + " " + kPrefixes[prefix] + "H/s";
}

std::string rate_text(const HashRate& rate) {
    if (!rate.high_hps) return rate_text(rate.hps);
    const std::size_t prefix = prefix_of(rate.hps);
    return rate_text(rate.hps) + " (" + scaled(rate.low_hps, prefix) + " to " +
           scaled(*rate.high_hps, prefix) + ")";
}

std::string whole_characters(std::string text, std::size_t size_max) {
    if (text.size() <= size_max) return text;
    std::size_t size = size_max;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
    text.resize(size);
    return text;
}

std::string sparkline(std::span<const double> values) {
    static constexpr const char* kBars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    const double greatest = values.empty() ? 0 : *std::ranges::max_element(values);
    std::string out;
    for (const double value : values) {
        if (value < 0) {
            out += ' ';
            continue;
        }
        const double part = greatest > 0 ? value / greatest : 0;
        out += kBars[std::min<std::size_t>(static_cast<std::size_t>(part * 8), 7)];
    }
    return out;
}

std::string csv_text(std::string_view text) {
    std::string out;
    const bool is_formula =
        !text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos;
    if (is_formula) out += '\'';
    out += text;
    if (out.find_first_of("\",\r\n") == std::string::npos) return out;
    std::string quoted = "\"";
    for (const char c : out) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + '"';
}

}  // namespace hp::stats
