// Log lines to stderr or a file; stdout is for data.
//
// A line has the configured format (log/line.hpp), its level and its module. Nothing waits for the reader: a
// thread writes (log/output.hpp), and lines that do not fit its queue are dropped and counted. A line below
// the level costs one array lookup: nothing is formatted. Secrets have types that cannot be formatted
// (crypto::SecretKey, crypto::SecretText).
#pragma once
#include <fmt/core.h>

#include <atomic>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/result.hpp"
#include "log/budgets.hpp"
#include "log/levels.hpp"
#include "log/line.hpp"

namespace hp::log {

/// `program` is part of every line. Empty `file`: stderr. Before open(), lines of level info and above go to
/// stderr under the name "hashpool".
Result<> open(std::string_view program, const Levels& levels, const std::string& file = {},
              Format format = Format::text);
/// SIGHUP: reopens the file (after a rename by logrotate). If that fails, lines continue to go to the old
/// file and the next line says so.
void reopen();
/// Sets the levels until the next call. Like toggle_debug(), from one thread only.
void set_levels(const Levels& levels);
/// SIGUSR1: debug for all modules; the next call restores the levels of set_levels().
void toggle_debug();
/// Writes the counts of repeated lines that are due (log/repeats.hpp). Event loops call it now and then; the
/// rest is written at exit.
void tell_repeats();
/// Lines lost since the start: the disk was full, or the reader had stopped and the queue was full.
std::uint64_t dropped_lines();
/// Waits until all lines so far are written, as exit does too. False: not all were after `limit_ms`.
bool drain(std::int64_t limit_ms);

namespace detail {
struct Thresholds {
    std::atomic<Level> of[std::size(kModules)];
    Thresholds() {
        for (auto& level : of) level = Level::info;
    }
};
inline Thresholds thresholds;
/// Safe from any thread.
void write(Level level, Module module, std::string_view text);
}  // namespace detail

/// A format string checked by the compiler against its arguments, and the module of the caller.
template <class... Args>
struct BasicMessage {
    template <std::convertible_to<fmt::string_view> Text>
    consteval BasicMessage(const Text& text, const char* source = __builtin_FILE())  // NOLINT: as std::format
        : format{text}, module{module_of(source)} {}
    fmt::format_string<Args...> format;
    Module module;
};
template <class... Args>
using Message = BasicMessage<std::type_identity_t<Args>...>;

inline bool enabled(Level level, Module module) {
    return level >= detail::thresholds.of[static_cast<std::size_t>(module)].load(std::memory_order_relaxed);
}

template <class... Args>
void log(Level level, Message<Args...> message, Args&&... args) {
    if (enabled(level, message.module))
        detail::write(level, message.module, fmt::format(message.format, std::forward<Args>(args)...));
}
template <class... Args>
void debug(Message<Args...> message, Args&&... args) {
    log<Args...>(Level::debug, message, std::forward<Args>(args)...);
}
template <class... Args>
void info(Message<Args...> message, Args&&... args) {
    log<Args...>(Level::info, message, std::forward<Args>(args)...);
}
template <class... Args>
void warn(Message<Args...> message, Args&&... args) {
    log<Args...>(Level::warn, message, std::forward<Args>(args)...);
}
template <class... Args>
void error(Message<Args...> message, Args&&... args) {
    log<Args...>(Level::error, message, std::forward<Args>(args)...);
}

/// At most one line a second, for what peers can provoke with differing texts; the next line says how many
/// were suppressed. An object belongs to one thread.
class Limited {
  public:
    explicit Limited(Level level) : level_{level} {}
    template <class... Args>
    void operator()(Message<Args...> message, Args&&... args) {
        about<Args...>({}, message, std::forward<Args>(args)...);
    }
    /// One line a second per peer. Of "HOST:PORT" the host counts: a new port is free.
    template <class... Args>
    void about(std::string_view peer, Message<Args...> message, Args&&... args) {
        if (!enabled(level_, message.module)) return;
        if (const auto left_out = admit(peer))
            write_counted(message.module, fmt::format(message.format, std::forward<Args>(args)...),
                          *left_out);
    }

  private:
    std::optional<std::uint64_t> admit(std::string_view peer);
    void write_counted(Module module, std::string text, std::uint64_t left_out);
    Level level_;
    Budgets budgets_;
};

}  // namespace hp::log
