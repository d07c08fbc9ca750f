#include <openssl/evp.h>

#include <deque>
#include <list>

#include "base/bytes.hpp"
#include "net/http.hpp"
#include "net/http_link.hpp"

namespace hp::net {

namespace {

std::string base64(const std::string& text) {
    std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
    int size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    out.resize(static_cast<std::size_t>(size));
    return out;
}

/// GET and HEAD may be repeated whatever the server did with the first one (RFC 9110 section 9.2.2).
bool is_repeatable(const HttpMessage& message) {
    return message.method() == http::verb::get || message.method() == http::verb::head;
}

class PooledClient final : public HttpClient {
  public:
    PooledClient(Loop& loop, HttpUrl url, Options options, std::shared_ptr<asio::ssl::context> tls)
        : loop_{loop}, url_{std::move(url)}, options_{std::move(options)}, tls_{std::move(tls)} {
        if (!options_.basic_user.empty())
            authorization_ = "Basic " + base64(options_.basic_user + ":" + options_.basic_password);
        else if (!options_.bearer.empty())
            authorization_ = "Bearer " + options_.bearer;
    }

    ~PooledClient() override {
        for (auto& exchange : active_) exchange->link->close();
        for (auto& link : idle_) link->close();
    }

    void request(std::string_view method, std::string_view path, std::string_view body, OnDone done,
                 std::int64_t request_ms) override {
        HP_ASSERT(!path.empty() && path.front() == '/');
        if (waiting_.size() >= options_.waiting_max)
            return refuse(std::move(done),
                          fail(Errc::refused, "too many requests are waiting for " + url_.endpoint.text()));
        // A path may contain what a peer sent; a space or a line break would turn it into another request.
        if (!std::all_of(path.begin(), path.end(), [](char c) { return c > 0x20 && c < 0x7f; }))
            return refuse(std::move(done),
                          fail(Errc::invalid, "'" + printable(path) + "' is not allowed in a URL"));
        auto exchange = std::make_shared<Exchange>(loop_);
        exchange->done = std::move(done);
        exchange->message = make_message(method, path, body);
        std::int64_t limit_ms = request_ms > 0 ? request_ms : options_.request_ms;
        exchange->deadline.after(limit_ms, [this, weak = std::weak_ptr{exchange}, limit_ms] {
            if (auto late = weak.lock()) on_deadline(late, limit_ms);
        });
        waiting_.push_back(std::move(exchange));
        start_next();
    }

  private:
    struct Exchange {
        explicit Exchange(Loop& loop) : deadline{loop} {}
        HttpMessage message;
        OnDone done;
        Timer deadline;
        std::shared_ptr<HttpLink> link;
        bool is_kept_link{false};
        bool is_open{false};
        bool is_retry{false};
    };
    using ExchangePtr = std::shared_ptr<Exchange>;

    /// Answers later, as always: a caller never gets its callback inside its call.
    void refuse(OnDone done, Result<HttpResponse> why) {
        loop_.post([alive = std::weak_ptr{alive_}, done = std::move(done), why = std::move(why)] {
            if (!alive.expired()) done(why);
        });
    }

    HttpMessage make_message(std::string_view method, std::string_view path, std::string_view body) const {
        std::string target = url_.path;
        target += path;
        HttpMessage message;
        message.version(11);
        message.method_string({method.data(), method.size()});
        message.target(target);
        message.set(http::field::host, url_.host_header());
        message.set(http::field::user_agent, "hashpool");
        message.set(http::field::accept, "*/*");
        if (!authorization_.empty()) message.set(http::field::authorization, authorization_);
        if (!body.empty()) message.set(http::field::content_type, "application/json");
        message.body() = body;
        message.prepare_payload();
        return message;
    }

    void start_next() {
        while (!waiting_.empty() && active_.size() < options_.connections_max) {
            auto exchange = std::move(waiting_.front());
            waiting_.pop_front();
            start(exchange);
        }
    }

    void start(const ExchangePtr& exchange) {
        active_.push_back(exchange);
        while (!exchange->is_retry && !idle_.empty()) {
            auto link = std::move(idle_.back());
            idle_.pop_back();
            if (link->is_reusable()) {
                exchange->link = std::move(link);
                exchange->is_kept_link = exchange->is_open = true;
                return send(exchange);
            }
            link->close();
        }
        // At most connections_max sockets, the idle ones included.
        if (active_.size() + idle_.size() > options_.connections_max && !idle_.empty()) {
            idle_.front()->close();
            idle_.pop_front();
        }
        exchange->is_kept_link = false;
        exchange->link = make_http_link(loop_, url_, options_.body_bytes_max, tls_);
        exchange->link->open([this, weak = std::weak_ptr{exchange}](Result<> opened) {
            auto self = weak.lock();
            if (!self) return;
            if (!opened) return finish(self, fail(opened.error()));
            self->is_open = true;
            send(self);
        });
    }

    void send(const ExchangePtr& exchange) {
        exchange->link->exchange(exchange->message, [this, weak = std::weak_ptr{exchange}](auto answer) {
            auto self = weak.lock();
            if (!self) return;
            if (answer) return finish(self, to_response(*std::move(answer)));
            const LinkFailure& failure = answer.error();
            bool was_stale = self->is_kept_link && !self->is_retry && failure.unanswered;
            if (was_stale && (failure.unsent || is_repeatable(self->message))) return retry(self);
            finish(self, fail(failure.error));
        });
    }

    void retry(const ExchangePtr& exchange) {
        drop_active(exchange);
        exchange->link->close();
        exchange->is_retry = true;
        start(exchange);
    }

    void on_deadline(const ExchangePtr& exchange, std::int64_t limit_ms) {
        const bool is_handshake = url_.is_https && exchange->link && !exchange->is_open;
        auto late = fail(Errc::timeout,
                         "no answer from " + url_.endpoint.text() + " within " + std::to_string(limit_ms) +
                             " ms" + (is_handshake ? " to begin TLS" : ""),
                         is_handshake ? "if it should be reached without TLS, use an http:// URL" : "");
        if (exchange->link) return finish(exchange, late);
        std::erase(waiting_, exchange);
        exchange->done(late);
    }

    void finish(ExchangePtr exchange, Result<HttpResponse> result) {
        exchange->deadline.cancel();
        drop_active(exchange);
        if (result && exchange->link->is_reusable())
            idle_.push_back(std::move(exchange->link));
        else
            exchange->link->close();
        start_next();
        exchange->done(std::move(result));  // last: it may destroy this client
    }

    void drop_active(const ExchangePtr& exchange) { std::erase(active_, exchange); }

    static HttpResponse to_response(HttpAnswer answer) {
        HttpResponse out;
        out.status = static_cast<int>(answer.result_int());
        out.content_type.clear();
        for (const auto& field : answer) {
            if (field.name() == http::field::content_type) out.content_type = std::string{field.value()};
            out.headers.emplace_back(std::string{field.name_string()}, std::string{field.value()});
        }
        out.body = std::move(answer.body());
        return out;
    }

    Loop& loop_;
    HttpUrl url_;
    Options options_;
    std::shared_ptr<asio::ssl::context> tls_;
    std::string authorization_;
    std::deque<ExchangePtr> waiting_;
    std::vector<ExchangePtr> active_;
    std::deque<std::shared_ptr<HttpLink>> idle_;
    std::shared_ptr<bool> alive_{std::make_shared<bool>(true)};
};

}  // namespace

Result<std::unique_ptr<HttpClient>> HttpClient::create(Loop& loop, std::string_view base_url,
                                                       Options options) {
    HP_TRY(auto url, http_url_from_text(base_url));
    HP_ASSERT(options.connections_max > 0);
    std::shared_ptr<asio::ssl::context> tls;
    if (url.is_https) {
        HP_TRY(tls, make_tls_context());
    }
    return std::make_unique<PooledClient>(loop, std::move(url), std::move(options), std::move(tls));
}

Result<HttpResponse> HttpClient::request_and_wait(Loop& loop, std::string_view method, std::string_view path,
                                                  std::string_view body) {
    // Shared: if the loop is stopped first (a signal), the answer comes after this call has returned.
    auto answer = std::make_shared<std::optional<Result<HttpResponse>>>();
    request(method, path, body, [&loop, answer](Result<HttpResponse> result) {
        *answer = std::move(result);
        loop.stop();
    });
    loop.run();
    if (!*answer) return fail(Errc::stopped, "stopped while waiting for an answer");
    return **std::move(answer);
}

}  // namespace hp::net
