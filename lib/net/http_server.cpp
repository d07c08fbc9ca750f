#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <cstring>

#include "base/crash_point.hpp"
#include "base/url.hpp"
#include "log/log.hpp"
#include "net/acceptor.hpp"
#include "net/asio_impl.hpp"
#include "net/guard.hpp"
#include "net/http.hpp"
#include "net/http_body.hpp"
#include "net/http_date.hpp"
#include "net/http_sessions.hpp"
#include "net/http_wire.hpp"

namespace hp::net {

namespace beast = boost::beast;
namespace http = beast::http;

std::string HttpRequest::header(std::string_view name) const {
    for (const auto& [key, value] : headers)
        if (beast::iequals({key.data(), key.size()}, {name.data(), name.size()})) return value;
    return {};
}

namespace {

/// After the last answer, the peer's bytes are read and dropped for this long: a close with unread bytes
/// would send an RST, which can destroy the answer in flight.
constexpr std::chrono::seconds kLingerLimit{2};

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

struct HttpSessions::Shared {
    asio::io_context& io;
    HttpLimits limits;
    bool cors;
    HttpServer::Handler handler;
    std::shared_ptr<Gate> gate, streams;
    bool stopped{false};
};

class HttpSessions::Connection final : public Droppable, public std::enable_shared_from_this<Connection> {
  public:
    Connection(Loop& loop, asio::ip::tcp::socket socket, const Address& peer, std::shared_ptr<Shared> shared)
        : stream_{std::move(socket)},
          peer_{peer},
          shared_{std::move(shared)},
          place_{shared_->gate->enter(peer)},
          buffers_{loop, *this} {
        place_.held_by(*this);
    }
    void drop(const Error& why) override {
        log::debug("{}: HTTP: {}", peer_.text(), why.what);
        stream_.close();
    }

    void read_head() {
        const HttpLimits& limits = shared_->limits;
        parser_.emplace();
        parser_->header_limit(static_cast<std::uint32_t>(limits.head_bytes_max));
        parser_->body_limit(limits.body_bytes_max);
        is_head_ = is_head_read_ = false;
        // One deadline for the whole request, however many small pieces it arrives in.
        stream_.expires_after(std::chrono::milliseconds{limits.request_ms});
        read_some();
    }

  private:
    void read_some() {
        http::async_read_some(
            stream_, buffer_, *parser_,
            [self = shared_from_this()](const error_code& error, std::size_t) { self->on_some(error); });
    }

    void on_some(const error_code& error) {
        const bool is_in_head = !parser_->is_header_done();
        if (error) return on_read_error(error, is_in_head);
        buffers_.hold(buffer_.capacity() + parser_->get().body().capacity());
        if (!stream_.socket().is_open()) return;  // it used the most
        if (!is_in_head && !std::exchange(is_head_read_, true)) return on_head();
        if (parser_->is_done()) return on_request();
        read_some();
    }

    void on_head() {
        if (const char* why = fault_of_head()) return refuse(400, why);
        if (parser_->get().target().size() > shared_->limits.head_bytes_max / 2)
            return refuse(414, "the URL is too long");
        bool waits = beast::iequals(parser_->get()[http::field::expect], "100-continue");
        if (!waits || parser_->is_done()) return read_body();
        // 100 Continue is a few bytes on a connection with an empty send queue.
        write("HTTP/1.1 100 Continue\r\n\r\n", &Connection::read_body);
    }

    /// What no honest client sends, and what two programs on the path could read differently.
    const char* fault_of_head() const {
        const auto& head = parser_->get();
        const auto hosts = head.count(http::field::host);
        if (hosts > 1) return "more than one Host";
        if (hosts == 0 && head.version() >= 11) return "no Host";
        if (hosts == 1 && !authority_from_text(view(head[http::field::host]))) return "malformed Host";
        if (head.count(http::field::content_length) > 1) return "more than one Content-Length";
        const auto length = head[http::field::content_length];
        if (length.find_first_not_of("0123456789") != length.npos) return "malformed Content-Length";
        if (const auto codings = head.count(http::field::transfer_encoding); codings > 0) {
            if (head.version() < 11 || codings > 1 ||
                !beast::iequals(head[http::field::transfer_encoding], "chunked"))
                return "Transfer-Encoding: only chunked";
            if (head.count(http::field::content_length) > 0) return "Content-Length and Transfer-Encoding";
        }
        return nullptr;
    }

    void read_body() {
        if (parser_->is_done()) return on_request();
        parser_->eager(true);
        read_some();
    }

    void on_read_error(const error_code& error, bool in_head) {
        if (error == http::error::body_limit) return refuse(413, "the body is too large");
        if (error == http::error::header_limit || error == http::error::buffer_overflow) {
            auto data = buffer_.cdata();
            bool in_target = in_head && !std::memchr(data.data(), '\n', data.size());
            return in_target ? refuse(414, "the URL is too long") : refuse(431, "the head is too large");
        }
        if (error == http::error::end_of_stream || error == http::error::partial_message ||
            error.category() != http::make_error_code(http::error::bad_field).category())
            return;  // gone or timed out: there is nobody to answer
        refuse(400, "malformed request: " + error.message());
    }

    void refuse(int status, const std::string& why) {
        log::debug("{}: HTTP {}: {}", peer_.text(), status, why);
        answer({status, R"({"detail":")" + why + R"("})"}, false);
    }

    void on_request() {
        if (!place_.move(Standing::member)) {
            HttpResponse busy{503, R"({"detail":"too many connections"})"};
            busy.headers.emplace_back("Retry-After", "1");
            return answer(std::move(busy), false);
        }
        is_at_work_ = true;
        auto& message = parser_->get();
        HttpRequest request;
        request.method = view(message.method_string());
        is_head_ = request.method == "HEAD";
        if (is_head_) request.method = "GET";
        bool is_preflight = shared_->cors && request.method == "OPTIONS";
        // 200, like other mints.
        if (is_preflight) return answer(HttpResponse{200, {}, {}});
        auto target = request_target_from_text(view(message.target()));
        if (!target) return refuse(400, "malformed URL");
        request.path = std::move(target->path);
        request.query = std::move(target->query);
        request.peer = peer_.text();
        request.host = target->authority.empty() ? std::string(view(message[http::field::host]))
                                                 : std::move(target->authority);
        for (const auto& field : message)
            request.headers.emplace_back(view(field.name_string()), view(field.value()));
        request.body = std::move(message.body());
        buffers_.hold(request.body.capacity(), true);
        // No deadline while the handler works: an answer may take as long as a long poll.
        stream_.expires_never();
        shared_->handler(request, make_reply());
    }

    /// Shared by the copies of a Reply. Keeps the session alive, and answers 500 if destroyed unused.
    struct Pending {
        explicit Pending(std::shared_ptr<Connection> session_) : session{std::move(session_)} {}
        Pending(const Pending&) = delete;
        Pending& operator=(const Pending&) = delete;
        ~Pending() {
            // Not while the loop itself is being destroyed.
            if (session && session->on_loop()) reply({500, R"({"detail":"internal error"})"});
        }
        void reply(HttpResponse response) {
            auto waiting = std::exchange(session, nullptr);
            if (!waiting) return;
            HP_ASSERT(waiting->on_loop());
            waiting->answer(std::move(response));
        }
        std::shared_ptr<Connection> session;
    };
    HttpServer::Reply make_reply() {
        return [pending = std::make_shared<Pending>(shared_from_this())](HttpResponse response) {
            pending->reply(std::move(response));
        };
    }
    bool on_loop() const { return shared_->io.get_executor().running_in_this_thread(); }

    void answer(HttpResponse response) {
        if (response.stream && !is_head_) return begin_stream(std::move(response));
        bool keep = parser_ && parser_->is_done() && parser_->keep_alive() && !shared_->stopped;
        answer(std::move(response), keep);
    }
    void answer(HttpResponse response, bool keep) {
        auto out = head_of(response);
        out.body() = std::move(response.body);
        out.keep_alive(keep);
        bool has_body = response.status >= 200 && response.status != 204 && response.status != 304;
        if (has_body) out.prepare_payload();
        if (!has_body) out.body().clear();
        std::string text = wire_text(out, is_head_);
#ifdef HP_CRASH_POINTS
        crash::Writes crash_writes;
        crash_writes.take();
        crash_writes.before(stream_.socket().native_handle(), text.data(), text.size());
#endif
        stream_.expires_after(std::chrono::milliseconds{shared_->limits.request_ms});
        write(std::move(text), keep ? &Connection::read_next : &Connection::linger);
    }

    http::response<http::string_body> head_of(const HttpResponse& response) const {
        http::response<http::string_body> out{static_cast<http::status>(response.status), 11};
        out.set(http::field::date, http_date(unix_ms_now() / 1000));
        if (!response.content_type.empty()) out.set(http::field::content_type, response.content_type);
        if (shared_->cors) {
            out.set(http::field::access_control_allow_origin, "*");
            out.set(http::field::access_control_allow_methods, "GET, HEAD, POST, OPTIONS");
            // The wildcard does not cover Authorization.
            out.set(http::field::access_control_allow_headers, "*, Authorization, Content-Type");
            out.set(http::field::access_control_max_age, "86400");
        }
        for (const auto& [name, value] : response.headers) out.set(name, value);
        return out;
    }

    /// A Stream's reference to its session, which lives as long as its peer stays.
    struct StreamHandle final : HttpStream {
        explicit StreamHandle(std::weak_ptr<Connection> session_) : session{std::move(session_)} {}
        bool send(std::string_view text) override {
            const auto alive = session.lock();
            return alive && alive->send(text);
        }
        std::weak_ptr<Connection> session;
    };

    void begin_stream(HttpResponse response) {
        stream_place_ = shared_->streams->enter(peer_);
        stream_place_.held_by(*this);
        auto out = head_of(response);
        out.keep_alive(false);  // ends with the connection
        queued_ = wire_text(out, true);
        stream_.expires_never();
        send_queued();
        drop_input();  // ends with the peer, like the session
        response.stream(std::make_shared<StreamHandle>(weak_from_this()));
    }
    bool send(std::string_view text) {
        if (!stream_.socket().is_open()) return false;
        if (queued_.size() + out_.size() + text.size() > shared_->limits.stream_bytes_max) {
            stream_.close();
            return false;
        }
        queued_ += text;
        if (out_.empty()) send_queued();
        buffers_.hold(queued_.capacity() + out_.capacity());
        return stream_.socket().is_open();
    }
    void send_queued() {
        out_ = std::exchange(queued_, {});
        asio::async_write(stream_, asio::buffer(out_),
                          [self = shared_from_this()](const error_code& error, std::size_t) {
                              self->out_.clear();
                              self->buffers_.hold(self->queued_.capacity());
                              if (error) return self->stream_.close();
                              if (!self->queued_.empty()) self->send_queued();
                          });
    }

    void write(std::string text, void (Connection::*next)()) {
        out_ = std::move(text);
        buffers_.hold(out_.capacity() + buffer_.capacity());
        asio::async_write(stream_, asio::buffer(out_),
                          [self = shared_from_this(), next](const error_code& error, std::size_t) {
                              if (!error) (self.get()->*next)();
                          });
    }

    /// Between two requests: it keeps its place unless others need it.
    void read_next() {
        place_.move(Standing::guest);
        if (buffer_.size() == 0) buffer_ = {};
        std::string{}.swap(out_);  // not "= {}", which keeps the memory of a long answer, uncounted
        buffers_.hold(buffer_.capacity());
        read_head();
    }

    void linger() {
        place_.closing();
        if (is_at_work_) place_.move(Standing::guest);
        error_code ignored;
        stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
        stream_.expires_after(kLingerLimit);
        drop_input();
    }

    void drop_input() {
        buffer_.clear();
        stream_.async_read_some(buffer_.prepare(4096),
                                [self = shared_from_this()](const error_code& error, std::size_t) {
                                    if (error) return self->stream_.close();
                                    self->drop_input();
                                });
    }

    beast::tcp_stream stream_;
    Address peer_;
    std::shared_ptr<Shared> shared_;
    Place place_, stream_place_;
    BufferShare buffers_;
    beast::flat_buffer buffer_;
    std::optional<http::request_parser<GrowingBody>> parser_;
    std::string out_;      // until it is written
    std::string queued_;   // of a stream, queued behind it
    bool is_head_{false};  // the method
    bool is_head_read_{false};
    bool is_at_work_{false};  // its place is that of a connection with a request
};

HttpSessions::HttpSessions(Loop& loop, HttpLimits limits, bool cors, HttpServer::Handler handler,
                           std::uint16_t port)
    : loop_{loop},
      shared_{std::make_shared<Shared>(Shared{loop.impl().io, limits, cors, std::move(handler), {}, {}})} {
    const std::string name = "HTTP port " + std::to_string(port);
    shared_->gate = std::make_shared<Gate>(
        loop, AdmissionLimits{limits.strangers_max, limits.strangers_per_address_max, limits.connections_max},
        name);
    shared_->streams = std::make_shared<Gate>(
        loop, AdmissionLimits{limits.streams_max, limits.streams_max, 0}, name + ", event streams");
}

std::size_t HttpSessions::open() const { return shared_->gate->open(); }
void HttpSessions::stop() { shared_->stopped = true; }

void HttpSessions::serve(Fd fd, const Address& peer) const {
    asio::ip::tcp::socket socket{shared_->io};
    error_code error;
    auto protocol = peer.family() == AF_INET6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4();
    socket.assign(protocol, fd.get(), error);
    if (error) return;
    fd.release();
    std::make_shared<Connection>(loop_, std::move(socket), peer, shared_)->read_head();
}

namespace {

class TcpHttpServer final : public HttpServer {
  public:
    TcpHttpServer(std::unique_ptr<Acceptor> acceptor, HttpSessions sessions)
        : acceptor_{std::move(acceptor)}, sessions_{std::move(sessions)} {}
    ~TcpHttpServer() override { stop(); }
    Endpoint bound() const override { return acceptor_->bound(); }
    void stop() override {
        acceptor_->stop();
        sessions_.stop();
    }

  private:
    std::unique_ptr<Acceptor> acceptor_;
    HttpSessions sessions_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::listen(Loop& loop, const Endpoint& endpoint,
                                                       HttpLimits limits, bool cors, Handler handler) {
    HttpSessions sessions{loop, limits, cors, std::move(handler), endpoint.port};
    HP_TRY(auto acceptor, Acceptor::listen(loop, endpoint, [sessions](Fd fd, const Address& peer) {
               sessions.serve(std::move(fd), peer);
           }));
    return std::make_unique<TcpHttpServer>(std::move(acceptor), std::move(sessions));
}

}  // namespace hp::net
