#include "pool/template_client.hpp"

#include "crypto/random.hpp"
#include "log/log.hpp"
#include "sv2/common.hpp"
#include "sv2/dispatch.hpp"
#include "sv2/registry.hpp"
#include "sv2/setup.hpp"

namespace hp::pool {
namespace {

constexpr std::uint8_t kTemplateProtocol = 2;
constexpr std::int64_t kTemplateSetupLimitMs = 10'000;

}  // namespace

class TemplateClient::ProviderSession : public net::FrameHandler {
  public:
    explicit ProviderSession(TemplateClient& client) : client_{&client}, setup_limit_{client.loop_} {
        setup_limit_.after(kTemplateSetupLimitMs,
                           [this] { end("no answer to SetupConnection within 10 s"); });
    }
    void forget() { client_ = nullptr; }

    void on_frame(ByteView bytes) override {
        if (!client_) return;
        if (auto result = handle(bytes); !result) end(result.error().what);
    }
    void on_close(const Error& reason) override {
        if (client_) client_->lost(reason);
    }

  private:
    Result<> handle(ByteView bytes) {
        HP_TRY(auto frame, sv2::split_frame(bytes));
        if (!client_->is_ready_) return handle_setup(frame);
        using sv2::Decoded;
        HP_TRY(const bool taken,
               sv2::dispatch<sv2::templates::Messages>(
                   frame, sv2::On{[&](const Decoded<sv2::templates::NewTemplate>& message) {
                                      client_->listener_.on_new_template(message.message);
                                      return Result<>{};
                                  },
                                  [&](const Decoded<sv2::templates::SetNewPrevHash>& message) {
                                      client_->listener_.on_new_prev_hash(message.message);
                                      return Result<>{};
                                  }}));
        if (!taken)
            log::debug("template provider: ignored message {}",
                       sv2::message_name(frame.header.extension_type, frame.header.msg_type));
        return {};
    }

    Result<> handle_setup(const sv2::FrameView& frame) {
        if (!sv2::is_spoken<sv2::Family::templates>(frame.header.extension_type, frame.header.msg_type))
            return {};
        HP_TRY(const auto success, sv2::setup_answer(frame));
        if (success.used_version != sv2::kVersion)
            return fail(Errc::protocol, "speaks version " + std::to_string(success.used_version));
        setup_limit_.cancel();
        auto& client = *client_;
        client.is_ready_ = true;
        client.since_ms_ = unix_ms_now();
        client.loss_logged_ = false;
        client.backoff_.reset();
        client.connection_->send(sv2::encode_frame(sv2::templates::CoinbaseOutputConstraints{
            client.options_.coinbase_output_bytes, client.options_.coinbase_output_sigops}));
        client.send_solutions();
        log::info("template provider {} connected", client.connection_->peer());
        if (const auto count = client.solutions_.size(); count > 0)
            log::info("sending {} solutions of the last hour to the template provider again", count);
        return {};
    }

    void end(const std::string& why) {
        if (!client_) return;
        auto* client = std::exchange(client_, nullptr);
        client->connection_->close(why);
        client->lost({Errc::protocol, why});
    }

    TemplateClient* client_;
    net::Timer setup_limit_;
};

TemplateClient::TemplateClient(net::Loop& loop, Options options, TemplateListener& listener)
    : loop_{loop}, options_{std::move(options)}, listener_{listener}, redial_{loop} {}

TemplateClient::~TemplateClient() {
    if (session_) session_->forget();
    if (connection_ && connection_->is_open()) connection_->close("stopping");
}

Result<> TemplateClient::start() {
    HP_TRY(solutions_, read_solutions(options_.solutions_file));
    age(solutions_, unix_ms_now(), steady_ms_now());
    dial();
    return {};
}

void TemplateClient::send_solutions() {
    prune(solutions_, steady_ms_now());
    for (const KeptSolution& solution : solutions_) connection_->send(solution.frame);
    connection_->flush();
}

void TemplateClient::dial() {
    net::FrameLimits limits;
    limits.payload_limit = sv2::payload_limit_of<sv2::Family::templates>;
    dialing_ =
        net::FrameDial::start(loop_, options_.address, options_.authority, limits, [this](auto result) {
            if (!result) return lost(result.error());
            connection_ = *result;
            session_ = std::make_shared<ProviderSession>(*this);
            connection_->set_handler(session_);
            sv2::common::SetupConnection setup;
            setup.protocol = kTemplateProtocol;
            setup.min_version = setup.max_version = sv2::kVersion;
            setup.endpoint_host.value = options_.address.host;
            setup.endpoint_port = options_.address.port;
            setup.vendor.value = "hp-pool";
            connection_->send(sv2::encode_frame(setup));
        });
}

void TemplateClient::lost(const Error& reason) {
    if (std::exchange(is_ready_, false)) since_ms_ = unix_ms_now();
    if (session_) session_->forget();
    session_.reset();
    connection_.reset();
    std::uint32_t random = crypto::random_u32();
    redial_.after(backoff_.next_ms(random), [this] { dial(); });
    if (!std::exchange(loss_logged_, true))
        log::warn("template provider {}: {}; trying again", options_.address.text(), reason.what);
}

void TemplateClient::submit(const sv2::templates::SubmitSolution& solution) {
    solutions_.push_back({unix_ms_now(), sv2::encode_frame(solution), steady_ms_now()});
    // The block first, and at once, not at the end of the loop's turn: the file is for when this gets lost.
    const bool is_sent = is_ready_;
    if (is_sent) {
        connection_->send(solutions_.back().frame);
        connection_->flush();
    }
    prune(solutions_, steady_ms_now());
    const auto written = write_solutions(options_.solutions_file, solutions_);
    if (!written)
        listener_.on_template_alarm("a found block's solution is not on disk: " + written.error().what);
    if (!is_sent)
        listener_.on_template_alarm("template provider is away: the solution for template " +
                                    std::to_string(solution.template_id) + " is sent when it is back");
}

}  // namespace hp::pool
