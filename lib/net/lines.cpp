#include "net/lines.hpp"

#include <algorithm>

#include "log/log.hpp"
#include "net/acceptor.hpp"
#include "net/dialer.hpp"
#include "net/first_bytes.hpp"
#include "net/stream.hpp"

namespace hp::net {

namespace {

/// About 80 shares: how much one connection may use of a loop's turn.
constexpr std::size_t kReadBytesMax = 8 * 1024;

class LineSocket final : public Stream, public LineConnection {
  public:
    LineSocket(Loop& loop, Fd fd, std::string peer, const LineLimits& limits, Place place)
        : Stream{loop, std::move(fd), std::move(peer), limits.send_queue_bytes_max, std::move(place)},
          line_bytes_max_{limits.line_bytes_max},
          is_first_{limits.names_other_protocols} {
        bound_reads(kReadBytesMax);
    }

    void set_handler(std::shared_ptr<LineHandler> handler) override {
        HP_ASSERT(handler);
        if (!open()) return;
        handler_ = std::move(handler);
        start_reading();
    }
    void send(std::string_view text) override {
        if (!open()) return;
        append(queue(), as_bytes(text));
        queued();
    }
    void close(std::string_view reason) override { close_softly(reason); }
    bool is_open() const override { return open(); }
    const std::string& peer() const override { return peer_text(); }
    bool prove(Standing standing) override { return stands(standing); }

  private:
    void on_bytes(ByteView bytes) override {
        std::string_view text = as_text(bytes);
        if (is_first_ && is_other_protocol(text)) return;
        bool any = false;
        while (open()) {
            std::size_t newline = text.find('\n');
            std::size_t piece = newline == std::string_view::npos ? text.size() : newline;
            if (begun_.size() + piece > line_bytes_max_) return too_long();
            if (newline == std::string_view::npos) break;
            any = true;
            deliver(text.substr(0, newline));
            text.remove_prefix(newline + 1);
        }
        if (!open()) return;
        keep(text);
        if (any) handler_->on_read_done();
    }

    /// Checks until the first line is complete, or so long that it must be one. Also true if more bytes are
    /// needed.
    bool is_other_protocol(std::string_view text) {
        constexpr std::size_t kLookedAt = 64;
        const std::string first = begun_.substr(0, kLookedAt) + std::string(text.substr(0, kLookedAt));
        if (may_become_not_lines(as_bytes(first))) {
            keep(text);
            return true;
        }
        const auto guess = guess_not_lines(as_bytes(first));
        if (guess.empty()) {
            is_first_ = text.find('\n') == text.npos && first.size() < kLookedAt;
            return false;
        }
        const auto handler = handler_;
        handler->on_other_protocol(guess);
        if (!open()) return true;
        if (guess == "HTTP") send(http_refusal("Stratum V1 (JSON lines)"));
        if (guess == "SV2 (Noise)")
            send("{\"id\":null,\"result\":null,\"error\":[20,\"this port speaks SV1, not SV2\",null]}\n");
        close_softly("speaks " + std::string(guess));
        handler->on_close({Errc::protocol, "speaks " + std::string(guess), {}});
        return true;
    }

    /// Grow by a quarter, while std::string would double: thousands may be incomplete.
    void keep(std::string_view text) {
        const std::size_t needed = begun_.size() + text.size();
        if (needed > begun_.capacity()) {
            std::string grown;
            grown.reserve(std::max(needed, begun_.capacity() + begun_.capacity() / 4));
            grown.append(begun_);
            begun_ = std::move(grown);
        }
        begun_.append(text);
    }

    void deliver(std::string_view rest) {
        auto handler = handler_;  // it may close us, or be replaced, during the call
        std::string whole;
        if (!begun_.empty()) {
            whole = std::move(begun_);
            begun_ = {};
            whole += rest;
            rest = whole;
        }
        if (!rest.empty() && rest.back() == '\r') rest.remove_suffix(1);
        handler->on_line(rest);
    }

    void too_long() {
        end({Errc::protocol, "a line is longer than " + std::to_string(line_bytes_max_) + " bytes", {}});
    }
    void on_ended(const Error& reason) override {
        if (handler_) handler_->on_close(reason);
    }
    void on_released() override { handler_.reset(); }
    void on_too_slow() override {}
    std::size_t unfinished_bytes() const override { return begun_.capacity(); }

    std::size_t line_bytes_max_;
    bool is_first_;
    std::shared_ptr<LineHandler> handler_;
    std::string begun_;  // the line without its newline yet
};

struct LineServerState {
    LineLimits limits;
    LineListener::OnAccept on_accept;
    std::shared_ptr<Gate> gate;
};

class TcpLineListener final : public LineListener {
  public:
    explicit TcpLineListener(std::unique_ptr<Acceptor> acceptor) : acceptor_{std::move(acceptor)} {}
    Endpoint bound() const override { return acceptor_->bound(); }
    void stop() override { acceptor_->stop(); }

  private:
    std::unique_ptr<Acceptor> acceptor_;
};

class TcpLineDial final : public LineDial {
  public:
    TcpLineDial(Loop& loop, const Endpoint& endpoint, std::int64_t limit_ms, LineLimits limits, OnDone done)
        : dialer_{
              Dialer::start(loop, endpoint, limit_ms, [&loop, limits, done = std::move(done)](auto result) {
                  if (!result) return done(fail(result.error()));
                  done(std::make_shared<LineSocket>(loop, std::move(result->fd), std::move(result->peer),
                                                    limits, Place{}));
              })} {}

  private:
    std::unique_ptr<Dialer> dialer_;
};

}  // namespace

Result<std::unique_ptr<LineListener>> LineListener::listen(Loop& loop, const Endpoint& endpoint,
                                                           LineLimits limits, OnAccept on_accept) {
    auto gate = std::make_shared<Gate>(
        loop, AdmissionLimits{limits.strangers_max, limits.strangers_per_address_max, limits.connections_max},
        "port " + std::to_string(endpoint.port));
    auto shared = std::make_shared<LineServerState>(LineServerState{limits, std::move(on_accept), gate});
    HP_TRY(auto acceptor, Acceptor::listen(loop, endpoint, [&loop, shared](Fd fd, const Address& peer) {
               shared->on_accept(std::make_shared<LineSocket>(loop, std::move(fd), peer.text(),
                                                              shared->limits, shared->gate->enter(peer)));
           }));
    return std::make_unique<TcpLineListener>(std::move(acceptor));
}

std::unique_ptr<LineDial> LineDial::start(Loop& loop, const Endpoint& endpoint, std::int64_t limit_ms,
                                          LineLimits limits, OnDone done) {
    return std::make_unique<TcpLineDial>(loop, endpoint, limit_ms, limits, std::move(done));
}

}  // namespace hp::net
