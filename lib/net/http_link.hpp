// One connection of an HTTP client: opens, exchanges one message at a time, tells whether it can be kept.
// Internal to this room; only the client's .cpp files include it.
#pragma once
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/http.hpp>

#include "net/asio_impl.hpp"
#include "net/http_url.hpp"

namespace hp::net {

namespace beast = boost::beast;
namespace http = beast::http;

using HttpMessage = http::request<http::string_body>;
using HttpAnswer = http::response<http::string_body>;

struct LinkFailure {
    Error error;
    /// Nothing can have been acted on: the socket accepted no byte of the request.
    bool unsent{false};
    /// No byte of an answer was received.
    bool unanswered{false};
};

class HttpLink {
  public:
    using OnOpen = std::function<void(Result<>)>;
    using OnAnswer = std::function<void(tl::expected<HttpAnswer, LinkFailure>)>;
    virtual ~HttpLink() = default;
    virtual void open(OnOpen done) = 0;
    virtual void exchange(const HttpMessage& message, OnAnswer done) = 0;
    /// After an exchange: the connection is idle and the other side has not closed it.
    virtual bool is_reusable() = 0;
    /// Ends everything at once. No callback comes afterwards.
    virtual void close() = 0;
};

/// `tls` is null for plain http.
std::shared_ptr<HttpLink> make_http_link(Loop& loop, const HttpUrl& url, std::size_t body_bytes_max,
                                         std::shared_ptr<asio::ssl::context> tls);
/// Verifies against the system's certificate authorities.
Result<std::shared_ptr<asio::ssl::context>> make_tls_context();

}  // namespace hp::net
