#include "net/sd_notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "net/fd.hpp"

namespace hp::net {
namespace {

/// 0 if the variable is absent or not a number.
std::int64_t number_of(const char* variable) {
    const char* text = std::getenv(variable);
    std::int64_t out = 0;
    if (text) std::from_chars(text, text + std::strlen(text), out);
    return out;
}

}  // namespace

void sd_notify(std::string_view state) {
    const char* path = std::getenv("NOTIFY_SOCKET");
    if (!path || (*path != '/' && *path != '@')) return;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::size_t size = std::strlen(path);
    if (size >= sizeof address.sun_path) return;
    std::memcpy(address.sun_path, path, size);
    if (*path == '@') address.sun_path[0] = '\0';  // abstract socket names (Linux)
    Fd fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    if (!fd) return;
    // Notifying is optional: the program runs without it.
    (void)::sendto(fd.get(), state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&address),
                   static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size));
}

std::int64_t sd_watchdog_period_ms() {
    // A child of the service inherits the variables, but is not the watched process.
    if (const auto pid = number_of("WATCHDOG_PID"); pid != 0 && pid != ::getpid()) return 0;
    const auto limit_us = number_of("WATCHDOG_USEC");
    return limit_us > 0 ? std::max<std::int64_t>(limit_us / 2000, 1) : 0;
}

void StatusLine::set(std::string text) {
    if (text == told_) return;
    told_ = std::move(text);
    sd_notify("STATUS=" + told_);
}

}  // namespace hp::net
