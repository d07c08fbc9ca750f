#include "log/log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <system_error>

#include "base/clock.hpp"
#include "log/repeats.hpp"

namespace hp::log {
namespace {

/// systemd names the socket behind our stderr by device and inode; a redirection since then makes it another.
bool stderr_is_journal() {
    const char* named = std::getenv("JOURNAL_STREAM");
    struct stat info {};
    return named && ::fstat(STDERR_FILENO, &info) == 0 &&
           fmt::format("{}:{}", info.st_dev, info.st_ino) == named;
}

Reader reader_of_stderr() {
    if (stderr_is_journal()) return Reader::journal;
    const char* terminal = std::getenv("TERM");
    const bool has_colours = ::isatty(STDERR_FILENO) == 1 && terminal &&
                             std::string_view{terminal} != "dumb" && !std::getenv("NO_COLOR");
    return has_colours ? Reader::terminal : Reader::file;
}

int open_file(const std::string& path) {
    return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
}

class Output {
  public:
    ~Output() {
        write_all(repeats_.rest());
        close();
    }

    Result<> open(std::string_view program, const std::string& file, Format format) {
        const std::lock_guard lock{mutex_};
        const int fd = file.empty() ? STDERR_FILENO : open_file(file);
        if (fd < 0)
            return fail(Errc::io,
                        fmt::format("cannot open the log file '{}': {}", file,
                                    std::generic_category().message(errno)),
                        "does its directory exist, and may this user write there?");
        write_all(repeats_.rest());
        use(fd);
        program_ = program;
        file_ = file;
        format_ = format;
        reader_ = file.empty() ? reader_of_stderr() : Reader::file;
        return {};
    }
    /// Empty, or why the old file is still in use.
    std::string reopen() {
        const std::lock_guard lock{mutex_};
        if (file_.empty()) return {};
        const int fd = open_file(file_);
        if (fd < 0) return std::generic_category().message(errno);
        use(fd);
        return {};
    }
    void take(Level level, Module module, std::string_view text) {
        const std::lock_guard lock{mutex_};
        write_all(repeats_.take(module, level, shortened(text), steady_ms_now()));
    }
    void tell_repeats() {
        const std::lock_guard lock{mutex_};
        write_all(repeats_.due(steady_ms_now()));
    }
    std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

  private:
    void close() {
        if (fd_ != STDERR_FILENO) ::close(fd_);
    }
    void use(int fd) {
        close();
        fd_ = fd;
        is_torn_ = false;
    }
    void write_all(const std::vector<Repeats::Said>& lines) {
        for (const auto& said : lines)
            write(to_text({unix_ms_now(), said.level, program_, said.module, said.text, said.repeated},
                          format_, reader_));
    }
    void write(std::string line) {
        // A disk that filled up in the middle of a line must not glue the next one to it.
        if (is_torn_) line.insert(line.begin(), '\n');
        ssize_t put;
        do put = ::write(fd_, line.data(), line.size());
        while (put < 0 && errno == EINTR);
        if (put == static_cast<ssize_t>(line.size())) {
            is_torn_ = false;
            return;
        }
        if (put > 0) is_torn_ = true;
        dropped_.fetch_add(1, std::memory_order_relaxed);
    }

    std::mutex mutex_;  ///< guards all but the count
    int fd_{STDERR_FILENO};
    std::string program_{"hashpool"}, file_;
    Format format_{Format::text};
    Reader reader_{reader_of_stderr()};
    Repeats repeats_;
    bool is_torn_{false};
    std::atomic<std::uint64_t> dropped_{0};
};

Output& output() {
    static Output only;
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
    if (const auto problem = output().reopen(); !problem.empty())
        error("cannot open the log file again, going on with the old one: {}", problem);
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

void detail::write(Level level, Module module, std::string_view text) { output().take(level, module, text); }

std::optional<std::uint64_t> Limited::admit(std::string_view peer) {
    return budgets_.take(peer.substr(0, peer.rfind(':')), steady_ms_now());
}

void Limited::write_counted(Module module, std::string text, std::uint64_t left_out) {
    if (left_out > 0) text += fmt::format(" (suppressed {} lines like this)", left_out);
    detail::write(level_, module, text);
}

}  // namespace hp::log
