#include "proxy/upstream.hpp"

#include "base/crash_point.hpp"
#include "crypto/random.hpp"
#include "ehash/owner.hpp"
#include "log/log.hpp"
#include "sv2/common.hpp"
#include "sv2/dispatch.hpp"
#include "sv2/ehash.hpp"
#include "sv2/extensions.hpp"
#include "sv2/registry.hpp"
#include "sv2/setup.hpp"

namespace hp::proxy {
namespace {

namespace msg = sv2::mining;

constexpr std::int64_t kAnswerLimitMs = 10'000;
/// A pool without extensions may not answer at all (SV2 extension 0x0001): then we mine without them.
constexpr std::int64_t kExtensionsLimitMs = 2'000;
constexpr std::uint32_t kRequiresFixedVersion = 1u << 0;

/// The owner in the name only, for a pool without our TLVs: a name that is already the key's is left
/// unchanged.
std::string name_with_key(const crypto::PublicKey33& key, const std::string& name) {
    const auto named = ehash::key_from_name(name);
    if (named && *named == key) return name;
    return name.empty() ? to_hex(key) : to_hex(key) + "." + name;
}

}  // namespace

class Upstream::PoolSession : public net::FrameHandler {
  public:
    explicit PoolSession(Upstream& upstream) : upstream_{&upstream} {}
    void forget() { upstream_ = nullptr; }
    void on_frame(ByteView bytes) override {
        if (!upstream_) return;
        auto result = [&]() -> Result<> {
            HP_TRY(auto frame, sv2::split_frame(bytes));
            return upstream_->handle(frame);
        }();
        if (result || !upstream_) return;
        auto* upstream = upstream_;
        upstream->connection_->close(result.error().what);
        upstream->lost(result.error().what);
    }
    void on_close(const Error& reason) override {
        if (upstream_) upstream_->lost(reason.what);
    }

  private:
    Upstream* upstream_;
};

Upstream::Upstream(net::Loop& loop, Options options)
    : loop_{loop},
      options_{std::move(options)},
      name_{options_.address.text() +
            (options_.number > 1 ? " (connection " + std::to_string(options_.number) + ")" : "")},
      redial_{loop},
      limit_{loop} {}

Upstream::~Upstream() {
    if (session_) session_->forget();
    if (connection_ && connection_->is_open()) connection_->close("stopping");
}

void Upstream::dial() {
    net::FrameLimits limits;
    limits.payload_limit = sv2::payload_limit_of<sv2::Family::mining, sv2::Family::ehash>;
    dialing_ =
        net::FrameDial::start(loop_, options_.address, options_.authority, limits, [this](auto connection) {
            if (!connection) return lost(connection.error().what);
            connection_ = *connection;
            session_ = std::make_shared<PoolSession>(*this);
            connection_->set_handler(session_);
            state_ = State::setup;
            limit_.after(kAnswerLimitMs, [this] {
                connection_->close("no answer to SetupConnection");
                lost("no answer to SetupConnection within 10 s");
            });
            sv2::common::SetupConnection setup;
            setup.min_version = setup.max_version = sv2::kVersion;
            setup.endpoint_host.value = options_.address.host;
            setup.endpoint_port = options_.address.port;
            setup.vendor.value = "hp-proxy";
            send(setup);
        });
}

void Upstream::end(const std::string& why) {
    if (connection_) connection_->close(why);
    lost(why);
}

void Upstream::lost(const std::string& reason) {
    if (reason != last_reason_) log::warn("pool {}: {}; trying again", name_, reason);
    last_reason_ = reason;
    bool was_ready = state_ == State::ready;
    state_ = State::down;
    limit_.cancel();
    if (session_) session_->forget();
    session_.reset();
    connection_.reset();
    auto orphans = std::move(channels_);
    channels_.clear();
    for (auto& [request_id, opening] : opening_) orphans.emplace(~request_id, Channel{opening.owner});
    opening_.clear();
    if (was_ready && on_lost) on_lost(reason);
    for (auto& [id, channel] : orphans)
        if (auto owner = channel.owner.lock()) owner->on_channel_lost({});
    redial_.after(backoff_.next_ms(crypto::random_u32()), [this] { dial(); });
}

Result<> Upstream::handle(const sv2::FrameView& frame) {
    const auto [extension_type, channel_msg, msg_type, size] = frame.header;
    if (!sv2::is_spoken<sv2::Family::mining, sv2::Family::ehash>(extension_type, msg_type)) {
        ignore(frame);
        return {};
    }
    switch (state_) {
        case State::down:
            return {};
        case State::setup:
            return handle_setup(frame);
        case State::extensions:
            return handle_extensions(frame);
        case State::ready:
            return handle_channel(frame);
    }
    return {};
}

Result<> Upstream::handle_setup(const sv2::FrameView& frame) {
    HP_TRY(
        const bool taken,
        sv2::dispatch<sv2::common::Messages>(
            frame, sv2::On{[&](const sv2::Decoded<sv2::common::SetupConnectionSuccess>& success) -> Result<> {
                               on_set_up(success.message);
                               return {};
                           },
                           [&](const sv2::Decoded<sv2::common::SetupConnectionError>& error) -> Result<> {
                               const auto& code = error.message.error_code.value;
                               if (on_setup_refused) on_setup_refused(printable(code, 64));
                               return fail(Errc::refused, "refused the connection: " + printable(code));
                           }}));
    if (!taken) return fail(sv2::unexpected(frame, sv2::common::SetupConnectionSuccess::info.name));
    return {};
}

void Upstream::on_set_up(const sv2::common::SetupConnectionSuccess& success) {
    fixed_version_ = (success.flags & kRequiresFixedVersion) != 0;
    state_ = State::extensions;
    sv2::extensions::RequestExtensions request;
    request.request_id = 1;
    request.requested_extensions.items = {sv2::ehash::kExtensionType};
    send(request);
    limit_.after(kExtensionsLimitMs, [this] {
        ehash_negotiated_ = false;
        become_ready();
    });
}

Result<> Upstream::handle_extensions(const sv2::FrameView& frame) {
    using Success = sv2::extensions::RequestExtensionsSuccess;
    using Refusal = sv2::extensions::RequestExtensionsError;
    ehash_negotiated_ = false;
    HP_TRY(const bool taken,
           sv2::dispatch<sv2::extensions::Messages>(
               frame, sv2::On{[&](const sv2::Decoded<Success>& success) -> Result<> {
                                  for (auto extension : success.message.supported_extensions.items)
                                      ehash_negotiated_ |= extension == sv2::ehash::kExtensionType;
                                  return {};
                              },
                              [](const sv2::Decoded<Refusal>&) -> Result<> { return {}; }}));
    if (!taken) return fail(Errc::protocol, "expected the answer to RequestExtensions");
    become_ready();
    return {};
}

void Upstream::become_ready() {
    limit_.cancel();
    state_ = State::ready;
    backoff_.reset();
    last_reason_.clear();
    log::info("pool {}: connected{}", name_,
              ehash_negotiated_ ? "" : ", without the ehash extension: quotes are found by key");
    if (on_ready) on_ready();
}

/// Calls `tell(owner)` for the message's channel, if it still has an owner.
template <class M, class Tell>
Result<> Upstream::to_owner(const M& message, Tell&& tell) {
    if (auto it = channels_.find(message.channel_id); it != channels_.end())
        if (auto owner = it->second.owner.lock()) tell(*owner);
    return {};
}

/// Likewise for a message that may be for a group of channels. Spec 5.2.3.
template <class M, class Tell>
Result<> Upstream::to_owners(const M& message, Tell&& tell) {
    if (channels_.contains(message.channel_id)) return to_owner(message, tell);
    // Owners may leave or be added during the calls.
    std::vector<std::shared_ptr<ChannelOwner>> members;
    for (const auto& [id, channel] : channels_)
        if (channel.group_id == message.channel_id)
            if (auto owner = channel.owner.lock()) members.push_back(std::move(owner));
    for (const auto& owner : members) tell(*owner);
    return {};
}

Result<> Upstream::handle_channel(const sv2::FrameView& frame) {
    using sv2::Decoded;
    HP_TRY(bool taken,
           sv2::dispatch<msg::Messages>(
               frame, sv2::On{
                          [&](const Decoded<msg::SubmitSharesSuccess>& m) {
                              return to_owner(m.message, [&](ChannelOwner& owner) {
                                  owner.on_accepted(m.message.last_sequence_number);
                              });
                          },
                          [&](const Decoded<msg::SubmitSharesError>& m) {
                              return to_owner(m.message, [&](ChannelOwner& owner) {
                                  owner.on_rejected(m.message.sequence_number,
                                                    printable(m.message.error_code.value, 64));
                              });
                          },
                          [&](const Decoded<msg::NewExtendedMiningJob>& m) {
                              return to_owners(m.message,
                                               [&](ChannelOwner& owner) { owner.on_job(m.message); });
                          },
                          [&](const Decoded<msg::SetNewPrevHash>& m) {
                              return to_owners(m.message,
                                               [&](ChannelOwner& owner) { owner.on_prev_hash(m.message); });
                          },
                          [&](const Decoded<msg::SetTarget>& m) {
                              return to_owners(m.message, [&](ChannelOwner& owner) {
                                  owner.on_target(m.message.maximum_target.bytes);
                              });
                          },
                          [&](const Decoded<msg::SetExtranoncePrefix>& m) {
                              return to_owner(m.message, [&](ChannelOwner& owner) {
                                  owner.on_extranonce_prefix(m.message.extranonce_prefix.view());
                              });
                          },
                          [&](const Decoded<msg::OpenExtendedMiningChannelSuccess>& m) {
                              return on_channel_opened(m.message);
                          },
                          [&](const Decoded<msg::OpenMiningChannelError>& m) {
                              on_channel_refused(m.message);
                              return Result<>{};
                          },
                          [&](const Decoded<msg::CloseChannel>& m) {
                              on_channel_closed(m.message);
                              return Result<>{};
                          },
                          [&](const Decoded<msg::UpdateChannelError>& m) {
                              static log::Limited complain{log::Level::warn};
                              complain("pool {}: UpdateChannel of channel {} refused: {}", name_,
                                       m.message.channel_id, printable(m.message.error_code.value, 64));
                              return Result<>{};
                          },
                      }));
    if (!taken && ehash_negotiated_) {
        HP_TRY(taken, sv2::dispatch<sv2::ehash::Messages>(
                          frame, sv2::On{[&](const Decoded<sv2::ehash::QuoteNotification>& m) {
                                             HP_CRASH_POINT("X1");
                                             return to_owner(m.message, [&](ChannelOwner& owner) {
                                                 owner.on_quote(m.message.sequence_number,
                                                                m.message.quote_id.value, m.message.amount);
                                             });
                                         },
                                         [&](const Decoded<sv2::ehash::QuoteFailure>& m) {
                                             return to_owner(m.message, [&](ChannelOwner& owner) {
                                                 owner.on_quote_failed(m.message.sequence_number,
                                                                       printable(m.message.text.value));
                                             });
                                         }}));
    }
    // Only clients send it, or it is of no use to us: it must not cost the other miners their connection.
    if (!taken) ignore(frame);
    return {};
}

Result<> Upstream::on_channel_opened(const msg::OpenExtendedMiningChannelSuccess& success) {
    auto it = opening_.find(success.request_id);
    if (it == opening_.end()) return fail(Errc::protocol, "opened a channel that was not requested");
    auto owner = it->second.owner.lock();
    const std::string unusable = sv2::unusable_extranonce(
        success.extranonce_prefix.size, success.extranonce_size, it->second.min_extranonce_size);
    opening_.erase(it);
    if (!owner) {
        close_channel(success.channel_id, "miner-disconnected");  // it is gone by now
    } else if (!unusable.empty()) {
        close_channel(success.channel_id, "unusable-extranonce");
        owner->on_refused(unusable);
    } else {
        channels_[success.channel_id] = {owner, success.group_channel_id};
        owner->on_opened(success);
    }
    return {};
}

void Upstream::on_channel_refused(const msg::OpenMiningChannelError& error) {
    auto it = opening_.find(error.request_id);
    if (it == opening_.end()) return;
    auto owner = it->second.owner.lock();
    opening_.erase(it);
    if (owner) owner->on_refused(printable(error.error_code.value, 64));
}

void Upstream::on_channel_closed(const msg::CloseChannel& message) {
    const auto& code = message.reason_code.value;
    const std::string reason = code.empty() ? "no reason" : printable(code, 64);
    const bool is_group = !channels_.contains(message.channel_id);
    std::vector<std::shared_ptr<ChannelOwner>> owners;
    std::erase_if(channels_, [&](const auto& entry) {
        const auto& [id, channel] = entry;
        if ((is_group ? channel.group_id : id) != message.channel_id) return false;
        if (auto owner = channel.owner.lock()) owners.push_back(std::move(owner));
        return true;
    });
    for (const auto& owner : owners) owner->on_channel_lost(reason);
}

void Upstream::ignore(const sv2::FrameView& frame) {
    ++messages_ignored_;
    log::debug("pool {}: ignored message {}", name_,
               sv2::message_name(frame.header.extension_type, frame.header.msg_type));
}

void Upstream::open_channel(const ChannelOpening& opening, std::weak_ptr<ChannelOwner> owner) {
    HP_ASSERT(is_ready());
    msg::OpenExtendedMiningChannel open;
    open.request_id = next_request_id_++;
    open.user_identity.value = opening.user_identity;
    open.nominal_hash_rate = sv2::F32::from(opening.nominal_hash_rate);
    open.max_target.bytes = opening.max_target;
    open.min_extranonce_size = opening.min_extranonce_size;
    opening_.emplace(open.request_id, Pending{std::move(owner), opening.min_extranonce_size});
    if (!ehash_negotiated_)
        open.user_identity.value = name_with_key(opening.locking_key, opening.user_identity);
    send_named(open, {.locking_key = &opening.locking_key});
}

template <sv2::Message M>
void Upstream::send_named(const M& message, const Naming& naming) {
    std::array<sv2::TlvView, 2> tlvs;
    std::size_t count = 0;
    if (ehash_negotiated_ && naming.locking_key)
        tlvs[count++] = {sv2::ehash::kExtensionType, sv2::ehash::kLockingPubkeyField, *naming.locking_key};
    if (ehash_negotiated_ && !naming.user_identity.empty())
        tlvs[count++] = {sv2::ehash::kExtensionType, sv2::ehash::kUserIdentityField,
                         as_bytes(naming.user_identity)};
    send(message, std::span(tlvs).first(count));
}

void Upstream::update_channel(std::uint32_t channel_id, float nominal_hash_rate, const Bytes32& max_target,
                              const Naming& naming) {
    if (!is_ready()) return;
    send_named(msg::UpdateChannel{channel_id, sv2::F32::from(nominal_hash_rate), {max_target}}, naming);
}

void Upstream::submit(const msg::SubmitSharesExtended& share, const Naming& naming) {
    HP_CRASH_AFTER_WRITE("Y2");
    if (is_ready()) send_named(share, naming);
}

void Upstream::close_channel(std::uint32_t channel_id, const char* reason) {
    channels_.erase(channel_id);
    if (is_ready()) send(msg::CloseChannel{channel_id, {reason}});
}

}  // namespace hp::proxy
