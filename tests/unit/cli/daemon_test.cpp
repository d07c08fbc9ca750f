#include "cli/daemon.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace {

using namespace hp;
namespace fs = std::filesystem;

/// What the service manager hears.
class Manager {
  public:
    Manager() : path_{(fs::temp_directory_path() / ("hp-manager-" + std::to_string(::getpid()))).string()} {
        fs::remove(path_);
        fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path_.copy(address.sun_path, sizeof address.sun_path - 1);
        REQUIRE(::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
        ::setenv("NOTIFY_SOCKET", path_.c_str(), 1);
    }
    ~Manager() {
        ::unsetenv("NOTIFY_SOCKET");
        ::close(fd_);
        fs::remove(path_);
    }
    std::string heard() {
        std::string out;
        char text[256];
        for (ssize_t got; (got = ::recv(fd_, text, sizeof text, 0)) > 0;)
            out += std::string(text, static_cast<std::size_t>(got)) + "|";
        return out;
    }

  private:
    std::string path_;
    int fd_{-1};
};

struct WithEvents {
    static constexpr std::string_view file = "own.toml";
    config::Events events{""};

    template <class V>
    void describe(V&& v) {
        events.describe(v);
    }
};

/// What happened to the parts, in order.
using Story = std::string;

class TestParts final : public cli::Parts {
  public:
    TestParts(Story& story, bool ends) : story_{story}, ends_{ends} {}
    ~TestParts() override { story_ += "gone "; }
    void stop(std::function<void()> stopped) override {
        story_ += "stop ";
        if (on_stop) on_stop();
        if (ends_) stopped();
    }
    std::function<void()> on_stop;

  private:
    Story& story_;
    bool ends_;
};

struct Program {
    cli::Command command{{.name = "hp-own", .summary = "A program.", .examples = {}}};
    config::Network network;
    Manager manager;
    Story story;

    Result<> run(const cli::Daemon::Start& start, std::int64_t stop_ms = 60'000) {
        auto daemon = cli::Daemon::create(command, network, stop_ms);
        REQUIRE(daemon);
        return (*daemon)->run(start);
    }
};

}  // namespace

TEST_CASE("a daemon says READY once, STOPPING at SIGTERM, and its parts stop before they go") {
    Program program;
    const auto done = program.run([&](cli::Daemon& daemon) -> Result<std::unique_ptr<cli::Parts>> {
        daemon.ready("serving");
        daemon.ready();
        // During the start: it waits for the loop, and kills nothing.
        std::raise(SIGTERM);
        program.story += "started ";
        return std::make_unique<TestParts>(program.story, true);
    });
    CHECK(done);
    CHECK(program.story == "started stop gone ");
    CHECK(program.manager.heard() == "READY=1\nSTATUS=serving|STOPPING=1|");
}

TEST_CASE("parts that do not stop are left when their time is over, and at a second SIGTERM") {
    for (const bool is_second : {false, true}) {
        Program program;
        const auto done = program.run(
            [&](cli::Daemon&) -> Result<std::unique_ptr<cli::Parts>> {
                std::raise(SIGTERM);
                auto parts = std::make_unique<TestParts>(program.story, false);
                // Once the first is taken: two that are pending are one.
                if (is_second) parts->on_stop = [] { std::raise(SIGTERM); };
                return parts;
            },
            is_second ? 60'000 : 10);
        CHECK(done);
        CHECK(program.story == "stop gone ");
    }
}

TEST_CASE("a part that cannot go on ends the daemon with its error; the first one counts") {
    Program program;
    const auto done = program.run([&](cli::Daemon& daemon) -> Result<std::unique_ptr<cli::Parts>> {
        daemon.loop().post([&daemon] {
            daemon.end_with({Errc::io, "the disk broke", ""});
            daemon.end_with({Errc::io, "and more", ""});
        });
        return std::make_unique<TestParts>(program.story, true);
    });
    REQUIRE_FALSE(done);
    CHECK(done.error().what == "the disk broke");
    CHECK(program.story == "gone ");
    CHECK(program.manager.heard().empty());
}

TEST_CASE("records that are told while the parts go, or before a start that fails, reach their outlet") {
    const std::string path =
        (fs::temp_directory_path() / ("hp-daemon-records-" + std::to_string(::getpid()))).string();
    for (const bool fails : {false, true}) {
        fs::remove(path);
        WithEvents own;
        cli::Command command{{.name = "hp-own", .summary = "A program.", .examples = {}}};
        command.configure(own);
        config::Network network;
        std::vector<std::string> words{"hp-own", "--events", path};
        std::vector<char*> argv;
        for (auto& word : words) argv.push_back(word.data());
        class Last final : public cli::Parts {
          public:
            explicit Last(recordio::EventSink& sink) : sink_{sink} {}
            ~Last() override { sink_.write(R"({"type":"last"})"); }
            void stop(std::function<void()> stopped) override { stopped(); }

          private:
            recordio::EventSink& sink_;
        };
        const int code = command.run(3, argv.data(), [&] {
            return cli::serve(command, network,
                              [&](cli::Daemon& daemon) -> Result<std::unique_ptr<cli::Parts>> {
                                  HP_TRY(auto* sink, daemon.open_events(own.events));
                                  sink->write(R"({"type":"first"})");
                                  if (fails) return fail(Errc::refused, "no");
                                  std::raise(SIGTERM);
                                  return std::make_unique<Last>(*sink);
                              });
        });
        CHECK(code == (fails ? 1 : 0));
        std::ostringstream text;
        text << std::ifstream(path).rdbuf();
        CHECK(text.str() ==
              (fails ? "{\"type\":\"first\"}\n" : "{\"type\":\"first\"}\n{\"type\":\"last\"}\n"));
    }
    fs::remove(path);
}
