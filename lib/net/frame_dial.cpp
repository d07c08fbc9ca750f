#include "net/dialer.hpp"
#include "net/first_bytes.hpp"
#include "net/frame_socket.hpp"
#include "net/handshake_io.hpp"

namespace hp::net {

namespace {

class InitiatorHandshake final : public HandshakeIo {
  public:
    using OnDone = std::function<void(Result<std::pair<Fd, noise::TransportKeys>>)>;
    InitiatorHandshake(Loop& loop, Fd fd, const crypto::XOnlyKey32& authority, OnDone done)
        : HandshakeIo{loop, std::move(fd), noise::kAct2Size},
          initiator_{noise::KeyPair::generate()},
          authority_{authority},
          done_{std::move(done)} {}

    bool send_act1() { return send_whole(initiator_.act1()); }

  private:
    Result<> on_partial(ByteView bytes) override {
        const auto guess = guess_plain_protocol(bytes);
        if (guess.empty()) return {};
        return fail(Errc::protocol, "it speaks " + std::string(guess) + ", expected SV2 (Noise)");
    }
    void on_whole(ByteView act2) override {
        auto session = initiator_.on_act2(act2, authority_, unix_ms_now() / 1000);
        if (!session) return report(fail(session.error()));
        report(std::pair{take_fd(), *std::move(session)});
    }
    void on_failed(const Error& reason) override { report(fail(reason)); }
    void report(Result<std::pair<Fd, noise::TransportKeys>> result) {
        auto self = shared_from_this();
        if (!result) cancel();
        done_(std::move(result));
    }

    noise::Initiator initiator_;
    crypto::XOnlyKey32 authority_;
    OnDone done_;
};

class TcpFrameDial final : public FrameDial {
  public:
    TcpFrameDial(Loop& loop, const Endpoint& endpoint, const crypto::XOnlyKey32& authority,
                 FrameLimits limits, OnDone done)
        : loop_{loop}, endpoint_{endpoint}, authority_{authority}, limits_{limits}, done_{std::move(done)} {
        end_ms_ = steady_ms_now() + limits.handshake_ms;
        dialer_ = Dialer::start(loop, endpoint, limits.handshake_ms, [this](auto result) {
            if (!result) return report(fail(result.error()));
            on_connected(*std::move(result));
        });
    }
    ~TcpFrameDial() override {
        if (handshake_) handshake_->cancel();
    }

  private:
    void on_connected(Dialer::Connected connected) {
        peer_ = std::move(connected.peer);
        handshake_ =
            std::make_shared<InitiatorHandshake>(loop_, std::move(connected.fd), authority_,
                                                 [this](auto result) { on_session(std::move(result)); });
        if (!handshake_->send_act1()) return report(failed("the first message could not be sent"));
        handshake_->start(std::max<std::int64_t>(end_ms_ - steady_ms_now(), 1));
    }

    void on_session(Result<std::pair<Fd, noise::TransportKeys>> result) {
        if (!result) return report(failed(result.error().what, result.error()));
        report(std::static_pointer_cast<FrameConnection>(std::make_shared<FrameSocket>(
            loop_, std::move(result->first), std::move(peer_), limits_, std::move(result->second), Place{},
            std::make_shared<FrameCounters>())));
    }

    tl::unexpected<Error> failed(const std::string& why, const Error& cause = {Errc::io, {}, {}}) const {
        std::string hint = cause.hint;
        if (hint.empty())
            hint = "check that " + endpoint_.text() +
                   " is an SV2 port and that its authority key is the configured one";
        return fail(cause.code, "handshake with " + endpoint_.text() + " failed: " + why, std::move(hint));
    }

    void report(Result<std::shared_ptr<FrameConnection>> result) {
        // The call may destroy this object: do not use it afterwards.
        auto call = std::exchange(done_, nullptr);
        auto keep_alive = std::move(handshake_);
        call(std::move(result));
    }

    Loop& loop_;
    Endpoint endpoint_;
    crypto::XOnlyKey32 authority_;
    FrameLimits limits_;
    OnDone done_;
    SteadyMs end_ms_{0};
    std::string peer_;
    std::unique_ptr<Dialer> dialer_;
    std::shared_ptr<InitiatorHandshake> handshake_;
};

}  // namespace

std::unique_ptr<FrameDial> FrameDial::start(Loop& loop, const Endpoint& endpoint,
                                            const crypto::XOnlyKey32& authority, FrameLimits limits,
                                            OnDone done) {
    return std::make_unique<TcpFrameDial>(loop, endpoint, authority, limits, std::move(done));
}

}  // namespace hp::net
