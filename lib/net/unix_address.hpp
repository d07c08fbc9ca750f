// The name of a Unix socket. For rooms with their own sockets.
#pragma once
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace hp::net {

/// An error if the path is empty or longer than the kernel accepts.
inline Result<sockaddr_un> unix_address(const std::string& path) {
    sockaddr_un out{};
    out.sun_family = AF_UNIX;
    if (path.empty()) return fail(Errc::usage, "unix: missing path", "write unix:/run/hashpool/stats.sock");
    if (path.size() >= sizeof out.sun_path)
        return fail(Errc::usage, "unix:" + printable(path, 4096) + ": a socket path has at most " +
                                     std::to_string(sizeof out.sun_path - 1) + " bytes, this one has " +
                                     std::to_string(path.size()));
    std::memcpy(out.sun_path, path.c_str(), path.size());
    return out;
}

}  // namespace hp::net
