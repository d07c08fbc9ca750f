#include "net/sd_notify.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>

#include "net/loop.hpp"

using namespace hp::net;

namespace {

/// Plays systemd: a socket under an abstract name, and the variables that a service finds.
class ServiceManager {
  public:
    ServiceManager() {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::string name = "hp-sd-notify-test-" + std::to_string(::getpid());
        std::copy(name.begin(), name.end(), address.sun_path + 1);
        REQUIRE(::bind(fd_, reinterpret_cast<sockaddr*>(&address),
                       static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size())) == 0);
        ::setenv("NOTIFY_SOCKET", ("@" + name).c_str(), 1);
    }
    ~ServiceManager() {
        ::close(fd_);
        for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
    }
    ServiceManager(const ServiceManager&) = delete;
    ServiceManager& operator=(const ServiceManager&) = delete;

    /// The next message, or nothing.
    std::string heard() {
        char text[64];
        const ssize_t got = ::recv(fd_, text, sizeof text, MSG_DONTWAIT);
        return {text, static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
    }

  private:
    int fd_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
};

}  // namespace

TEST_CASE("sd_notify sends a datagram, or does nothing") {
    ::unsetenv("NOTIFY_SOCKET");
    sd_notify("READY=1");
    ServiceManager systemd;
    sd_notify("READY=1");
    CHECK(systemd.heard() == "READY=1");
}

TEST_CASE("a status line is told when it changes") {
    ServiceManager systemd;
    StatusLine status;
    status.set("1 miner");
    status.set("1 miner");
    status.set("2 miners");
    CHECK(systemd.heard() == "STATUS=1 miner");
    CHECK(systemd.heard() == "STATUS=2 miners");
    CHECK(systemd.heard().empty());
}

TEST_CASE("a loop that turns tells the watchdog, twice in its time") {
    ServiceManager systemd;
    ::setenv("WATCHDOG_USEC", "20000", 1);
    ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
    CHECK(sd_watchdog_period_ms() == 10);
    Loop loop;
    int signs = 0;
    Timer look{loop};
    look.every(1, [&] {
        while (systemd.heard() == "WATCHDOG=1") ++signs;
        if (signs == 3) loop.stop();
    });
    Timer deadline{loop};
    deadline.after(10'000, [&] { loop.stop(); });
    loop.run();
    CHECK(signs == 3);
}

TEST_CASE("a process that no watchdog asks says nothing") {
    ServiceManager systemd;
    CHECK(sd_watchdog_period_ms() == 0);
    ::setenv("WATCHDOG_USEC", "20000", 1);
    ::setenv("WATCHDOG_PID", "1", 1);  // the variables of a parent
    CHECK(sd_watchdog_period_ms() == 0);
    ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
    ::setenv("WATCHDOG_USEC", "soon", 1);
    CHECK(sd_watchdog_period_ms() == 0);
}
