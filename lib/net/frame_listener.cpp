#include "log/log.hpp"
#include "net/acceptor.hpp"
#include "net/fair_queue.hpp"
#include "net/first_bytes.hpp"
#include "net/frame_socket.hpp"
#include "net/handshake_io.hpp"

namespace hp::net {

namespace {

/// Answering one costs about 0.3 ms of cryptography. This many at once, then it is the other connections'
/// turn.
constexpr int kAnswersPerTurn = 8;

constexpr const char* kSpeaks = "Stratum V2 (Noise)";

class ResponderHandshake;

/// Shared by the listener, its handshakes and its connections; the last of them destroys it.
struct Shared {
    FrameLimits limits;
    FrameListener::IdentityNow identity;
    FrameListener::OnAccept on_accept;
    std::shared_ptr<Gate> gate;
    std::shared_ptr<FrameCounters> counters;
    FairQueue<Admission::Source, std::shared_ptr<ResponderHandshake>> to_answer{};
    std::map<ResponderHandshake*, std::weak_ptr<ResponderHandshake>> begun{};
    log::Limited handshake_log{log::Level::warn};
    FrameListener::OnOtherProtocol on_other{};
};

void answer_some(Loop& loop, const std::shared_ptr<Shared>& shared);

class ResponderHandshake final : public HandshakeIo, public Droppable {
  public:
    ResponderHandshake(Loop& loop, Fd fd, const Address& peer, std::shared_ptr<Shared> shared)
        : HandshakeIo{loop, std::move(fd), noise::kAct1Size},
          peer_{peer.text()},
          source_{peer.source()},
          place_{shared->gate->enter(peer)},
          shared_{std::move(shared)} {
        place_.held_by(*this);
    }
    ~ResponderHandshake() { shared_->begun.erase(this); }
    void begin() {
        shared_->begun.emplace(this, std::static_pointer_cast<ResponderHandshake>(shared_from_this()));
        start(shared_->limits.handshake_ms);
    }
    void drop(const Error&) override {
        const auto self = shared_from_this();  // cancelling may release the last reference to us
        cancel_and_leave();
    }
    void cancel_and_leave() {
        cancel();
        place_.leave();
    }

    void answer() {
        if (is_over()) return;
        auto shared = shared_;
        auto answer = noise::respond(act1_, shared->identity(), noise::KeyPair::generate());
        if (!answer) return on_failed(answer.error());
        if (!send_whole(answer->act2)) return on_failed({Errc::io, "the answer could not be sent", {}});
        ++shared->counters->accepted;
        auto connection =
            std::make_shared<FrameSocket>(loop(), take_fd(), std::move(peer_), shared->limits,
                                          std::move(answer->session), std::move(place_), shared->counters);
        shared->on_accept(std::move(connection));
    }

  private:
    Result<> on_partial(ByteView bytes) override {
        const auto guess = guess_plain_protocol(bytes);
        if (guess.empty()) return {};
        if (guess == "HTTP") answer_in_clear(http_refusal(kSpeaks));
        if (guess == "SV1 (JSON)")
            answer_in_clear(R"({"id":null,"result":null,"error":[20,"this port speaks )" +
                            std::string(kSpeaks) + ", not SV1\",null]}\n");
        if (shared_->on_other) shared_->on_other(peer_, guess);
        return fail(Errc::protocol, "speaks " + std::string(guess) + "; this port speaks " + kSpeaks);
    }

    void on_whole(ByteView act1) override {
        act1_ = act1;
        const bool is_first = shared_->to_answer.empty();
        shared_->to_answer.push(source_, std::static_pointer_cast<ResponderHandshake>(shared_from_this()));
        if (is_first)
            loop().post([this_loop = &loop(), shared = shared_] { answer_some(*this_loop, shared); });
    }

    void on_failed(const Error& reason) override {
        ++shared_->counters->handshake_failed;
        shared_->handshake_log.about(peer_, "{}: handshake failed: {}", peer_, reason.what);
        cancel_and_leave();
    }

    std::string peer_;
    Admission::Source source_;
    Place place_;
    std::shared_ptr<Shared> shared_;
    ByteView act1_;
};

void answer_some(Loop& loop, const std::shared_ptr<Shared>& shared) {
    for (int i = 0; i < kAnswersPerTurn && !shared->to_answer.empty(); ++i) shared->to_answer.pop()->answer();
    if (!shared->to_answer.empty()) loop.post([&loop, shared] { answer_some(loop, shared); });
}

class TcpFrameListener final : public FrameListener {
  public:
    TcpFrameListener(std::unique_ptr<Acceptor> acceptor, std::shared_ptr<Shared> shared)
        : acceptor_{std::move(acceptor)}, shared_{std::move(shared)} {}
    ~TcpFrameListener() override { stop(); }
    Endpoint bound() const override { return acceptor_->bound(); }
    const FrameCounters& counters() const override { return *shared_->counters; }
    void tell_other_protocols(OnOtherProtocol call) override { shared_->on_other = std::move(call); }
    void stop() override {
        acceptor_->stop();
        for (const auto& [raw, weak] : std::exchange(shared_->begun, {}))
            if (const auto handshake = weak.lock()) handshake->cancel_and_leave();
        shared_->to_answer = {};
    }

  private:
    std::unique_ptr<Acceptor> acceptor_;
    std::shared_ptr<Shared> shared_;
};

}  // namespace

Result<std::unique_ptr<FrameListener>> FrameListener::listen(Loop& loop, const Endpoint& endpoint,
                                                             FrameLimits limits, IdentityNow identity,
                                                             OnAccept on_accept) {
    auto counters = std::make_shared<FrameCounters>();
    auto gate = std::make_shared<Gate>(
        loop, AdmissionLimits{limits.strangers_max, limits.strangers_per_address_max, limits.connections_max},
        "port " + std::to_string(endpoint.port),
        std::shared_ptr<std::uint64_t>(counters, &counters->refused_full));
    auto shared = std::make_shared<Shared>(
        Shared{limits, std::move(identity), std::move(on_accept), std::move(gate), std::move(counters)});
    HP_TRY(auto acceptor, Acceptor::listen(loop, endpoint, [&loop, shared](Fd fd, const Address& peer) {
               std::make_shared<ResponderHandshake>(loop, std::move(fd), peer, shared)->begin();
           }));
    return std::make_unique<TcpFrameListener>(std::move(acceptor), std::move(shared));
}

}  // namespace hp::net
