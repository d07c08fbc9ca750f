// A log line as text, JSON or logfmt: one line in every format, whatever a peer has put into its text.
#pragma once
#include <string>

#include "base/clock.hpp"
#include "log/levels.hpp"

namespace hp::log {

enum class Format { text, json, logfmt };

Result<Format> format_from_text(std::string_view text);

inline constexpr std::size_t kTextBytesMax = 4096;
/// Truncated to kTextBytesMax, with its full length appended.
std::string shortened(std::string_view text);

struct Line {
    UnixMs ts_ms{};
    Level level{};
    std::string_view program;
    Module module{};
    std::string_view text;
    std::uint64_t repeated{0};  ///< more than 0: how often this text was repeated
};

/// Where lines go: a terminal shows colours; the journal reads the priority prefix (sd-daemon(3)) and knows
/// time and program itself, so the text format omits them there.
enum class Reader { file, terminal, journal };

/// With the newline at its end.
std::string to_text(const Line& line, Format format, Reader reader);

/// The text with what could end or disguise a line escaped: control characters as \n, \t or \xNN, characters
/// that turn the direction or are invisible as \u{NNNN}, bytes that are not UTF-8 as \xNN.
std::string one_line(std::string_view text);

}  // namespace hp::log
