#include "log/log.hpp"
#include "net/acceptor.hpp"
#include "net/first_bytes.hpp"
#include "net/frame_socket.hpp"
#include "net/waiting.hpp"

namespace hp::net {

namespace {

/// What the listener, its handshakes and its connections share; the last of them takes it away.
struct Shared {
    FrameLimits limits;
    FrameListener::IdentityNow identity;
    FrameListener::OnAccept on_accept;
    Waiting waiting{};
    std::shared_ptr<FrameCounters> counters{std::make_shared<FrameCounters>()};
    std::shared_ptr<std::size_t> connections{std::make_shared<std::size_t>(0)};
    log::Limited handshake_log{log::Level::warn};
    log::Limited full_log{log::Level::warn};
};

class ResponderHandshake final : public HandshakeIo {
  public:
    ResponderHandshake(Loop& loop, Fd fd, std::string peer, Slot slot, std::shared_ptr<Shared> shared)
        : HandshakeIo{loop, std::move(fd), noise::kAct1Size},
          peer_{std::move(peer)},
          slot_{std::move(slot)},
          shared_{std::move(shared)} {}
    void waits_as(Waiting::Id id) { id_ = id; }

  private:
    Result<> on_partial(ByteView bytes) override {
        if (auto guess = guess_plain_protocol(bytes); !guess.empty())
            return fail(Errc::protocol,
                        "this looks like " + std::string(guess) + "; the port speaks SV2 Noise only");
        return {};
    }

    void on_whole(ByteView act1) override {
        auto shared = shared_;
        shared->waiting.remove(id_);
        auto answer = noise::respond(act1, shared->identity(), noise::KeyPair::generate());
        if (!answer) return on_failed(answer.error());
        if (!send_whole(answer->act2)) return on_failed({Errc::io, "the answer could not be sent", {}});
        ++shared->counters->accepted;
        auto connection =
            std::make_shared<FrameSocket>(loop(), take_fd(), std::move(peer_), shared->limits,
                                          std::move(answer->session), std::move(slot_), shared->counters);
        shared->on_accept(std::move(connection));
    }

    void on_failed(const Error& reason) override {
        shared_->waiting.remove(id_);
        ++shared_->counters->handshake_failed;
        shared_->handshake_log.about(peer_, "{}: handshake failed: {}", peer_, reason.what);
        cancel();
    }

    std::string peer_;
    Slot slot_;
    std::shared_ptr<Shared> shared_;
    Waiting::Id id_{0};
};

void start_handshake(Loop& loop, const std::shared_ptr<Shared>& shared, Fd fd, const Address& peer) {
    const FrameLimits& limits = shared->limits;
    if (*shared->connections >= limits.connections_max) {
        ++shared->counters->refused_full;
        shared->full_log("{}: refused: {} connections are open, which is the limit", peer.text(),
                         *shared->connections);
        return;
    }
    // Before any cryptography: room among those that have not proved anything yet.
    auto source = peer.source();
    bool source_is_full = shared->waiting.size(source) >= limits.unauthenticated_per_address_max;
    if (source_is_full || shared->waiting.size() >= limits.unauthenticated_max) {
        ++shared->counters->refused_full;
        shared->full_log("{}: too many unfinished handshakes{}; the oldest one is closed", peer.text(),
                         source_is_full ? " from this address" : "");
        shared->waiting.drop_oldest(source_is_full ? &source : nullptr);
    }
    auto handshake = std::make_shared<ResponderHandshake>(loop, std::move(fd), peer.text(),
                                                          take_slot(shared->connections), shared);
    handshake->waits_as(shared->waiting.add(source, handshake));
    handshake->start(limits.handshake_ms);
}

class TcpFrameListener final : public FrameListener {
  public:
    TcpFrameListener(std::unique_ptr<Acceptor> acceptor, std::shared_ptr<Shared> shared)
        : acceptor_{std::move(acceptor)}, shared_{std::move(shared)} {}
    ~TcpFrameListener() override { stop(); }
    Endpoint bound() const override { return acceptor_->bound(); }
    const FrameCounters& counters() const override { return *shared_->counters; }
    void stop() override {
        acceptor_->stop();
        shared_->waiting.drop_all();
    }

  private:
    std::unique_ptr<Acceptor> acceptor_;
    std::shared_ptr<Shared> shared_;
};

}  // namespace

Result<std::unique_ptr<FrameListener>> FrameListener::listen(Loop& loop, const Endpoint& endpoint,
                                                             FrameLimits limits, IdentityNow identity,
                                                             OnAccept on_accept) {
    auto shared = std::make_shared<Shared>(Shared{limits, std::move(identity), std::move(on_accept)});
    HP_TRY(auto acceptor, Acceptor::listen(loop, endpoint, [&loop, shared](Fd fd, const Address& peer) {
               start_handshake(loop, shared, std::move(fd), peer);
           }));
    return std::make_unique<TcpFrameListener>(std::move(acceptor), std::move(shared));
}

}  // namespace hp::net
