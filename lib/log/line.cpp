#include "log/line.hpp"

#include <fmt/chrono.h>

#include "base/bytes.hpp"
#include "base/json_text.hpp"
#include "base/utf8.hpp"

namespace hp::log {
namespace {

std::string time_text(UnixMs ts_ms) {
    const auto ms = std::chrono::milliseconds{ts_ms};
    const auto whole_s = std::chrono::floor<std::chrono::seconds>(ms);
    return fmt::format("{:%FT%T}.{:03}Z", fmt::gmtime(static_cast<std::time_t>(whole_s.count())),
                       (ms - whole_s).count());
}

/// syslog(3): debug 7, info 6, warning 4, err 3.
char priority(Level level) { return "77643"[static_cast<std::size_t>(level)]; }

std::string_view colour(Level level) {
    static constexpr std::string_view kColours[] = {"\x1b[37m", "\x1b[36m", "\x1b[32m", "\x1b[33m\x1b[1m",
                                                    "\x1b[31m\x1b[1m"};
    return kColours[static_cast<std::size_t>(level)];
}

bool is_invisible_or_turns(char32_t point) {
    return (point >= 0x80 && point < 0xa0) || point == 0xad || point == 0x61c ||
           (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
           (point >= 0x2060 && point <= 0x206f) || point == 0xfeff;
}

std::string plain(const Line& line, Reader reader) {
    std::string out;
    const bool has_module = line.module != Module{};
    if (reader == Reader::journal) {
        if (has_module) out = fmt::format("{}: ", name_of(line.module));
    } else {
        const bool in_colour = reader == Reader::terminal;
        out = fmt::format("{} {}{:<5}{} {}{}{}: ", time_text(line.ts_ms), in_colour ? colour(line.level) : "",
                          name_of(line.level), in_colour ? "\x1b[m" : "", line.program, has_module ? " " : "",
                          has_module ? name_of(line.module) : "");
    }
    out += one_line(line.text);
    if (line.repeated > 0) out += fmt::format(" (repeated {} times)", line.repeated);
    return out;
}

std::string json(const Line& line) {
    std::string out =
        fmt::format(R"({{"ts":"{}","level":"{}","program":)", time_text(line.ts_ms), name_of(line.level));
    append_json_string(out, line.program);
    out += fmt::format(R"(,"module":"{}","msg":)", name_of(line.module));
    append_json_string(out, one_line(line.text));
    if (line.repeated > 0) out += fmt::format(R"(,"repeated":{})", line.repeated);
    return out + "}";
}

std::string logfmt(const Line& line) {
    std::string out = fmt::format("ts={} level={} program={} module={} msg=", time_text(line.ts_ms),
                                  name_of(line.level), line.program, name_of(line.module));
    append_json_string(out, one_line(line.text));
    if (line.repeated > 0) out += fmt::format(" repeated={}", line.repeated);
    return out;
}

}  // namespace

Result<Format> format_from_text(std::string_view text) {
    if (text == "text") return Format::text;
    if (text == "json") return Format::json;
    if (text == "logfmt") return Format::logfmt;
    return fail(Errc::usage,
                fmt::format("log format '{}' is unknown, allowed: text, json, logfmt", printable(text, 40)));
}

std::string shortened(std::string_view text) {
    if (text.size() <= kTextBytesMax) return std::string(text);
    return fmt::format("{}... ({} bytes)", text.substr(0, kTextBytesMax), text.size());
}

std::string to_text(const Line& line, Format format, Reader reader) {
    std::string out;
    if (reader == Reader::journal) out = {'<', priority(line.level), '>'};
    switch (format) {
        case Format::text:
            out += plain(line, reader);
            break;
        case Format::json:
            out += json(line);
            break;
        case Format::logfmt:
            out += logfmt(line);
            break;
    }
    return out + '\n';
}

std::string one_line(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto rest = text;
        const auto point = take_code_point(text);
        const auto bytes = rest.substr(0, rest.size() - text.size());
        if (point == '\n') {
            out += "\\n";
        } else if (point == '\t') {
            out += "\\t";
        } else if (!point || *point < 0x20 || *point == 0x7f) {
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(bytes[0]));
        } else if (is_invisible_or_turns(*point)) {
            out += fmt::format("\\u{{{:04x}}}", static_cast<std::uint32_t>(*point));
        } else {
            out += bytes;
        }
    }
    return out;
}

}  // namespace hp::log
