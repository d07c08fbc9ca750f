#include <boost/beast/ssl/ssl_stream.hpp>

#include "net/http_stream_link.hpp"

namespace hp::net {

std::shared_ptr<HttpLink> make_tls_link(Loop& loop, const HttpUrl& url, std::size_t body_bytes_max,
                                        std::shared_ptr<asio::ssl::context> tls) {
    return std::make_shared<StreamLink<beast::ssl_stream<beast::tcp_stream>>>(loop, url, body_bytes_max,
                                                                              std::move(tls));
}

Result<std::shared_ptr<asio::ssl::context>> make_tls_context() {
    auto tls = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
    error_code error;
    tls->set_default_verify_paths(error);
    if (error)
        return fail(Errc::io, "cannot load the certificate authorities of this machine: " + error.message());
    tls->set_verify_mode(asio::ssl::verify_peer);
    SSL_CTX_set_min_proto_version(tls->native_handle(), TLS1_2_VERSION);
    return tls;
}

}  // namespace hp::net
