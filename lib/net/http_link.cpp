#include "net/http_stream_link.hpp"

namespace hp::net {

std::shared_ptr<HttpLink> make_http_link(Loop& loop, const HttpUrl& url, std::size_t body_bytes_max,
                                         std::shared_ptr<asio::ssl::context> tls) {
    if (tls) return make_tls_link(loop, url, body_bytes_max, std::move(tls));
    return std::make_shared<StreamLink<beast::tcp_stream>>(loop, url, body_bytes_max, nullptr);
}

}  // namespace hp::net
