// HttpLink over a Beast stream: plain TCP, or TLS over it. Each has its own .cpp file, to instantiate Asio's
// templates only once.
#pragma once
#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream_base.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include "base/crash_point.hpp"
#include "net/dialer.hpp"
#include "net/http_link.hpp"
#include "net/http_wire.hpp"

namespace hp::net {

inline constexpr std::uint32_t kHeadBytesMax = 64 * 1024;
/// The caller's own deadline is shorter and closes the link; this only limits a dial that nobody waits for.
inline constexpr std::int64_t kDialLimitMs = 60'000;

template <class Stream>
class StreamLink final : public HttpLink, public std::enable_shared_from_this<StreamLink<Stream>> {
    static constexpr bool kIsTls = !std::is_same_v<Stream, beast::tcp_stream>;

  public:
    StreamLink(Loop& loop, const HttpUrl& url, std::size_t body_bytes_max,
               std::shared_ptr<asio::ssl::context> tls)
        : loop_{loop},
          url_{url},
          body_bytes_max_{body_bytes_max},
          tls_{std::move(tls)},
          stream_{make_stream()} {}

    void open(OnOpen done) override {
        dialer_ =
            Dialer::start(loop_, url_.endpoint, kDialLimitMs, [this, done = std::move(done)](auto result) {
                auto self = this->shared_from_this();
                if (!result) return done(fail(result.error()));
                error_code error;
                auto& socket = beast::get_lowest_layer(stream_).socket();
                sockaddr_storage name{};
                socklen_t size = sizeof name;
                bool is_v6 =
                    ::getpeername(result->fd.get(), reinterpret_cast<sockaddr*>(&name), &size) == 0 &&
                    name.ss_family == AF_INET6;
                socket.assign(is_v6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4(), result->fd.get(), error);
                if (error) return done(failed("cannot use the connection", error));
                result->fd.release();
                secure(done);
            });
    }

    void exchange(const HttpMessage& message, OnAnswer done) override {
        done_ = std::move(done);
        is_head_ = message.method() == http::verb::head;
        reusable_ = false;
        out_ = wire_text(message);
        asio::async_write(stream_, asio::buffer(out_),
                          [self = this->shared_from_this()](const error_code& error, std::size_t sent) {
                              if (error)
                                  return self->report({self->failed("cannot send the request", error).value(),
                                                       sent == 0, true});
                              HP_CRASH_POINT("X5");
                              self->read_answer();
                          });
    }

    bool is_reusable() override {
        if (closed_ || !reusable_ || buffer_.size() > 0) return false;
        // Idle means silent: anything readable is the end of the stream or an unsolicited answer.
        char byte;
        int fd = beast::get_lowest_layer(stream_).socket().native_handle();
        return ::recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    }

    void close() override {
        closed_ = true;
        dialer_.reset();
        done_ = nullptr;
        beast::get_lowest_layer(stream_).close();
    }

  private:
    Stream make_stream() {
        if constexpr (kIsTls)
            return Stream{loop_.impl().io, *tls_};
        else
            return Stream{loop_.impl().io};
    }

    void secure(OnOpen done) {
        if constexpr (kIsTls) {
            const std::string& host = url_.endpoint.host;
            bool is_name = !numeric_addresses({host, 0}) || host == "localhost";
            // SNI carries names only (RFC 6066 section 3).
            if (is_name && SSL_set_tlsext_host_name(stream_.native_handle(), host.c_str()) != 1)
                return done(fail(Errc::io, "cannot set the TLS server name '" + host + "'"));
            stream_.set_verify_callback(asio::ssl::host_name_verification{host});
            stream_.async_handshake(asio::ssl::stream_base::client,
                                    [self = this->shared_from_this(), done](const error_code& error) {
                                        if (self->closed_) return;
                                        if (!error) return done({});
                                        done(fail(self->handshake_error(error)));
                                    });
        } else {
            done({});
        }
    }

    /// Distinguish a server without TLS from one with a wrong certificate.
    Error handshake_error(const error_code& error) const {
        const std::string peer = url_.endpoint.text();
        const bool is_of_tls = error.category() == asio::error::get_ssl_category();
        const int reason = ERR_GET_REASON(static_cast<unsigned long>(error.value()));
        constexpr const char* kPlain = "if it should be reached without TLS, use an http:// URL";
        if (is_of_tls && (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_PACKET_LENGTH_TOO_LONG))
            return {Errc::io, peer + " does not speak TLS", kPlain};
        if (is_of_tls)
            return {Errc::io, "TLS with " + peer + " failed: " + error.message(),
                    "check that the certificate names this host, is valid now, and is signed by an authority "
                    "of this "
                    "machine"};
        return {Errc::io,
                "TLS with " + peer + " failed: " + peer +
                    " closed the connection during the handshake: " + error.message(),
                kPlain};
    }

    void read_answer() {
        parser_.emplace();
        parser_->header_limit(kHeadBytesMax);
        parser_->body_limit(body_bytes_max_);
        if (is_head_) parser_->skip(true);
        http::async_read(stream_, buffer_, *parser_,
                         [self = this->shared_from_this()](const error_code& error, std::size_t) {
                             self->on_answer(error);
                         });
    }

    void on_answer(const error_code& error) {
        if (closed_) return;
        if (error == http::error::body_limit)
            return report({{Errc::protocol,
                            "the answer from " + url_.endpoint.text() + " is larger than " +
                                std::to_string(body_bytes_max_) + " bytes",
                            {}},
                           false,
                           false});
        if (error) return report({failed("invalid answer", error).value(), false, !parser_->got_some()});
        // 100 Continue and other 1xx come before the actual answer.
        if (parser_->get().result_int() < 200) return read_answer();
        reusable_ = parser_->keep_alive();
        report(parser_->release());
    }

    void report(tl::expected<HttpAnswer, LinkFailure> result) {
        if (closed_) return;
        if (auto call = std::exchange(done_, nullptr)) call(std::move(result));
    }
    void report(LinkFailure failure) {
        report(tl::expected<HttpAnswer, LinkFailure>{tl::unexpect, std::move(failure)});
    }

    tl::unexpected<Error> failed(const char* what, const error_code& error) const {
        std::string why = error == http::error::end_of_stream ? "the connection was closed" : error.message();
        return fail(Errc::io, url_.endpoint.text() + ": " + what + ": " + why);
    }

    Loop& loop_;
    HttpUrl url_;
    std::size_t body_bytes_max_;
    std::shared_ptr<asio::ssl::context> tls_;
    Stream stream_;
    std::unique_ptr<Dialer> dialer_;
    beast::flat_buffer buffer_;
    std::string out_;  // until it is written
    bool is_head_{false};
    std::optional<http::response_parser<http::string_body>> parser_;
    OnAnswer done_;
    bool reusable_{false};
    bool closed_{false};
};

std::shared_ptr<HttpLink> make_tls_link(Loop& loop, const HttpUrl& url, std::size_t body_bytes_max,
                                        std::shared_ptr<asio::ssl::context> tls);

}  // namespace hp::net
