// A program's log: where it goes and what it keeps, by its file, variables and flags, and again at SIGHUP.
#include "cli/command.hpp"
#include "cli/variables.hpp"
#include "log/log.hpp"

namespace hp::cli {

/// If the file's log_file is ignored, a flag or variable still counts.
std::string Command::log_file() const {
    if (log_ == &flag_log_) return flag_log_.file;
    const auto& all = shown();
    const bool is_given = std::any_of(all.begin(), all.end(), [](const config::Shown& one) {
        return one.key == "log_file" && (one.origin == "--log-file" || one.origin == "HP_LOG_FILE");
    });
    return is_given || !called_ || called_->verb.is_service ? resolve(log_->file) : std::string{};
}

Result<> Command::open_log() {
    const auto or_variable = [](std::string& value, const char* name, const char* otherwise) -> Result<> {
        if (!value.empty()) return {};
        HP_TRY(const auto set, variable(name));
        value = set.value_or(otherwise);
        return {};
    };
    if (log_ == &flag_log_) {
        HP_DO(or_variable(flag_log_.level, "HP_LOG_LEVEL", "info"));
        HP_DO(or_variable(flag_log_.file, "HP_LOG_FILE", ""));
        HP_DO(or_variable(flag_log_.format, "HP_LOG_FORMAT", "text"));
    }
    HP_TRY(const auto levels, log::levels_from_text(log_->level));
    HP_TRY(const auto format, log::format_from_text(log_->format));
    HP_DO(log::open(about_.name, levels, log_file(), format));
    logs_to_file_ = !log_file().empty();
    return {};
}

void Command::reload_log() const {
    log::reopen();
    if (!reread_log_) return log::info("SIGHUP: log reopened");
    const auto loader = make_loader();
    const auto fresh = reread_log_(*loader);
    if (const auto& problems = loader->problems(); !problems.empty()) {
        log::error("log_level unchanged, the configuration has {} problems, the first: {}", problems.size(),
                   problems.front().text());
        return;
    }
    const auto levels = log::levels_from_text(fresh.level);
    if (!levels) return log::error("log_level unchanged: {}", levels.error().what);
    log::set_levels(*levels);
    log::info("SIGHUP: log reopened, log_level {}", fresh.level);
}

}  // namespace hp::cli
