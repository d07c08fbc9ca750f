#include <sys/socket.h>
#include <sys/un.h>

#include <cstdlib>
#include <cstring>

#include "net/fd.hpp"
#include "net/loop.hpp"

namespace hp::net {

void sd_notify(std::string_view state) {
    const char* path = std::getenv("NOTIFY_SOCKET");
    if (!path || (*path != '/' && *path != '@')) return;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::size_t size = std::strlen(path);
    if (size >= sizeof address.sun_path) return;
    std::memcpy(address.sun_path, path, size);
    if (*path == '@') address.sun_path[0] = '\0';  // Linux's abstract names
    Fd fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    if (!fd) return;
    // Readiness is a courtesy to the service manager: without it the program runs as well.
    (void)::sendto(fd.get(), state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&address),
                   static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size));
}

}  // namespace hp::net
