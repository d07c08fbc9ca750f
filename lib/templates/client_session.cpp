#include "templates/client_session.hpp"

#include "log/log.hpp"
#include "sv2/dispatch.hpp"
#include "sv2/extensions.hpp"
#include "sv2/registry.hpp"
#include "sv2/setup.hpp"

namespace hp::templates {
namespace {

using namespace sv2::templates;

constexpr std::uint8_t kProtocol = 2;         // Template Distribution, spec 3.6.1
constexpr std::uint32_t kSupportedFlags = 0;  // none are defined for it
constexpr std::int64_t kSetupLimitMs = 10'000;
constexpr std::int64_t kConstraintsLimitMs = 60'000;
// Every change may need its own template, which evicts an older one from the cache.
constexpr unsigned kSpaceChangesMax = 8;

std::size_t with_blocks_limit(std::uint16_t extension_type, std::uint8_t msg_type) {
    constexpr auto& info = sv2::blocks::SubmitBlock::info;
    if (extension_type == info.extension_type && msg_type == info.msg_type)
        return sv2::blocks::kBlockSizeMax + 3;
    return sv2::payload_limit_of<sv2::Family::templates, sv2::Family::blocks>(extension_type, msg_type);
}

}  // namespace

ClientSession::ClientSession(net::Loop& loop, Server& server,
                             std::shared_ptr<net::FrameConnection> connection)
    : server_{&server}, connection_{std::move(connection)}, peer_{connection_->peer()}, deadline_{loop} {
    deadline_.after(kSetupLimitMs, [this] { close("no SetupConnection in time"); });
}

void ClientSession::close(const std::string& reason) {
    auto self = shared_from_this();
    deadline_.cancel();
    if (connection_) std::exchange(connection_, nullptr)->close(reason);
    if (server_) std::exchange(server_, nullptr)->forget(*this);
}

void ClientSession::on_close(const Error& reason) {
    auto self = shared_from_this();
    log::info("{}: template client gone: {}", peer_, reason.what);
    deadline_.cancel();
    connection_.reset();
    if (server_) std::exchange(server_, nullptr)->forget(*this);
}

void ClientSession::on_frame(ByteView bytes) {
    if (!connection_ || !server_) return;
    auto frame = sv2::split_frame(bytes);
    Result<> done = frame ? on_message(*frame) : Result<>(fail(frame.error()));
    if (done) return;
    log::info("{}: template client dropped: {}", peer_, done.error().what);
    close(done.error().what);
}

Result<> ClientSession::on_message(const sv2::FrameView& frame) {
    if (!is_set_up_) return on_setup(frame);
    const auto on_any = [this](const auto& decoded) -> Result<>
    requires requires(ClientSession & session) { session.on(decoded.message); }
    { return on(decoded.message); };
    using Heard =
        boost::mp11::mp_push_front<Messages, sv2::extensions::RequestExtensions, sv2::blocks::SubmitBlock>;
    HP_TRY(const bool taken, sv2::dispatch<Heard>(frame, on_any));
    if (taken) return {};
    const auto& [extension_type, channel_msg, msg_type, size] = frame.header;
    if (sv2::is_spoken<sv2::Family::templates>(extension_type, msg_type))
        return fail(sv2::unexpected(frame, "a template client's message"));
    log::debug("{}: ignored message {}", peer_, sv2::message_name(extension_type, msg_type));
    return {};
}

Result<> ClientSession::on_setup(const sv2::FrameView& frame) {
    using namespace sv2::common;
    const auto read = sv2::read_setup(frame, kProtocol, kSupportedFlags);
    if (const auto* refusal = std::get_if<sv2::SetupRefusal>(&read)) {
        if (refusal->answer) send(*refusal->answer);
        return fail(refusal->why);
    }
    const auto& setup = std::get<SetupConnection>(read);
    SetupConnectionSuccess success;
    success.used_version = sv2::kVersion;
    send(success);
    is_set_up_ = true;
    connection_->limit_payloads(sv2::payload_limit_of<sv2::Family::templates>);
    deadline_.after(kConstraintsLimitMs, [this] { close("no CoinbaseOutputConstraints in time"); });
    log::info("{}: template client {} {}", peer_, printable(setup.vendor.value, 64),
              printable(setup.firmware.value, 64));
    return {};
}

Result<> ClientSession::on(const sv2::extensions::RequestExtensions& request) {
    HP_DO(sv2::check_extension_request(request, ++extension_requests_));
    sv2::extensions::RequestExtensionsSuccess success;
    sv2::extensions::RequestExtensionsError error;
    for (const auto extension : request.requested_extensions.items)
        if (extension == sv2::blocks::kExtensionType)
            success.supported_extensions.items = {extension};
        else
            error.unsupported_extensions.items.push_back(extension);
    if (success.supported_extensions.items.empty()) {
        error.request_id = request.request_id;
        send(error);
        return {};
    }
    success.request_id = request.request_id;
    send(success);
    hands_in_blocks_ = true;
    connection_->limit_payloads(with_blocks_limit);
    return {};
}

Result<> ClientSession::on(const CoinbaseOutputConstraints& constraints) {
    CoinbaseSpace space{constraints.coinbase_output_max_additional_size,
                        constraints.coinbase_output_max_additional_sigops};
    if (reserved_weight(space, true) > bitcoin::kBlockWeightMax)
        return fail(Errc::refused, "coinbase_output_max_additional_size of " +
                                       std::to_string(space.output_size_max) +
                                       " bytes does not fit into a block");
    if (++space_changes_ > kSpaceChangesMax)
        return fail(Errc::refused, "more than " + std::to_string(kSpaceChangesMax) +
                                       " CoinbaseOutputConstraints for one template");
    if (!connection_->prove(net::Standing::guest)) return fail(Errc::refused, "too many template clients");
    deadline_.cancel();
    space_ = space;
    send_current();
    return {};
}

void ClientSession::on_new_template() {
    space_changes_ = 0;
    send_current();
}

void ClientSession::send_current() {
    if (!connection_ || !server_ || !space_) return;
    auto offer = server_->cache_.offer(*space_, sent_ ? sent_->template_id : 0);
    if (!offer) {
        if (server_->cache_.current()) close("its coinbase does not fit into a block of this node");
        return;
    }
    if (sent_ && same_tip(*sent_->block, *offer->block)) {
        send(offer->as_current());
    } else {
        send(offer->message);
        send(offer->prev_hash(unix_ms_now() / 1000));
    }
    sent_ = std::move(offer);
}

Result<> ClientSession::on(const RequestTransactionData& request) {
    auto offer = server_->cache_.find(request.template_id);
    if (!offer || !server_->cache_.is_fresh(*offer)) {
        RequestTransactionDataError error;
        error.template_id = request.template_id;
        error.error_code.value = offer ? "stale-template-id" : "template-id-not-found";
        send(error);
        return {};
    }
    RequestTransactionDataSuccess reply;
    reply.template_id = request.template_id;
    // The witness reserved value, needed to verify the commitment. Spec 7.2 and 7.5.
    if (offer->block->with_commitment) reply.excess_data.value.assign(32, 0);
    for (const auto& transaction : offer->block->transactions)
        reply.transaction_list.items.push_back({transaction->raw});
    send(reply);
    return {};
}

Result<> ClientSession::on(const SubmitSolution& message) {
    Solution solution{.version = message.version,
                      .header_time = message.header_timestamp,
                      .nonce = message.header_nonce,
                      .coinbase = message.coinbase_tx.value};
    server_->on_solution(shared_from_this(), message.template_id, solution);
    return {};
}

Result<> ClientSession::on(const sv2::blocks::SubmitBlock& message) {
    if (!hands_in_blocks_ || !space_)
        return fail(Errc::protocol, "SubmitBlock before its extension and CoinbaseOutputConstraints");
    server_->on_block(shared_from_this(), message.block.value);
    return {};
}

void ClientSession::tell_verdict(const Bytes32& block_hash, const Verdict& verdict) {
    if (!connection_ || !hands_in_blocks_) return;
    send(sv2::blocks::BlockVerdict{
        {block_hash}, {std::string(text_of(verdict.fate))}, {verdict.reason.substr(0, 255)}});
}

}  // namespace hp::templates
