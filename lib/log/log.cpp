#include "log/log.hpp"

#include <fmt/format.h>

#include <cstdlib>

#include "base/clock.hpp"
#include "log/output.hpp"

namespace hp::log {
namespace {

/// Never destroyed: other destructors may still log.
Output& output() {
    static Output& only = *[] {
        auto* made = new Output;
        std::atexit([] { output().finish(); });
        return made;
    }();
    return only;
}

Levels given_levels{Level::info};
bool is_debug_toggled = false;

void apply(const Levels& levels) {
    for (std::size_t i = 0; i < levels.of.size(); ++i)
        detail::thresholds.of[i].store(levels.of[i], std::memory_order_relaxed);
}

}  // namespace

Result<> open(std::string_view program, const Levels& levels, const std::string& file, Format format) {
    HP_DO(output().open(program, file, format));
    set_levels(levels);
    return {};
}

void reopen() {
    if (const auto opened = output().reopen(); !opened) error("{}; keeping the old one", opened.error().what);
}

void set_levels(const Levels& levels) {
    given_levels = levels;
    is_debug_toggled = false;
    apply(levels);
}

void toggle_debug() {
    if (!is_debug_toggled) apply(Level::debug);
    info("SIGUSR1: log_level {}", is_debug_toggled ? "as before" : "debug until the next SIGUSR1");
    if (is_debug_toggled) apply(given_levels);
    is_debug_toggled = !is_debug_toggled;
}

void tell_repeats() { output().tell_repeats(); }

std::uint64_t dropped_lines() { return output().dropped(); }

bool drain(std::int64_t limit_ms) { return output().drain(limit_ms); }

void detail::write(Level level, Module module, std::string_view text) { output().take(level, module, text); }

std::optional<std::uint64_t> Limited::admit(std::string_view peer) {
    return budgets_.take(peer.substr(0, peer.rfind(':')), steady_ms_now());
}

void Limited::write_counted(Module module, std::string text, std::uint64_t left_out) {
    if (left_out > 0) text += fmt::format(" (suppressed {} lines like this)", left_out);
    detail::write(level_, module, text);
}

}  // namespace hp::log
