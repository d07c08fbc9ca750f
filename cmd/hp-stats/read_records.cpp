// hp-stats ingest of a file or pipe: records in, commits in groups, for as long as records come.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/bytes.hpp"
#include "ingest.hpp"
#include "intake.hpp"

namespace hp::hp_stats {
namespace {

constexpr std::size_t kReadBytes = 256 * 1024;
/// How much is still read from a pipe after SIGTERM: as much as the writer may have queued.
constexpr std::size_t kLeftBytesMax = 8u << 20;
constexpr int kPipeBytes = 1 << 20;

volatile std::sig_atomic_t stop_asked = 0;
volatile std::sig_atomic_t reopen_asked = 0;
volatile std::sig_atomic_t debug_asked = 0;

/// Signals are unblocked only while waiting for input, so none is missed between a check and a wait.
sigset_t take_signals() {
    struct sigaction action {};
    action.sa_handler = [](int) { stop_asked = 1; };
    ::sigaction(SIGTERM, &action, nullptr);
    ::sigaction(SIGINT, &action, nullptr);
    action.sa_handler = [](int) { reopen_asked = 1; };
    ::sigaction(SIGHUP, &action, nullptr);
    action.sa_handler = [](int) { debug_asked = 1; };
    ::sigaction(SIGUSR1, &action, nullptr);
    sigset_t ours, before;
    sigemptyset(&ours);
    for (int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaddset(&ours, signal);
    ::sigprocmask(SIG_BLOCK, &ours, &before);
    return before;
}

class Reading {
  public:
    Reading(stats::Series series, const IntoDatabase& into, int input, std::function<void()> on_hangup)
        : intake_{std::move(series), into.database, into.wal_alarm_bytes},
          input_{input},
          on_hangup_{std::move(on_hangup)} {}

    Result<> run(const std::string& from, const std::string& into) {
        const sigset_t while_waiting = take_signals();
        log::info("records from {} into '{}'", from, into);
        net::sd_notify("READY=1");
        while (!is_at_end_ && !stop_asked) {
            HP_TRY(const bool has_input, wait(while_waiting));
            if (has_input) HP_DO(read_some());
            HP_DO(commit_when_due());
            tell_systemd();
        }
        if (stop_asked) HP_DO(take_what_is_left());
        reader_.finish();
        take_records();
        // The writer is gone, and nobody else has these records.
        while (!stop_asked) {
            HP_DO(intake_.commit());
            if (!intake_.is_waiting()) break;
            due_ms_ = steady_ms_now() + kTryAgainMs;
            HP_DO(wait(while_waiting));
            tell_systemd();
        }
        return intake_.finish();
    }

  private:
    /// Whether there is input (or its end); false if a commit or a status is due.
    Result<bool> wait(const sigset_t& mask) {
        if (reopen_asked) {
            reopen_asked = 0;
            on_hangup_();
        }
        if (debug_asked) {
            debug_asked = 0;
            log::toggle_debug();
        }
        // Unread records stay with their writer.
        pollfd waiting{is_at_end_ || intake_.takes_no_more() ? -1 : input_, POLLIN, 0};
        const SteadyMs next = intake_.is_empty() ? tell_ms_ : std::min(due_ms_, tell_ms_);
        const SteadyMs left = std::max<SteadyMs>(next - steady_ms_now(), 0);
        const timespec limit{left / 1000, left % 1000 * 1'000'000};
        const int ready = ::ppoll(&waiting, 1, &limit, &mask);
        if (ready < 0 && errno != EINTR)
            return fail(Errc::io, std::string("cannot wait for input: ") + std::strerror(errno));
        return ready > 0;
    }

    Result<> read_some() {
        const ssize_t got = ::read(input_, buffer_.data(), buffer_.size());
        // The input may have been passed to us as non-blocking.
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return {};
        if (got < 0) return fail(Errc::io, std::string("cannot read the records: ") + std::strerror(errno));
        if (intake_.is_empty()) due_ms_ = steady_ms_now() + kCommitAfterMs;
        reader_.feed(std::string_view(buffer_.data(), static_cast<std::size_t>(got)));
        read_bytes_ += static_cast<std::size_t>(got);
        is_at_end_ = got == 0;
        take_records();
        return {};
    }

    /// In a pipeline the writer gets the signal too, and its last records may be in flight.
    Result<> take_what_is_left() {
        for (const std::uint64_t limit = read_bytes_ + kLeftBytesMax; !is_at_end_ && read_bytes_ < limit;) {
            pollfd waiting{input_, POLLIN, 0};
            if (::poll(&waiting, 1, 0) <= 0) break;
            HP_DO(read_some());
        }
        return {};
    }

    void take_records() {
        while (const auto record = reader_.next()) intake_.add(*record, {});
    }

    void tell_systemd() {
        if (steady_ms_now() < tell_ms_) return;
        tell_ms_ = steady_ms_now() + tell_period_ms_;
        if (watchdog_period_ms_ > 0) net::sd_notify("WATCHDOG=1");
        intake_.tell_status();
        log::tell_repeats();
    }

    Result<> commit_when_due() {
        const bool is_due = steady_ms_now() >= due_ms_ || (intake_.is_full() && !intake_.is_waiting());
        if (intake_.is_empty() || !is_due) return {};
        HP_DO(intake_.commit());
        due_ms_ = steady_ms_now() + (intake_.is_waiting() ? kTryAgainMs : kCommitAfterMs);
        return {};
    }

    Intake intake_;
    int input_;
    std::function<void()> on_hangup_;
    wire::RecordReader reader_;
    bool is_at_end_{false};
    std::uint64_t read_bytes_{0};
    SteadyMs due_ms_{0};
    const SteadyMs watchdog_period_ms_{net::sd_watchdog_period_ms()};
    const SteadyMs tell_period_ms_{watchdog_period_ms_ > 0 ? std::min(watchdog_period_ms_, kStatusMs)
                                                           : kStatusMs};
    SteadyMs tell_ms_{0};
    std::array<char, kReadBytes> buffer_;
};

}  // namespace

Result<> read_records(const IntoDatabase& into, const std::string& input, std::function<void()> on_hangup) {
    HP_TRY(auto series, stats::Series::open(into.database, into.retention));
    int fd = STDIN_FILENO;
    if (input != "-") {
        fd = ::open(input.c_str(), O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            return fail(Errc::io, "cannot open '" + printable(input, 4096) + "': " + std::strerror(errno));
    }
    // A larger pipe bridges a commit; failure (files, or a lower limit) does not matter.
    (void)::fcntl(fd, F_SETPIPE_SZ, kPipeBytes);
    const auto reading = std::make_unique<Reading>(std::move(series), into, fd, std::move(on_hangup));
    auto result = reading->run(input == "-" ? "stdin" : "'" + input + "'", into.database);
    if (fd != STDIN_FILENO) ::close(fd);
    return result;
}

}  // namespace hp::hp_stats
