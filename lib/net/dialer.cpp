#include "net/dialer.hpp"

#include <cerrno>
#include <cstring>

#include "net/asio_impl.hpp"

namespace hp::net {

struct Dialer::Attempt : Pollable, std::enable_shared_from_this<Dialer::Attempt> {
    Attempt(Loop& loop_, Endpoint endpoint_, std::int64_t limit_ms_, OnDone done_)
        : loop{loop_},
          endpoint{std::move(endpoint_)},
          limit_ms{limit_ms_},
          done{std::move(done_)},
          resolver{loop_.impl().io},
          limit{loop_},
          address_limit{loop_} {}

    void start() {
        end_ms = steady_ms_now() + limit_ms;
        limit.after(limit_ms, [this] {
            finish(Errc::timeout, "no answer within " + std::to_string(limit_ms) + " ms",
                   "check address and port, and that no firewall blocks them");
        });
        if (auto numeric = numeric_addresses(endpoint)) {
            addresses = *std::move(numeric);
            // Later, even if it fails at once: the caller does not have our handle yet.
            loop.post([weak = weak_from_this()] {
                if (auto self = weak.lock()) self->connect_next();
            });
            return;
        }
        resolver.async_resolve(
            endpoint.host, std::to_string(endpoint.port), asio::ip::tcp::resolver::numeric_service,
            [weak = weak_from_this()](const error_code& error, const auto& results) {
                auto self = weak.lock();
                if (!self || !self->done) return;
                if (error) return self->cannot_resolve(error.message());
                for (const auto& entry : results)
                    self->addresses.push_back(address_from(entry.endpoint().data(), entry.endpoint().size()));
                self->connect_next();
            });
    }

    void cannot_resolve(const std::string& why) {
        finish(Errc::io, "the name does not resolve (" + why + ")",
               "check the name and the DNS of this machine");
    }

    void connect_next() {
        close();
        if (!done) return;
        if (next == addresses.size()) return finish_with_errno(last_errno);
        const Address& address = addresses[next++];
        fd = Fd{::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
        if (!fd) return failed_with(errno);
        set_stream_options(fd.get());
        if (::connect(fd.get(), address.get(), address.size) != 0 && errno != EINPROGRESS)
            return failed_with(errno);
        reactor_of(loop).add(fd.get(), EPOLLOUT, shared_from_this());
        // An address that drops packets must leave time for the next one.
        auto left_ms = std::max<std::int64_t>(end_ms - steady_ms_now(), 1);
        auto share_ms = left_ms / static_cast<std::int64_t>(addresses.size() - next + 1);
        if (next < addresses.size())
            address_limit.after(std::max<std::int64_t>(share_ms, 1), [this] { failed_with(ETIMEDOUT); });
        else
            address_limit.cancel();
    }

    void on_ready(std::uint32_t) override {
        int number = 0;
        socklen_t size = sizeof number;
        if (::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &number, &size) != 0) number = errno;
        if (number != 0) return failed_with(number);
        reactor_of(loop).remove(fd.get());
        limit.cancel();
        address_limit.cancel();
        std::string peer = addresses[next - 1].text();
        std::exchange(done, nullptr)(Connected{std::move(fd), std::move(peer)});
    }

    void failed_with(int number) {
        last_errno = number;
        connect_next();
    }

    void finish_with_errno(int number) {
        if (number == ECONNREFUSED)
            return finish(Errc::io, "connection refused",
                          "check that the server is running and listens on this port");
        finish(Errc::io, std::strerror(number));
    }

    void finish(Errc code, const std::string& why, std::string hint = {}) {
        auto self = shared_from_this();
        cancel();
        if (auto call = std::exchange(done, nullptr))
            call(fail(code, "cannot connect to " + endpoint.text() + ": " + why, std::move(hint)));
    }

    void close() {
        if (fd) reactor_of(loop).remove(fd.get());
        fd.reset();
    }

    void cancel() {
        resolver.cancel();
        limit.cancel();
        address_limit.cancel();
        close();
    }

    Loop& loop;
    Endpoint endpoint;
    std::int64_t limit_ms;
    OnDone done;
    asio::ip::tcp::resolver resolver;
    Timer limit, address_limit;
    SteadyMs end_ms{0};
    std::vector<Address> addresses;
    std::size_t next{0};
    Fd fd;
    int last_errno{EADDRNOTAVAIL};
};

Dialer::Dialer(std::shared_ptr<Attempt> attempt) : attempt_{std::move(attempt)} {}

Dialer::~Dialer() {
    attempt_->done = nullptr;
    attempt_->cancel();
}

std::unique_ptr<Dialer> Dialer::start(Loop& loop, const Endpoint& endpoint, std::int64_t limit_ms,
                                      OnDone done) {
    auto attempt = std::make_shared<Attempt>(loop, endpoint, limit_ms, std::move(done));
    attempt->start();
    return std::unique_ptr<Dialer>(new Dialer(std::move(attempt)));
}

}  // namespace hp::net
