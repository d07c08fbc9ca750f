#include "log/line.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace {

using namespace hp;

constexpr UnixMs kMoment = 1'769'860'800'007;

log::Line line_of(std::string_view text) {
    return {kMoment, log::Level::warn, "hp-own", *log::module_from_text("net"), text};
}
std::string shown(std::string_view text, log::Format format, log::Reader reader = log::Reader::file) {
    return log::to_text(line_of(text), format, reader);
}
constexpr log::Format kFormats[] = {log::Format::text, log::Format::json, log::Format::logfmt};
constexpr log::Reader kReaders[] = {log::Reader::file, log::Reader::terminal, log::Reader::journal};

/// What a peer may send: ends of lines, terminal codes, a whole forged line of each format, marks that turn
/// the direction, bytes that are not UTF-8.
constexpr std::string_view kHostile[] = {
    "a\nb",
    "a\r\nb",
    "\x1b[2J\x1b]0;owned\x07",
    std::string_view{"nul\0nul", 7},
    "\x7f\x08\x08\x08",
    "x\n2026-01-01T00:00:00.000Z error hp-own: forged",
    "\"}\n{\"ts\":\"2026\",\"level\":\"error\",\"msg\":\"forged\"}",
    "\" level=error msg=\"forged\nts=2026",
    "\n<0>forged",
    "\u202Eoverride \u2028line\u2029paragraph \u0085next \u009Bcsi \uFEFF \u200B",
    "\xff\xfe\x80 \xc0\x8a \xed\xa0\x80 \xf4\x90\x80\x80",
    "",
};

}  // namespace

TEST_CASE("a line as text, JSON and logfmt") {
    CHECK(shown("peer \"a\"", log::Format::text) ==
          "2026-01-31T12:00:00.007Z warn  hp-own net: peer \"a\"\n");
    CHECK(
        shown("peer \"a\"", log::Format::json) ==
        R"({"ts":"2026-01-31T12:00:00.007Z","level":"warn","program":"hp-own","module":"net","msg":"peer \"a\""})"
        "\n");
    CHECK(shown("peer \"a\"", log::Format::logfmt) ==
          "ts=2026-01-31T12:00:00.007Z level=warn program=hp-own module=net msg=\"peer \\\"a\\\"\"\n");
    CHECK(shown("a", log::Format::text, log::Reader::terminal) ==
          "2026-01-31T12:00:00.007Z \x1b[33m\x1b[1mwarn \x1b[m hp-own net: a\n");
}

TEST_CASE("repeats are counted in each format") {
    auto line = line_of("again");
    line.repeated = 7;
    CHECK(log::to_text(line, log::Format::text, log::Reader::journal) ==
          "<4>net: again (repeated 7 times)\n");
    CHECK(log::to_text(line, log::Format::json, log::Reader::file)
              .ends_with(R"("msg":"again","repeated":7})"
                         "\n"));
    CHECK(log::to_text(line, log::Format::logfmt, log::Reader::file).ends_with("msg=\"again\" repeated=7\n"));
}

TEST_CASE("the journal gets the priorities of sd-daemon(3)") {
    std::string priorities;
    for (const auto level :
         {log::Level::trace, log::Level::debug, log::Level::info, log::Level::warn, log::Level::error})
        priorities +=
            log::to_text({kMoment, level, "hp-own", {}, "x"}, log::Format::text, log::Reader::journal);
    CHECK(priorities == "<7>x\n<7>x\n<6>x\n<4>x\n<3>x\n");
    CHECK(shown("x", log::Format::json, log::Reader::journal).starts_with("<4>{\"ts\":"));
}

TEST_CASE("AC-021 AC-049 AC-132 a peer's text makes one line in every format, and shows what it was") {
    for (const auto hostile : kHostile) {
        for (const auto format : kFormats) {
            for (const auto reader : kReaders) {
                const auto line = shown(hostile, format, reader);
                REQUIRE(line.ends_with('\n'));
                const bool has_colours = reader == log::Reader::terminal && format == log::Format::text;
                CHECK(std::count(line.begin(), line.end(), '\x1b') == (has_colours ? 3 : 0));
                CHECK(std::all_of(line.begin(), line.end() - 1,
                                  [](char c) { return (c >= ' ' && c < '\x7f') || c == '\x1b'; }));
            }
        }
        const auto object = nlohmann::json::parse(shown(hostile, log::Format::json));
        CHECK(object.size() == 5);
        CHECK(object["level"] == "warn");
        CHECK(object["msg"] == log::one_line(hostile));
    }
    CHECK(log::one_line("a\n\t\x1b\x7f\xff"
                        "b") == "a\\n\\t\\x1b\\x7f\\xffb");
    CHECK(log::one_line("\u202E\u009B\uFEFF") == "\\u{202e}\\u{009b}\\u{feff}");
    CHECK(log::one_line("/srv/Münze") == "/srv/Münze");
}

TEST_CASE("AC-038 AC-129 a long text is shortened, visibly") {
    CHECK(log::shortened(std::string(log::kTextBytesMax, 'x')) == std::string(log::kTextBytesMax, 'x'));
    const auto cut = log::shortened(std::string(1 << 20, 'x'));
    CHECK(cut == std::string(log::kTextBytesMax, 'x') + "... (1048576 bytes)");
}
