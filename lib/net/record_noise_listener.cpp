#include "crypto/base58.hpp"
#include "log/log.hpp"
#include "net/record_intake.hpp"
#include "net/writer_auth.hpp"
#include "sv2/frame.hpp"
#include "sv2/registry.hpp"

namespace hp::net {
namespace {

namespace records = sv2::records;

/// Connections in the handshake, and again those that have not proved themselves. Beyond it the oldest goes:
/// an honest writer needs milliseconds.
constexpr std::size_t kStrangersMax = 16;

class NoiseRecords;

class NoiseWriter final : public FrameHandler, public std::enable_shared_from_this<NoiseWriter> {
  public:
    NoiseWriter(Loop& loop, NoiseRecords& listener, std::shared_ptr<FrameConnection> connection);
    void on_frame(ByteView bytes) override;
    void on_close(const Error& reason) override { leave(reason.what); }
    void end(const std::string& why) {
        const auto self = shared_from_this();
        if (connection_) connection_->close(why);
        leave(why);
    }
    bool is_stranger() const { return !intake_; }

  private:
    void authenticate(const sv2::FrameView& frame);
    void leave(const std::string& why);

    Loop& loop_;
    NoiseRecords* listener_;
    std::shared_ptr<FrameConnection> connection_;
    Timer limit_;
    std::optional<RecordIntake> intake_;  // once it has proved itself
};

class NoiseRecords final : public RecordListener {
  public:
    NoiseRecords(Loop& loop, NoiseRecordOptions options_, RecordLimits limits_, OnRecord on_record_)
        : options{std::move(options_)}, limits{limits_}, on_record{std::move(on_record_)}, loop_{loop} {}
    ~NoiseRecords() override { stop(); }

    Result<> listen() {
        FrameLimits frames;
        frames.handshake_ms = limits.auth_ms;
        frames.unauthenticated_max = kStrangersMax;
        frames.unauthenticated_per_address_max = kStrangersMax;
        frames.connections_max = limits.connections_max + kStrangersMax;
        frames.payload_limit = sv2::payload_limit_of<sv2::Family::records>;
        HP_TRY(frames_, FrameListener::listen(loop_, options.listen, frames, options.identity,
                                              [this](auto connection) { accept(std::move(connection)); }));
        return {};
    }
    Endpoint bound() const override { return frames_->bound(); }
    void stop() override {
        if (frames_) frames_->stop();
        while (!writers_.empty()) writers_.front()->end("stopping");
    }
    /// Whether there is room for one more that has proved itself.
    bool has_room() const {
        const auto proven =
            std::ranges::count_if(writers_, [](const auto& one) { return !one->is_stranger(); });
        return static_cast<std::size_t>(proven) < limits.connections_max;
    }
    void gone(NoiseWriter* writer) {
        std::erase_if(writers_, [&](const auto& known) { return known.get() == writer; });
    }

    const NoiseRecordOptions options;
    const RecordLimits limits;
    const OnRecord on_record;
    log::Limited refused_log{log::Level::warn};

  private:
    void accept(std::shared_ptr<FrameConnection> connection) {
        const auto is_stranger = [](const auto& one) { return one->is_stranger(); };
        if (std::ranges::count_if(writers_, is_stranger) >= static_cast<std::ptrdiff_t>(kStrangersMax))
            (*std::ranges::find_if(writers_, is_stranger))->end("too many connections without WriterAuth");
        auto writer = std::make_shared<NoiseWriter>(loop_, *this, connection);
        writers_.push_back(writer);
        connection->set_handler(writer);
    }

    Loop& loop_;
    std::unique_ptr<FrameListener> frames_;
    std::vector<std::shared_ptr<NoiseWriter>> writers_;  // the oldest first
};

NoiseWriter::NoiseWriter(Loop& loop, NoiseRecords& listener, std::shared_ptr<FrameConnection> connection)
    : loop_{loop}, listener_{&listener}, connection_{std::move(connection)}, limit_{loop} {
    limit_.after(listener.limits.auth_ms, [this] { end("no WriterAuth in time"); });
}

void NoiseWriter::on_frame(ByteView bytes) {
    if (!listener_) return;
    const auto frame = sv2::split_frame(bytes);
    if (!frame) return end(frame.error().what);
    if (!intake_) return authenticate(*frame);
    if (!frame->is<records::RecordBytes>()) return end("expected RecordBytes");
    const auto message = sv2::decode<records::RecordBytes>(frame->payload);
    if (!message) return end(message.error().what);
    intake_->feed(message->bytes.value);
}

void NoiseWriter::authenticate(const sv2::FrameView& frame) {
    const auto refuse = [this](const std::string& why) {
        listener_->refused_log("records: {}: refused: {}", connection_->peer(), why);
        end(why);
    };
    if (!frame.is<records::WriterAuth>()) return refuse("expected WriterAuth");
    const auto auth = sv2::decode<records::WriterAuth>(frame.payload);
    if (!auth) return refuse(auth.error().what);
    if (auth->version != records::kVersion)
        return refuse("version: expected " + std::to_string(records::kVersion) + ", got " +
                      std::to_string(auth->version));
    const auto& allowed = listener_->options.allowed;
    if (std::ranges::find(allowed, auth->writer_key.bytes) == allowed.end())
        return refuse("key " + crypto::authority_key_text(auth->writer_key.bytes) +
                      " is not in allowed_writer_keys");
    if (!is_right(*auth, connection_->handshake_hash()))
        return refuse("the signature does not verify for this session");
    if (!listener_->has_room()) return refuse("too many connections");
    limit_.cancel();
    intake_.emplace(loop_, listener_->limits, connection_->peer(), listener_->on_record,
                    [this] { end("a record did not become whole in time"); });
    connection_->send(sv2::encode_frame(records::WriterAuthSuccess{records::kVersion}));
    log::info("records: {}: connected with key {}", connection_->peer(), to_hex(auth->writer_key.bytes));
}

void NoiseWriter::leave(const std::string& why) {
    if (!listener_) return;
    auto* listener = std::exchange(listener_, nullptr);
    if (intake_) {
        intake_->finish();
        log::info("records: {}: gone: {}", connection_->peer(), why);
    }
    limit_.cancel();
    // The connection holds its handler until it has flushed: without this the two would hold each other.
    connection_.reset();
    listener->gone(this);
}

}  // namespace

Result<std::unique_ptr<RecordListener>> RecordListener::listen_noise(Loop& loop, NoiseRecordOptions options,
                                                                     RecordLimits limits,
                                                                     OnRecord on_record) {
    auto listener = std::make_unique<NoiseRecords>(loop, std::move(options), limits, std::move(on_record));
    HP_DO(listener->listen());
    return listener;
}

}  // namespace hp::net
