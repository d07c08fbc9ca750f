#include "pool/template_client.hpp"

#include <algorithm>

#include "crypto/random.hpp"
#include "log/log.hpp"
#include "sv2/common.hpp"
#include "sv2/dispatch.hpp"
#include "sv2/extensions.hpp"
#include "sv2/registry.hpp"
#include "sv2/setup.hpp"

namespace hp::pool {
namespace {

constexpr std::uint8_t kTemplateProtocol = 2;
constexpr std::int64_t kTemplateSetupLimitMs = 10'000;
/// A provider that does not answer by then is asked for the next template.
constexpr SteadyMs kTransactionsLimitMs = 30'000;
/// A block that its node could not be given is given again after this time.
constexpr std::int64_t kGiveAgainMs = 60'000;
/// A provider that closes on a question that it does not know does so by then.
constexpr SteadyMs kClosesOnQuestionMs = 5'000;
/// Templates that a provider surely still knows, and that its transactions are asked for.
constexpr std::size_t kItsTemplatesMax = 64, kToAskForMax = 4;

/// A block, and solutions beside it.
constexpr std::size_t kSendQueueMax = 16u << 20;

std::size_t provider_payload_limit(std::uint16_t extension_type, std::uint8_t msg_type) {
    return sv2::payload_limit_of<sv2::Family::templates, sv2::Family::blocks>(extension_type, msg_type);
}

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
        namespace templates = sv2::templates;
        using Heard =
            boost::mp11::mp_append<templates::Messages, sv2::extensions::Messages, sv2::blocks::Messages>;
        auto& client = *client_;
        HP_TRY(const bool taken,
               sv2::dispatch<Heard>(
                   frame, sv2::On{[&](const Decoded<templates::NewTemplate>& decoded) {
                                      client.listener_.on_new_template(decoded.message);
                                      client.on_template(decoded.message.template_id);
                                      return Result<>{};
                                  },
                                  [&](const Decoded<templates::SetNewPrevHash>& decoded) {
                                      client.listener_.on_new_prev_hash(decoded.message);
                                      client.blocks_.on_tip(decoded.message.template_id);
                                      client.give_next();
                                      return Result<>{};
                                  },
                                  [&](const Decoded<sv2::extensions::RequestExtensionsSuccess>& decoded) {
                                      client.answers_about_extension_ = true;
                                      const auto& its = decoded.message.supported_extensions.items;
                                      client.takes_blocks_ =
                                          std::ranges::find(its, sv2::blocks::kExtensionType) != its.end();
                                      client.give_next();
                                      return Result<>{};
                                  },
                                  [&](const Decoded<sv2::extensions::RequestExtensionsError>&) {
                                      client.answers_about_extension_ = true;
                                      return Result<>{};
                                  },
                                  [&](const Decoded<sv2::blocks::BlockVerdict>& decoded) {
                                      client.on_verdict(decoded.message);
                                      return Result<>{};
                                  }}));
        if (taken) return {};
        return handle_transactions(frame);
    }

    /// Megabytes, which are not decoded before a block needs them.
    Result<> handle_transactions(const sv2::FrameView& frame) {
        auto& client = *client_;
        if (frame.is<sv2::templates::RequestTransactionDataSuccess>() && frame.payload.size() >= 8) {
            const auto template_id = get_le<std::uint64_t>(frame.payload.data());
            client.blocks_.on_transactions(template_id, frame.payload);
            log::debug("holds the transactions of template {}: {} bytes", template_id, frame.payload.size());
        } else if (!frame.is<sv2::templates::RequestTransactionDataError>()) {
            log::debug("template provider: ignored message {}",
                       sv2::message_name(frame.header.extension_type, frame.header.msg_type));
            return {};
        }
        client.asked_ms_.reset();
        client.ask_for_transactions();
        return {};
    }

    Result<> handle_setup(const sv2::FrameView& frame) {
        if (!sv2::is_spoken<sv2::Family::templates>(frame.header.extension_type, frame.header.msg_type))
            return {};
        HP_TRY(const auto success, sv2::setup_answer(frame));
        if (success.used_version != sv2::kVersion)
            return fail(Errc::protocol, "speaks version " + std::to_string(success.used_version));
        setup_limit_.cancel();
        client_->on_set_up();
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
    : loop_{loop},
      options_{std::move(options)},
      listener_{listener},
      redial_{loop},
      give_again_{loop},
      verdict_limit_{loop},
      blocks_{options_.blocks, [&loop](std::function<void()> call) { loop.post(std::move(call)); },
              [this](const Bytes32& hash, const FoundBlocks::Kept& kept) {
                  if (!kept.why_not.empty())
                      return log::warn("block {} is not whole on disk: {}", to_hex_reversed(hash),
                                       kept.why_not);
                  log::info("block {} is whole in {}: its transactions have come", to_hex_reversed(hash),
                            kept.file);
                  give_next();
              }} {}

TemplateClient::~TemplateClient() {
    if (session_) session_->forget();
    if (connection_ && connection_->is_open()) connection_->close("stopping");
}

Result<> TemplateClient::start() {
    HP_DO(blocks_.open(unix_ms_now(), steady_ms_now()));
    dial();
    return {};
}

void TemplateClient::on_set_up() {
    is_ready_ = true;
    since_ms_ = unix_ms_now();
    loss_logged_ = false;
    backoff_.reset();
    connection_->send(sv2::encode_frame(sv2::templates::CoinbaseOutputConstraints{
        options_.coinbase_output_bytes, options_.coinbase_output_sigops}));
    const auto& solutions = blocks_.solutions(steady_ms_now());
    for (const KeptSolution& solution : solutions) connection_->send(solution.frame);
    asked_extension_ms_.reset();
    if (asks_for_extension_) {
        asked_extension_ms_ = steady_ms_now();
        sv2::extensions::RequestExtensions request;
        request.requested_extensions.items = {sv2::blocks::kExtensionType};
        connection_->send(sv2::encode_frame(request));
    }
    connection_->flush();
    log::info("template provider {} connected", connection_->peer());
    if (!solutions.empty())
        log::info("sending {} solutions of the last hour to the template provider again", solutions.size());
}

void TemplateClient::on_template(std::uint64_t template_id) {
    its_templates_.push_back(template_id);
    if (its_templates_.size() > kItsTemplatesMax) its_templates_.pop_front();
    if (!blocks_.keeps_whole()) return;
    if (to_ask_for_.size() == kToAskForMax) to_ask_for_.erase(to_ask_for_.begin());
    to_ask_for_.push_back(template_id);
    ask_for_transactions();
}

/// One template at a time, the newest first: each may have megabytes.
void TemplateClient::ask_for_transactions() {
    if (asked_ms_ && steady_ms_now() - *asked_ms_ < kTransactionsLimitMs) return;
    if (to_ask_for_.empty()) return;
    asked_ms_ = steady_ms_now();
    connection_->send(sv2::encode_frame(sv2::templates::RequestTransactionData{to_ask_for_.back()}));
    to_ask_for_.pop_back();
}

/// One block at a time, once the provider has a template, by which it judges the block's work.
void TemplateClient::give_next() {
    if (!is_ready_ || !takes_blocks_ || giving_ || its_templates_.empty()) return;
    giving_ = blocks_.next(
        steady_ms_now(), [this, to = std::weak_ptr(connection_)](const Bytes32& hash, Result<Bytes> block) {
            const auto connection = to.lock();
            if (!connection || connection != connection_ || !is_ready_) return;
            if (!block) {
                giving_.reset();
                listener_.on_template_alarm("a found block cannot be read: " + block.error().what);
                return give_next();
            }
            log::info("giving block {} to the template provider", to_hex_reversed(hash));
            connection->send(sv2::encode_frame(sv2::blocks::SubmitBlock{{*std::move(block)}}));
            wait_for_verdict();
        });
}

/// Not every solution and block is answered: one of a template that the provider has dropped is not. It is
/// given whole then, and another's turn comes first.
void TemplateClient::wait_for_verdict() {
    verdict_limit_.after(FoundBlocks::kVerdictLimitMs + 100, [this] {
        giving_.reset();
        give_next();
    });
}

void TemplateClient::on_verdict(const sv2::blocks::BlockVerdict& verdict) {
    const bool is_settled = verdict.fate.value != "undelivered";
    if (!blocks_.on_verdict(verdict.block_hash.bytes, is_settled)) return;
    listener_.on_block_verdict(verdict.block_hash.bytes, verdict.fate.value, verdict.reason.value);
    if (giving_ == verdict.block_hash.bytes) giving_.reset();
    if (is_settled) return give_next();
    give_again_.after(kGiveAgainMs, [this] { give_next(); });
}

void TemplateClient::dial() {
    net::FrameLimits limits;
    limits.payload_limit = provider_payload_limit;
    limits.send_queue_bytes_max = kSendQueueMax;
    dialing_ =
        net::FrameDial::start(loop_, options_.address, options_.authority, limits, [this](auto result) {
            if (!result) return lost(result.error());
            connection_ = *result;
            // Its megabytes of transactions are no reason to close it.
            connection_->trust();
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
    if (is_ready_)
        asks_for_extension_ = answers_about_extension_ || !asked_extension_ms_ ||
                              steady_ms_now() - *asked_extension_ms_ > kClosesOnQuestionMs;
    if (std::exchange(is_ready_, false)) since_ms_ = unix_ms_now();
    takes_blocks_ = false;
    asked_ms_.reset();
    giving_.reset();
    verdict_limit_.cancel();
    its_templates_.clear();
    to_ask_for_.clear();
    blocks_.nobody_has_them();
    if (session_) session_->forget();
    session_.reset();
    connection_.reset();
    std::uint32_t random = crypto::random_u32();
    redial_.after(backoff_.next_ms(random), [this] { dial(); });
    if (!std::exchange(loss_logged_, true))
        log::warn("template provider {}: {}; trying again", options_.address.text(), reason.what);
}

void TemplateClient::submit(FoundBlock block, std::function<void(const FoundBlocks::Kept&)> told) {
    // The block first, and at once, not at the end of the loop's turn: the disk is for when this gets lost.
    const bool is_sent = is_ready_;
    if (is_sent) {
        connection_->send(sv2::encode_frame(block.solution));
        connection_->flush();
    }
    const std::uint64_t template_id = block.solution.template_id;
    const bool is_known = std::ranges::find(its_templates_, template_id) != its_templates_.end();
    blocks_.keep(std::move(block), is_sent && takes_blocks_ && is_known, unix_ms_now(), steady_ms_now(),
                 [this, is_sent, template_id, told = std::move(told)](const FoundBlocks::Kept& kept) {
                     told(kept);
                     if (is_sent && is_ready_) wait_for_verdict();
                     if (!kept.solution_error.empty())
                         listener_.on_template_alarm("a found block's solution is not on disk: " +
                                                     kept.solution_error);
                     if (!is_sent)
                         listener_.on_template_alarm("template provider is away: the solution for template " +
                                                     std::to_string(template_id) +
                                                     " is sent when it is back");
                     give_next();
                 });
}

}  // namespace hp::pool
