// Records to a collector on another machine, inside Noise.
#include "crypto/random.hpp"
#include "log/log.hpp"
#include "net/frames.hpp"
#include "recordio/event_outlet.hpp"
#include "recordio/writer_auth.hpp"
#include "sv2/frame.hpp"
#include "sv2/registry.hpp"

namespace hp::recordio {
namespace {

namespace records = sv2::records;

constexpr std::int64_t kNoiseSlowRetryMs = 20;
constexpr std::int64_t kNoiseFirstDialMs = 200, kNoiseDialMsMax = 10'000;
constexpr std::int64_t kAuthMs = 10'000;
constexpr std::size_t kFrameBytes = 60'000;
/// How much the connection may hold: it is lost if the connection breaks.
constexpr std::size_t kQueuedMax = 128 * 1024;

class NoiseOutlet final : public EventOutlet {
  public:
    NoiseOutlet(net::Loop& loop, RecordQueue& queue, const NoiseTarget& target, const crypto::SecretKey& key)
        : loop_{loop}, queue_{queue}, target_{target}, key_{key}, pause_{loop}, limit_{loop} {}
    ~NoiseOutlet() override {
        if (peer_) peer_->outlet = nullptr;
        if (connection_) connection_->close("the program is exiting");
    }

    void drain() override {
        if (pause_.is_on() || dial_) return;
        if (!connection_) return dial();
        if (!is_up_) return;
        while (!queue_.is_empty()) {
            if (connection_->queued_bytes() > kQueuedMax) return wait(kNoiseSlowRetryMs);
            send_next();
        }
    }

    void flush(std::int64_t) override {
        // Write what the socket accepts without blocking; do not wait for an absent collector.
        while (is_up_ && !queue_.is_empty() && connection_->queued_bytes() <= kQueuedMax) send_next();
        if (is_up_) connection_->flush();
    }

  private:
    /// The connection may outlive the outlet by its last turn of the loop.
    struct Peer final : net::FrameHandler {
        explicit Peer(NoiseOutlet* outlet_) : outlet{outlet_} {}
        void on_frame(ByteView bytes) override {
            if (outlet) outlet->on_frame(bytes);
        }
        void on_close(const Error& reason) override {
            if (outlet) outlet->lose(reason.what);
        }
        NoiseOutlet* outlet;
    };

    void send_next() {
        const auto next = queue_.front(kFrameBytes, unix_ms_now());
        const auto part = as_bytes(next.substr(0, kFrameBytes));
        records::RecordBytes message;
        message.bytes.value.assign(part.begin(), part.end());
        connection_->send(sv2::encode_frame(message));
        queue_.taken(part.size());
    }

    void dial() {
        net::FrameLimits limits;
        limits.payload_limit = sv2::payload_limit_of<sv2::Family::records>;
        dial_ = net::FrameDial::start(loop_, target_.address, target_.authority, limits, [this](auto result) {
            const auto keep = std::move(dial_);
            if (!result) return lose(result.error().what);
            connection_ = *std::move(result);
            peer_ = std::make_shared<Peer>(this);
            connection_->set_handler(peer_);
            connection_->send(sv2::encode_frame(sign_writer_auth(key_, connection_->handshake_hash())));
            limit_.after(kAuthMs, [this] { lose("no answer to WriterAuth in time"); });
        });
    }

    void on_frame(ByteView bytes) {
        if (auto answer = read_answer(bytes); !answer) return lose("the collector: " + answer.error().what);
        limit_.cancel();
        is_up_ = true;
        backoff_.reset();
        is_told_ = false;
        log::info("events: connected to {}", target_.address.text());
        drain();
    }

    /// The only message that a collector sends.
    Result<> read_answer(ByteView bytes) const {
        HP_TRY(const auto frame, sv2::split_frame(bytes));
        HP_TRY(const auto success, sv2::expect<records::WriterAuthSuccess>(frame));
        if (is_up_) return fail(Errc::protocol, "WriterAuth.Success twice");
        if (success.version != records::kVersion)
            return fail(Errc::protocol, "WriterAuth.Success: version: expected " +
                                            std::to_string(records::kVersion) + ", got " +
                                            std::to_string(success.version));
        return {};
    }

    void lose(const std::string& why) {
        limit_.cancel();
        if (peer_) peer_->outlet = nullptr;
        if (connection_) connection_->close(why);
        connection_.reset();
        peer_.reset();
        is_up_ = false;
        queue_.rewind();
        if (!std::exchange(is_told_, true))
            log::warn("events: {}: {}; records wait, and the oldest are dropped if there are too many",
                      target_.address.text(), why);
        wait(backoff_.next_ms(crypto::random_u32()));
    }
    void wait(std::int64_t ms) { pause_.begin(ms, *this); }

    net::Loop& loop_;
    RecordQueue& queue_;
    NoiseTarget target_;
    crypto::SecretKey key_;
    Pause pause_;
    net::Timer limit_;
    std::unique_ptr<net::FrameDial> dial_;
    std::shared_ptr<net::FrameConnection> connection_;
    std::shared_ptr<Peer> peer_;
    net::Backoff backoff_{kNoiseFirstDialMs, kNoiseDialMsMax};
    bool is_up_{false};
    bool is_told_{false};
};

}  // namespace

std::unique_ptr<EventOutlet> open_noise_outlet(net::Loop& loop, RecordQueue& queue, const NoiseTarget& target,
                                               const crypto::SecretKey& key) {
    return std::make_unique<NoiseOutlet>(loop, queue, target, key);
}

}  // namespace hp::recordio
