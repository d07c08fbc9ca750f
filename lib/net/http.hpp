// HTTP/1.1 server and client (Beast inside). Bodies and times are bounded; the client follows no redirects.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/loop.hpp"

namespace hp::net {

struct HttpRequest {
    std::string method;  ///< upper case
    std::string path;    ///< percent-decoded, without the query; never holds a NUL
    std::string query;   ///< as sent, after the '?'
    std::string body;
    std::string peer;
    std::string host;  ///< "name:port" of the request; empty if HTTP/1.0 omits it
    std::string header(std::string_view name) const;  ///< empty if absent; case-insensitive
    std::vector<std::pair<std::string, std::string>> headers;
};

/// A response without an end, such as server-sent events. Use only on the loop's thread.
class HttpStream {
  public:
    virtual ~HttpStream() = default;
    /// Queues the text. False if the peer is gone, or was cut off because it left too much unread.
    virtual bool send(std::string_view text) = 0;
};

struct HttpResponse {
    int status{200};
    std::string body;
    std::string content_type{"application/json"};
    std::vector<std::pair<std::string, std::string>> headers{};
    /// If set, the response has no body: once its head is sent this gets the stream for what follows, as long
    /// as the peer stays. Not for HEAD.
    std::function<void(std::shared_ptr<HttpStream>)> stream{};
};

/// Beyond them: 431, 413, closed without an answer, 503. A target longer than half the head gives 414. A
/// request without Host, or with two, gives 400.
struct HttpLimits {
    std::size_t head_bytes_max{16 * 1024};
    std::size_t body_bytes_max{1u << 20};
    /// To receive a whole request, and to send an answer; also how long an idle connection is kept.
    std::int64_t request_ms{30'000};
    /// With a request in progress, or between two of them. Beyond it the oldest idle one of the address with
    /// the most is closed; if all are working, 503.
    std::size_t connections_max{1'000};
    /// Before the first whole request. Beyond either limit the oldest is closed; protect() exempts addresses
    /// from the second.
    std::size_t strangers_max{1'024};
    std::size_t strangers_per_address_max{512};
    /// Streams, which are long-lived; below connections_max, to leave room for requests. Beyond it the oldest
    /// of the address with the most is closed.
    std::size_t streams_max{256};
    /// How much a stream's peer may leave unread before it is cut off.
    std::size_t stream_bytes_max{256 * 1024};
};

class HttpServer {
  public:
    using Reply = std::function<void(HttpResponse)>;
    /// Must call the Reply once, now or later, on the loop's thread; the peer may be gone by then. A Reply
    /// that is dropped without a call answers 500. HEAD is answered as GET without a body; with `cors`,
    /// OPTIONS is answered here and every response carries the CORS headers.
    using Handler = std::function<void(const HttpRequest&, Reply)>;
    static Result<std::unique_ptr<HttpServer>> listen(Loop& loop, const Endpoint& endpoint, HttpLimits limits,
                                                      bool cors, Handler handler);
    virtual ~HttpServer() = default;
    virtual Endpoint bound() const = 0;
    /// No new connections; open ones finish their current request.
    virtual void stop() = 0;
};

/// A client of one origin ("http://host:port" or "https://…", path prefix allowed), with keep-alive
/// connections. https checks the certificate against the system's authorities and the host's name. A request
/// is sent twice only if a kept connection turned out to be closed before anything can have been acted on.
/// Destroying the client drops pending requests without calling back.
class HttpClient {
  public:
    using OnDone = std::function<void(Result<HttpResponse>)>;
    struct Options {
        std::string basic_user{}, basic_password{};  ///< Authorization: Basic, when user is set
        std::string bearer{};                        ///< Authorization: Bearer, when set
        std::int64_t request_ms{10'000};
        std::size_t body_bytes_max{64u << 20};
        std::size_t connections_max{4};  ///< further requests wait their turn
        std::size_t waiting_max{1'000};  ///< beyond that: Errc::refused at once
    };
    static Result<std::unique_ptr<HttpClient>> create(Loop& loop, std::string_view base_url, Options options);
    virtual ~HttpClient() = default;
    /// `path` starts with '/' and is appended to the base URL's path. A status other than 2xx is a response,
    /// not an error. `request_ms` 0: the options' value (long polls pass more).
    virtual void request(std::string_view method, std::string_view path, std::string_view body, OnDone done,
                         std::int64_t request_ms = 0) = 0;
    /// Likewise without a running loop (small tools): runs `loop` until the answer is there.
    Result<HttpResponse> request_and_wait(Loop& loop, std::string_view method, std::string_view path,
                                          std::string_view body);
};

}  // namespace hp::net
