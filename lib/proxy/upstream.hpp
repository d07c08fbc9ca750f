// One connection to the SV2 pool; each SV1 miner on it has an extended channel. Reconnects for ever. The
// proxy has as many as its miners need: upstreams.hpp.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "net/frames.hpp"
#include "proxy/channels.hpp"
#include "sv2/common.hpp"
#include "sv2/frame.hpp"

namespace hp::proxy {

class Upstream {
  public:
    struct Options {
        net::Endpoint address;
        crypto::XOnlyKey32 authority{};
        unsigned number{1};  ///< among the connections to this pool, for the log
    };
    Upstream(net::Loop& loop, Options options);
    ~Upstream();
    void start() { dial(); }
    /// Closes for our own reason, and reconnects.
    void end(const std::string& why);
    bool is_ready() const { return state_ == State::ready; }
    /// Whether the pool pays through our extension, and forbids rolling the version.
    bool pays_ehash() const { return ehash_negotiated_; }
    bool fixed_version() const { return fixed_version_; }
    const std::string& name() const { return name_; }

    std::function<void()> on_ready;
    std::function<void(const std::string& reason)> on_lost;
    /// SetupConnection.Error, with its code; a reconnect follows.
    std::function<void(const std::string& code)> on_setup_refused;

    // As in Channels.
    void open_channel(const ChannelOpening& opening, std::weak_ptr<ChannelOwner> owner);
    void update_channel(std::uint32_t channel_id, float nominal_hash_rate, const Bytes32& max_target,
                        const Naming& naming);
    void submit(const sv2::mining::SubmitSharesExtended& share, const Naming& naming);
    void close_channel(std::uint32_t channel_id, const char* reason = "miner-disconnected");
    std::uint64_t messages_ignored() const { return messages_ignored_; }

  private:
    class PoolSession;
    enum class State { down, setup, extensions, ready };
    void dial();
    void lost(const std::string& reason);
    Result<> handle(const sv2::FrameView& frame);
    Result<> handle_setup(const sv2::FrameView& frame);
    Result<> handle_extensions(const sv2::FrameView& frame);
    Result<> handle_channel(const sv2::FrameView& frame);
    void on_set_up(const sv2::common::SetupConnectionSuccess& success);
    Result<> on_channel_opened(const sv2::mining::OpenExtendedMiningChannelSuccess& success);
    void on_channel_refused(const sv2::mining::OpenMiningChannelError& error);
    void on_channel_closed(const sv2::mining::CloseChannel& message);
    template <class M, class Tell>
    Result<> to_owner(const M& message, Tell&& tell);
    template <class M, class Tell>
    Result<> to_owners(const M& message, Tell&& tell);
    void become_ready();
    void ignore(const sv2::FrameView& frame);
    /// The message with the naming's TLVs, if the pool knows them.
    template <sv2::Message M>
    void send_named(const M& message, const Naming& naming);
    template <sv2::Message M>
    void send(const M& message, std::span<const sv2::TlvView> tlvs = {}) {
        scratch_.clear();
        sv2::append_frame(scratch_, message, tlvs);
        connection_->send(scratch_);
    }
    net::Loop& loop_;
    Options options_;
    std::string name_;
    net::Timer redial_;
    net::Timer limit_;
    net::Backoff backoff_{50, 10'000};
    std::unique_ptr<net::FrameDial> dialing_;
    std::shared_ptr<net::FrameConnection> connection_;
    std::shared_ptr<PoolSession> session_;
    State state_{State::down};
    bool ehash_negotiated_{false};
    bool fixed_version_{false};
    std::string last_reason_;
    std::uint32_t next_request_id_{1};
    struct Pending {
        std::weak_ptr<ChannelOwner> owner;
        std::uint16_t min_extranonce_size{};
    };
    struct Channel {
        std::weak_ptr<ChannelOwner> owner;
        std::uint32_t group_id{};
    };
    std::unordered_map<std::uint32_t, Pending> opening_;   // by request_id
    std::unordered_map<std::uint32_t, Channel> channels_;  // by channel_id
    std::uint64_t messages_ignored_{0};
    Bytes scratch_;
};

}  // namespace hp::proxy
