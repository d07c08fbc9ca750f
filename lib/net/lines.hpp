// Newline-delimited text over TCP: the SV1 transport, server and client side.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "net/loop.hpp"
#include "net/protection.hpp"

namespace hp::net {

class LineHandler {
  public:
    virtual ~LineHandler() = default;
    /// A line without its newline (or CR and newline); valid during the call.
    virtual void on_line(std::string_view line) = 0;
    virtual void on_read_done() {}
    /// The peer's first bytes are another protocol's ("TLS", "a PROXY protocol header", ...): it is answered
    /// if possible, and closed.
    virtual void on_other_protocol(std::string_view) {}
    virtual void on_close(const Error& reason) = 0;
};

class LineConnection {
  public:
    virtual ~LineConnection() = default;
    virtual void set_handler(std::shared_ptr<LineHandler> handler) = 0;
    /// Queues text; the caller ends lines with '\n'. One write for everything queued in a loop turn.
    virtual void send(std::string_view text) = 0;
    virtual void close(std::string_view reason) = 0;
    virtual bool is_open() const = 0;
    virtual const std::string& peer() const = 0;
    /// What the peer has proven (it begins as a stranger). False if there is no place left for it: close it.
    virtual bool prove(Standing standing) = 0;
};

struct LineLimits {
    std::size_t line_bytes_max{16 * 1024};
    /// Whether to check a peer's first bytes (LineHandler::on_other_protocol).
    bool names_other_protocols{false};
    std::size_t send_queue_bytes_max{1u << 20};
    /// As in FrameLimits.
    std::size_t strangers_max{4096};
    std::size_t strangers_per_address_max{2048};
    std::size_t connections_max{20'000};
};

class LineListener {
  public:
    using OnAccept = std::function<void(std::shared_ptr<LineConnection>)>;
    static Result<std::unique_ptr<LineListener>> listen(Loop& loop, const Endpoint& endpoint,
                                                        LineLimits limits, OnAccept on_accept);
    virtual ~LineListener() = default;
    virtual Endpoint bound() const = 0;
    virtual void stop() = 0;
};

class LineDial {
  public:
    using OnDone = std::function<void(Result<std::shared_ptr<LineConnection>>)>;
    static std::unique_ptr<LineDial> start(Loop& loop, const Endpoint& endpoint, std::int64_t limit_ms,
                                           LineLimits limits, OnDone done);
    virtual ~LineDial() = default;
};

}  // namespace hp::net
