#include <unordered_map>

#include "crypto/base58.hpp"
#include "log/log.hpp"
#include "recordio/record_intake.hpp"
#include "recordio/writer_auth.hpp"
#include "sv2/frame.hpp"
#include "sv2/registry.hpp"

namespace hp::recordio {
namespace {

namespace records = sv2::records;

/// Connections that have not proven an allowed key; the others have separate places.
constexpr std::size_t kStrangersMax = 512;
constexpr std::size_t kStrangersPerAddressMax = 256;

class NoiseRecords;

class NoiseWriter final : public net::FrameHandler, public std::enable_shared_from_this<NoiseWriter> {
  public:
    NoiseWriter(net::Loop& loop, NoiseRecords& listener, std::shared_ptr<net::FrameConnection> connection);
    void on_frame(ByteView bytes) override;
    void on_close(const Error& reason) override { leave(reason.what); }
    void end(const std::string& why) {
        const auto self = shared_from_this();
        if (connection_) connection_->close(why);
        leave(why);
    }

  private:
    void authenticate(const sv2::FrameView& frame);
    void leave(const std::string& why);

    net::Loop& loop_;
    NoiseRecords* listener_;
    std::shared_ptr<net::FrameConnection> connection_;
    net::Timer limit_;
    std::optional<RecordIntake> intake_;  // once authenticated
};

class NoiseRecords final : public RecordListener {
  public:
    NoiseRecords(net::Loop& loop, NoiseRecordOptions options_, RecordLimits limits_, OnRecord on_record_)
        : options{std::move(options_)}, limits{limits_}, on_record{std::move(on_record_)}, loop_{loop} {}
    ~NoiseRecords() override { stop(); }

    Result<> listen() {
        net::FrameLimits frames;
        frames.handshake_ms = limits.auth_ms;
        frames.strangers_max = kStrangersMax;
        frames.strangers_per_address_max = kStrangersPerAddressMax;
        frames.connections_max = limits.connections_max;
        frames.payload_limit = sv2::payload_limit_of_one<records::WriterAuth>;
        HP_TRY(frames_,
               net::FrameListener::listen(loop_, options.listen, frames, options.identity,
                                          [this](auto connection) { accept(std::move(connection)); }));
        return {};
    }
    net::Endpoint bound() const override { return frames_->bound(); }
    void stop() override {
        if (frames_) frames_->stop();
        while (!writers_.empty()) writers_.begin()->second->end("stopping");
    }
    void gone(NoiseWriter* writer) { writers_.erase(writer); }

    const NoiseRecordOptions options;
    const RecordLimits limits;
    const OnRecord on_record;
    log::Limited refused_log{log::Level::warn};

  private:
    void accept(std::shared_ptr<net::FrameConnection> connection) {
        auto writer = std::make_shared<NoiseWriter>(loop_, *this, connection);
        writers_.emplace(writer.get(), writer);
        connection->set_handler(writer);
    }

    net::Loop& loop_;
    std::unique_ptr<net::FrameListener> frames_;
    std::unordered_map<NoiseWriter*, std::shared_ptr<NoiseWriter>> writers_;
};

NoiseWriter::NoiseWriter(net::Loop& loop, NoiseRecords& listener,
                         std::shared_ptr<net::FrameConnection> connection)
    : loop_{loop}, listener_{&listener}, connection_{std::move(connection)}, limit_{loop} {
    limit_.after(listener.limits.auth_ms, [this] { end("no WriterAuth in time"); });
}

void NoiseWriter::on_frame(ByteView bytes) {
    if (!listener_) return;
    const auto frame = sv2::split_frame(bytes);
    if (!frame) return end(frame.error().what);
    if (!intake_) return authenticate(*frame);
    const auto message = sv2::expect<records::RecordBytes>(*frame);
    if (!message) return end(message.error().what);
    intake_->feed(message->bytes.value);
}

void NoiseWriter::authenticate(const sv2::FrameView& frame) {
    const auto refuse = [this](const std::string& why) {
        listener_->refused_log("records: {}: refused: {}", connection_->peer(), why);
        end(why);
    };
    const auto auth = sv2::expect<records::WriterAuth>(frame);
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
    if (!connection_->prove(net::Standing::member)) return refuse("too many connections");
    connection_->trust();
    connection_->limit_payloads(sv2::payload_limit_of<sv2::Family::records>);
    limit_.cancel();
    intake_.emplace(loop_, listener_->limits, connection_->peer(), listener_->on_record,
                    [this] { end("a record was not completed in time"); });
    connection_->send(sv2::encode_frame(records::WriterAuthSuccess{records::kVersion}));
    log::info("records: {}: connected with key {}", connection_->peer(),
              crypto::authority_key_text(auth->writer_key.bytes));
}

void NoiseWriter::leave(const std::string& why) {
    if (!listener_) return;
    auto* listener = std::exchange(listener_, nullptr);
    if (intake_) {
        intake_->finish();
        log::info("records: {}: gone: {}", connection_->peer(), why);
    }
    limit_.cancel();
    // The connection holds its handler until it has flushed: without this the two would keep each other
    // alive.
    connection_.reset();
    listener->gone(this);
}

}  // namespace

Result<std::unique_ptr<RecordListener>> RecordListener::listen_noise(net::Loop& loop,
                                                                     NoiseRecordOptions options,
                                                                     RecordLimits limits,
                                                                     OnRecord on_record) {
    auto listener = std::make_unique<NoiseRecords>(loop, std::move(options), limits, std::move(on_record));
    HP_DO(listener->listen());
    return listener;
}

}  // namespace hp::recordio
