#include "log/output.hpp"

#include <signal.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/base_sink.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <utility>

#include "log/repeats.hpp"
#include "log/stream.hpp"

namespace hp::log {
namespace {

constexpr std::int64_t kFinishMs = 1000;
/// A mark that was overwritten in the queue is set again.
constexpr std::chrono::milliseconds kSetAgain{50};

/// systemd identifies our stderr's socket by device and inode; they differ if stderr was redirected since.
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

/// The thread blocks all signals: the event loops wait for them.
std::shared_ptr<spdlog::details::thread_pool> make_pool() {
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    auto pool = std::make_shared<spdlog::details::thread_pool>(kQueuedLinesMax, 1);
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return pool;
}

}  // namespace

/// Runs on the pool's thread.
class Output::Sink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
  public:
    Sink(Output& output, Stream stream, Reader reader, std::string program, Format format)
        : output_{output},
          stream_{std::move(stream)},
          reader_{reader},
          program_{std::move(program)},
          format_{format} {}
    ~Sink() override { end(); }
    /// All its lines are in the queue before those of this one, so it ends with the first of these. (An
    /// overwritten message keeps its logger until its slot is reused.)
    void follows(std::shared_ptr<Sink> previous) { previous_ = std::move(previous); }

  private:
    void end() {
        end_previous();
        if (!stream_) return;
        const std::atomic<bool> at_once{true};  // any thread may release it last
        write(unix_ms_now(), repeats_.rest(), at_once);
        stream_.reset();
    }
    void end_previous() {
        if (previous_) previous_->end();
        previous_.reset();
    }
    void sink_it_(const spdlog::details::log_msg& message) override {
        end_previous();
        const auto ms =
            std::chrono::duration_cast<std::chrono::milliseconds>(message.time.time_since_epoch()).count();
        const std::string_view text{message.payload.data(), message.payload.size()};
        const auto module = module_from_text({message.logger_name.data(), message.logger_name.size()});
        if (!module) return output_.reached(text);
        write(ms, repeats_.take(*module, static_cast<Level>(message.level), text, steady_ms_now()),
              output_.gives_up_);
    }
    void flush_() override {
        end_previous();
        write(unix_ms_now(), repeats_.due(steady_ms_now()), output_.gives_up_);
    }
    void write(UnixMs ts_ms, const std::vector<Repeats::Said>& lines, const std::atomic<bool>& gives_up) {
        for (const auto& said : lines) {
            const Line line{ts_ms, said.level, program_, said.module, said.text, said.repeated};
            if (!stream_ || !stream_->write(to_text(line, format_, reader_), gives_up)) ++output_.lost_;
        }
    }

    Output& output_;
    std::optional<Stream> stream_;
    std::shared_ptr<Sink> previous_;
    Reader reader_;
    std::string program_;
    Format format_;
    Repeats repeats_;
};

Output::Output() : pool_{make_pool()} {
    use(std::make_shared<Sink>(*this, Stream::to_stderr(), reader_of_stderr(), program_, format_));
}

Output::Loggers Output::make_loggers(const std::shared_ptr<Sink>& sink) {
    const auto make = [&](std::string_view name) {
        auto logger = std::make_shared<spdlog::async_logger>(std::string(name), sink, pool_,
                                                             spdlog::async_overflow_policy::overrun_oldest);
        logger->set_level(spdlog::level::trace);  // lines below the level never get here
        // spdlog would write its errors to stderr, and wait there.
        logger->set_error_handler([this](const std::string&) { ++lost_; });
        return logger;
    };
    Loggers made;
    for (std::size_t i = 0; i < made.of.size(); ++i) made.of[i] = make(kModules[i]);
    made.marks = make("");
    return made;
}

void Output::use(std::shared_ptr<Sink> sink) {
    auto made = make_loggers(sink);
    const std::lock_guard lock{mutex_};
    sink->follows(std::exchange(sink_, sink));
    loggers_ = std::move(made);
    loggers_.of[0]->flush();
}

Result<> Output::open(std::string_view program, const std::string& file, Format format) {
    Result<Stream> stream = file.empty() ? Stream::to_stderr() : Stream::to_file(file);
    if (!stream) return fail(stream.error());
    {
        const std::lock_guard lock{mutex_};
        program_ = program;
        file_ = file;
        format_ = format;
    }
    use(std::make_shared<Sink>(*this, *std::move(stream), file.empty() ? reader_of_stderr() : Reader::file,
                               std::string(program), format));
    return {};
}

Result<> Output::reopen() {
    std::string program, file;
    Format format{};
    {
        const std::lock_guard lock{mutex_};
        program = program_;
        file = file_;
        format = format_;
    }
    return file.empty() ? Result<>{} : open(program, file, format);
}

void Output::take(Level level, Module module, std::string_view text) {
    const auto line = shortened(text);
    // Under the lock, so that no line is queued after the sink that replaces its own.
    const std::lock_guard lock{mutex_};
    if (const auto& logger = loggers_.of[static_cast<std::size_t>(module)])
        logger->log(static_cast<spdlog::level::level_enum>(level), line);
    else
        ++lost_;
}

void Output::tell_repeats() {
    const std::lock_guard lock{mutex_};
    if (const auto& logger = loggers_.of[0]) logger->flush();
}

bool Output::drain(std::int64_t limit_ms) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds{limit_ms};
    std::unique_lock lock{mutex_};
    const auto mark = ++marks_set_;
    while (marks_reached_ < mark) {
        if (!loggers_.marks) return true;
        loggers_.marks->log(spdlog::level::info, std::to_string(mark));
        if (is_reached_.wait_for(lock, kSetAgain, [&] { return marks_reached_ >= mark; })) break;
        if (std::chrono::steady_clock::now() >= until) return false;
    }
    return true;
}

void Output::reached(std::string_view mark) {
    const std::lock_guard lock{mutex_};
    marks_reached_ = std::max<std::uint64_t>(marks_reached_, std::stoull(std::string(mark)));
    is_reached_.notify_all();
}

void Output::finish() {
    bool is_idle = drain(kFinishMs);
    gives_up_ = true;
    if (!is_idle) is_idle = drain(kFinishMs);
    Loggers last;
    std::shared_ptr<Sink> last_sink;
    std::shared_ptr<spdlog::details::thread_pool> pool;
    {
        const std::lock_guard lock{mutex_};
        std::swap(last, loggers_);
        last_sink = std::move(sink_);
        pool = std::move(pool_);
    }
    lost_ += pool->overrun_counter();
    // The thread is still in write(2), e.g. to a terminal stopped in mid-line: it ends with the process.
    if (!is_idle) new auto(std::move(pool));
}

std::uint64_t Output::dropped() {
    std::shared_ptr<spdlog::details::thread_pool> pool;
    {
        const std::lock_guard lock{mutex_};
        pool = pool_;
    }
    return lost_ + (pool ? pool->overrun_counter() : 0);
}

}  // namespace hp::log
