// Log lines to stderr or a file; stdout is for data. spdlog stays inside log.cpp.
//
// A line is "2026-01-31T12:00:00.000Z info  hp-pool: text": UTC, level, program. Control characters in the
// text are escaped, so that no peer can forge a line. Colour only where stderr is a terminal.
#pragma once
#include <fmt/core.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace hp::log {

enum class Level { trace, debug, info, warn, error };

/// `program` stands in every line. Empty `file`: stderr. Lines to a file are flushed at once. Before open(),
/// lines of level info and above go to stderr under the name "hashpool".
Result<> open(std::string_view program, Level level, const std::string& file = {});
/// SIGHUP: closes and opens the file again (after a rename by logrotate). When that fails, lines go on into
/// the old file and the next line says so.
void reopen();
/// "trace", "debug", "info", "warn" or "error".
Result<Level> level_from_text(std::string_view text);
bool enabled(Level level);
/// Safe from any thread. A line that cannot be written (disk full) is dropped and counted, never waited for.
void write(Level level, std::string_view line);
/// Lines that could not be written since the start.
std::uint64_t dropped_lines();
/// The text with control characters (0x00 to 0x1f, 0x7f) as \n, \t or \xNN.
std::string one_line(std::string_view text);

template <class... Args>
void log(Level level, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(level)) write(level, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
    log(Level::debug, format, std::forward<Args>(args)...);
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
    log(Level::info, format, std::forward<Args>(args)...);
}
template <class... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
    log(Level::warn, format, std::forward<Args>(args)...);
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
    log(Level::error, format, std::forward<Args>(args)...);
}

/// At most one line a second for what a peer can provoke; the next line says how many were suppressed. One
/// object belongs to one thread.
class Limited {
  public:
    explicit Limited(Level level) : level_{level} {}
    template <class... Args>
    void operator()(fmt::format_string<Args...> format, Args&&... args) {
        if (admit()) write_counted(fmt::format(format, std::forward<Args>(args)...));
    }

  private:
    bool admit();
    void write_counted(std::string line);
    Level level_;
    long long last_ms_{-1000000};
    unsigned long suppressed_{0};
};

}  // namespace hp::log
