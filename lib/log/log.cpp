#include "log/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include <atomic>
#include <memory>
#include <mutex>

#include "base/clock.hpp"

namespace hp::log {
namespace {

spdlog::level::level_enum to_spdlog(Level level) {
    switch (level) {
        case Level::trace:
            return spdlog::level::trace;
        case Level::debug:
            return spdlog::level::debug;
        case Level::info:
            return spdlog::level::info;
        case Level::warn:
            return spdlog::level::warn;
        case Level::error:
            return spdlog::level::err;
    }
    return spdlog::level::info;
}

/// spdlog says "warning"; our words are the ones that --log-level takes, padded to five letters.
class LevelWord final : public spdlog::custom_flag_formatter {
  public:
    void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
        static constexpr std::string_view words[] = {"trace", "debug", "info ", "warn ", "error"};
        const auto index = static_cast<std::size_t>(message.level);
        const std::string_view word = index < std::size(words) ? words[index] : "error";
        out.append(word.data(), word.data() + word.size());
    }
    std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<LevelWord>(); }
};

struct State {
    std::mutex mutex;  ///< guards the three below
    std::shared_ptr<spdlog::logger> logger;
    std::string program{"hashpool"};
    std::string file;
    std::atomic<int> level{static_cast<int>(Level::info)};
    std::atomic<std::uint64_t> dropped{0};
};
State& state() {
    static State only;
    return only;
}

/// Throws spdlog_ex when the file cannot be opened.
std::shared_ptr<spdlog::logger> make_logger(const std::string& program, const std::string& file) {
    std::shared_ptr<spdlog::sinks::sink> sink;
    if (file.empty()) {
        sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>(spdlog::color_mode::automatic);
    } else {
        sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file);
    }
    auto formatter =
        std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc, std::string("\n"));
    formatter->add_flag<LevelWord>('*').set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%*%$ %n: %v");
    auto logger = std::make_shared<spdlog::logger>(program, std::move(sink));
    logger->set_formatter(std::move(formatter));
    logger->set_level(spdlog::level::trace);  // enabled() decides, before anything is formatted
    logger->flush_on(spdlog::level::trace);
    logger->set_error_handler([](const std::string&) { ++state().dropped; });
    return logger;
}

std::shared_ptr<spdlog::logger> current() {
    auto& s = state();
    std::lock_guard lock{s.mutex};
    if (!s.logger) s.logger = make_logger(s.program, "");
    return s.logger;
}

}  // namespace

Result<> open(std::string_view program, Level level, const std::string& file) {
    auto& s = state();
    s.level = static_cast<int>(level);
    try {
        std::lock_guard lock{s.mutex};
        s.program = std::string(program);
        s.logger = make_logger(s.program, file);
        s.file = file;
    } catch (const spdlog::spdlog_ex& e) {
        return fail(Errc::io, fmt::format("cannot open the log file '{}': {}", file, e.what()),
                    "does its directory exist, and may this user write there?");
    }
    return {};
}

void reopen() {
    auto& s = state();
    std::string problem;
    {
        std::lock_guard lock{s.mutex};
        if (s.file.empty()) return;
        try {
            s.logger = make_logger(s.program, s.file);
        } catch (const spdlog::spdlog_ex& e) {
            problem = e.what();
        }
    }
    if (!problem.empty()) error("cannot open the log file again, going on with the old one: {}", problem);
}

Result<Level> level_from_text(std::string_view text) {
    if (text == "trace") return Level::trace;
    if (text == "debug") return Level::debug;
    if (text == "info") return Level::info;
    if (text == "warn") return Level::warn;
    if (text == "error") return Level::error;
    return fail(Errc::usage,
                fmt::format("log level '{}' is unknown, allowed: trace, debug, info, warn, error",
                            one_line(text.substr(0, 40))));
}

bool enabled(Level level) { return static_cast<int>(level) >= state().level.load(std::memory_order_relaxed); }

void write(Level level, std::string_view line) {
    const std::string text = one_line(line);
    current()->log(to_spdlog(level), spdlog::string_view_t(text.data(), text.size()));
}

std::uint64_t dropped_lines() { return state().dropped.load(); }

std::string one_line(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '\n') {
            out += "\\n";
        } else if (c == '\t') {
            out += "\\t";
        } else if (byte < 0x20 || byte == 0x7f) {
            out += fmt::format("\\x{:02x}", byte);
        } else {
            out += c;
        }
    }
    return out;
}

bool Limited::admit() {
    if (!enabled(level_)) return false;
    const SteadyMs now = steady_ms_now();
    if (now - last_ms_ < 1000) {
        ++suppressed_;
        return false;
    }
    last_ms_ = now;
    return true;
}

void Limited::write_counted(std::string line) {
    if (suppressed_ > 0) line += fmt::format(" (suppressed {} lines like this)", suppressed_);
    suppressed_ = 0;
    write(level_, line);
}

}  // namespace hp::log
