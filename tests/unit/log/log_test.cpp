#include "log/log.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <regex>
#include <thread>
#include <vector>

namespace {

using namespace hp;
namespace fs = std::filesystem;

class LogFile {
  public:
    LogFile() {
        char name[] = "/tmp/hp-log-test-XXXXXX";
        REQUIRE(::mkdtemp(name) != nullptr);
        dir_ = name;
    }
    ~LogFile() {
        (void)log::open("log_test", log::Level::info);
        fs::remove_all(dir_);
    }
    std::string path() const { return dir_ + "/test.log"; }
    std::vector<std::string> lines(const std::string& path) const {
        REQUIRE(log::drain(60'000));
        std::ifstream in(path);
        std::vector<std::string> out;
        for (std::string line; std::getline(in, line);) out.push_back(line);
        return out;
    }
    std::vector<std::string> lines() const { return lines(path()); }

  private:
    std::string dir_;
};

/// Knows how often it was formatted.
struct Counted {
    int* formatted;
};

}  // namespace

template <>
struct fmt::formatter<Counted> : fmt::formatter<int> {
    auto format(const Counted& counted, fmt::format_context& context) const {
        return fmt::formatter<int>::format(++*counted.formatted, context);
    }
};

TEST_CASE("a line has time, level and program, and lower levels stay out") {
    const LogFile file;
    REQUIRE(log::open("hp-own", log::Level::info, file.path()));
    log::debug("unseen {}", 1);
    log::info("seen {}", 2);
    log::warn("careful");
    log::error("broken");
    const auto lines = file.lines();
    REQUIRE(lines.size() == 3);
    CHECK(std::regex_match(lines[0],
                           std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info  hp-own: seen 2)")));
    CHECK(lines[1].ends_with("Z warn  hp-own: careful"));
    CHECK(lines[2].ends_with("Z error hp-own: broken"));
}

TEST_CASE("nobody forges a line") {
    const LogFile file;
    REQUIRE(log::open("hp-own", log::Level::info, file.path()));
    log::info("name '{}'", "x\n2026-01-01T00:00:00.000Z error hp-own: stolen\x1b[2J\t");
    const auto lines = file.lines();
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].ends_with("name 'x\\n2026-01-01T00:00:00.000Z error hp-own: stolen\\x1b[2J\\t'"));
}

TEST_CASE("after logrotate, reopen writes into a new file") {
    const LogFile file;
    REQUIRE(log::open("hp-own", log::Level::info, file.path()));
    log::info("one");
    fs::rename(file.path(), file.path() + ".1");
    log::info("two");
    log::reopen();
    log::info("three");
    CHECK(file.lines(file.path() + ".1").size() == 2);
    REQUIRE(file.lines().size() == 1);
    CHECK(file.lines()[0].ends_with("three"));
}

TEST_CASE("a file that cannot be opened is an error") {
    const auto opened = log::open("hp-own", log::Level::info, "/proc/none/test.log");
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().code == Errc::io);
    CHECK(opened.error().what.find("/proc/none/test.log") != std::string::npos);
}

TEST_CASE("a full disk drops lines and counts them") {
    const std::uint64_t before = log::dropped_lines();
    REQUIRE(log::open("hp-own", log::Level::info, "/dev/full"));
    log::info("lost");
    REQUIRE(log::drain(60'000));
    (void)log::open("log_test", log::Level::info);
    CHECK(log::dropped_lines() > before);
}

TEST_CASE("a reader that has stopped costs lines, not time, and gets the newest when it goes on") {
    const LogFile file;
    REQUIRE(::mkfifo(file.path().c_str(), 0600) == 0);
    const int reader = ::open(file.path().c_str(), O_RDONLY | O_NONBLOCK);
    REQUIRE(::fcntl(reader, F_SETPIPE_SZ, 4096) == 4096);
    REQUIRE(log::open("hp-own", log::Level::info, file.path()));
    const std::uint64_t before = log::dropped_lines();
    constexpr int kSaid = 10'000;
    for (int i = 0; i < kSaid; ++i) log::info("line {}", i);
    CHECK_FALSE(log::drain(0));
    CHECK(log::dropped_lines() > before);

    std::string all;
    bool is_drained = false;
    std::thread waiting{[&] {
        is_drained = log::drain(60'000);
        (void)log::open("log_test", log::Level::info);  // which closes the pipe
    }};
    for (pollfd polled{reader, POLLIN, 0}; ::poll(&polled, 1, 60'000) > 0;) {
        char some[4096];
        const ssize_t got = ::read(reader, some, sizeof some);
        if (got <= 0) break;
        all.append(some, static_cast<std::size_t>(got));
    }
    waiting.join();
    ::close(reader);
    CHECK(is_drained);
    CHECK(all.ends_with("hp-own: line 9999\n"));
    const auto lines = static_cast<std::uint64_t>(std::count(all.begin(), all.end(), '\n'));
    CHECK(lines < kSaid);
    CHECK(lines > 2000);
    // No line is lost without being counted. (A mark of drain() that was overrun counts too.)
    CHECK(lines + log::dropped_lines() - before >= kSaid);
}

TEST_CASE("a FIFO that nobody reads is an error at once, and the old file goes on") {
    const LogFile file;
    REQUIRE(log::open("hp-own", log::Level::info, file.path()));
    log::info("one");
    REQUIRE(file.lines().size() == 1);
    REQUIRE(fs::remove(file.path()));
    REQUIRE(::mkfifo(file.path().c_str(), 0600) == 0);
    log::reopen();
    CHECK_FALSE(log::open("hp-own", log::Level::info, file.path()).has_value());
}

TEST_CASE("Limited: one line a second, and how many were left out") {
    const LogFile file;
    REQUIRE(log::open("hp-own", log::Level::info, file.path()));
    log::Limited limited{log::Level::warn};
    for (int i = 0; i < 5; ++i) limited("bad frame {}", i);
    CHECK(file.lines().size() == 1);
    std::this_thread::sleep_for(std::chrono::milliseconds(1020));
    limited("bad frame {}", 5);
    limited("bad frame {}", 6);
    const auto lines = file.lines();
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].ends_with("bad frame 0"));
    CHECK(lines[1].ends_with("bad frame 5 (suppressed 4 lines like this)"));
}

TEST_CASE(
    "the same line again and again is written once, and counted when another one comes or the program ends") {
    const LogFile file;
    REQUIRE(log::open("hp-own", log::Level::info, file.path()));
    for (int i = 0; i < 1000; ++i) log::warn("no room");
    CHECK(file.lines().size() == 1);
    log::warn("room again");
    log::warn("room again");
    const auto other = file.path() + ".other";
    REQUIRE(log::open("hp-own", log::Level::info, other));
    const auto lines = file.lines();
    REQUIRE(lines.size() == 4);
    CHECK(lines[1].ends_with("warn  hp-own: no room (repeated 999 times)"));
    CHECK(lines[2].ends_with("warn  hp-own: room again"));
    CHECK(lines[3].ends_with("warn  hp-own: room again (repeated 1 times)"));
}

TEST_CASE("a level may be changed for one module while the program runs") {
    const LogFile file;
    REQUIRE(log::open("hp-own", log::Level::info, file.path()));
    log::debug("unseen");
    log::set_levels(*log::levels_from_text("error,main=debug"));
    log::debug("seen");
    log::set_levels(*log::levels_from_text("debug,main=error"));
    log::warn("unseen");
    const auto lines = file.lines();
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].ends_with("debug hp-own: seen"));
}

TEST_CASE("a line of a level that is off costs no formatting") {
    REQUIRE(log::open("log_test", log::Level::info));
    int formatted = 0;
    log::debug("{}", Counted{&formatted});
    CHECK(formatted == 0);
    log::set_levels(log::Level::debug);
    log::debug("{}", Counted{&formatted});
    CHECK(formatted == 1);
}
