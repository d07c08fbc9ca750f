// One connection to the SV2 pool; each SV1 miner on it has an extended channel. Reconnects for ever. The
// proxy has as many as its miners need: upstreams.hpp.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "net/frames.hpp"
#include "sv2/ehash.hpp"
#include "sv2/frame.hpp"
#include "sv2/mining.hpp"

namespace hp::proxy {

/// What an SV1 miner hears of its channel. Views and references are valid during the call.
class ChannelOwner {
  public:
    virtual ~ChannelOwner() = default;
    virtual void on_opened(const sv2::mining::OpenExtendedMiningChannelSuccess& success) = 0;
    /// No channel, or one that cannot be worked with any more: the owner goes.
    virtual void on_refused(const std::string& code) = 0;
    virtual void on_job(const sv2::mining::NewExtendedMiningJob& job) = 0;
    virtual void on_prev_hash(const sv2::mining::SetNewPrevHash& tip) = 0;
    virtual void on_target(const Bytes32& target) = 0;
    virtual void on_extranonce_prefix(ByteView prefix) = 0;
    virtual void on_accepted(std::uint32_t last_sequence_number) = 0;
    virtual void on_rejected(std::uint32_t sequence_number, const std::string& code) = 0;
    virtual void on_quote(std::uint32_t sequence_number, const std::string& quote_id,
                          std::uint64_t amount) = 0;
    virtual void on_quote_failed(std::uint32_t sequence_number, const std::string& text) = 0;
    /// The channel is gone: the pool closed it alone and said why, or (empty) the connection was lost.
    virtual void on_channel_lost(const std::string& code) = 0;
};

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
    /// Closes for a reason of ours, and tries again.
    void end(const std::string& why);
    bool is_ready() const { return state_ == State::ready; }
    /// Whether the pool pays through our extension, and forbids rolling the version.
    bool pays_ehash() const { return ehash_negotiated_; }
    bool fixed_version() const { return fixed_version_; }
    const std::string& name() const { return name_; }

    std::function<void()> on_ready;
    std::function<void(const std::string& reason)> on_lost;
    /// SetupConnection.Error, with its code; another try follows.
    std::function<void(const std::string& code)> on_setup_refused;

    struct Opening {
        std::string user_identity;
        float nominal_hash_rate{};
        Bytes32 max_target{};
        std::uint16_t min_extranonce_size{};
        crypto::PublicKey33 locking_key{};
    };
    /// REQUIRES: is_ready(). The owner hears on_opened or on_refused, unless forgotten before. A pool without
    /// the extension is told the key in user_identity, `KEY.name`.
    void open_channel(const Opening& opening, std::weak_ptr<ChannelOwner> owner);
    /// Whose shares are, and what the pool shall call them.
    struct Naming {
        const crypto::PublicKey33* locking_key{nullptr};  ///< null: not told
        std::string_view user_identity{};                 ///< empty: not told
    };
    /// Nothing about money may depend on it: the pool answers only where it refuses. A name goes with the key
    /// that the channel was opened for, so that a name which is a key changes no owner.
    void update_channel(std::uint32_t channel_id, float nominal_hash_rate, const Bytes32& max_target,
                        const Naming& naming);
    /// REQUIRES: pays_ehash(), where the naming says something
    void submit(const sv2::mining::SubmitSharesExtended& share, const Naming& naming);
    void close_channel(std::uint32_t channel_id, const char* reason = "miner-disconnected");
    std::uint64_t messages_ignored() const { return messages_ignored_; }

  private:
    class Session;
    enum class State { down, setup, extensions, ready };
    void dial();
    void lost(const std::string& reason);
    Result<> handle(const sv2::FrameView& frame);
    Result<> handle_setup(const sv2::FrameView& frame);
    Result<> handle_extensions(const sv2::FrameView& frame);
    Result<> handle_channel(const sv2::FrameView& frame);
    void become_ready();
    void ignore(const sv2::FrameView& frame);
    /// The message with the naming's TLVs, where the pool knows them.
    template <sv2::Message M>
    void send_named(const M& message, const Naming& naming);
    template <sv2::Message M>
    void send(const M& message, std::span<const sv2::TlvView> tlvs = {}) {
        scratch_.clear();
        sv2::append_frame(scratch_, message, tlvs);
        connection_->send(scratch_);
    }
    /// Decodes M and calls `tell(owner, message)` for the channel's owner, if there still is one.
    template <sv2::Message M, class Tell>
    Result<> to_owner(const sv2::FrameView& frame, Tell&& tell) {
        HP_TRY(auto decoded, sv2::decode_with_rest<M>(frame.payload));
        if (auto it = channels_.find(decoded.message.channel_id); it != channels_.end())
            if (auto owner = it->second.lock()) tell(*owner, decoded.message);
        return {};
    }

    net::Loop& loop_;
    Options options_;
    std::string name_;
    net::Timer redial_;
    net::Timer limit_;
    net::Backoff backoff_{50, 10'000};
    std::unique_ptr<net::FrameDial> dialing_;
    std::shared_ptr<net::FrameConnection> connection_;
    std::shared_ptr<Session> session_;
    State state_{State::down};
    bool ehash_negotiated_{false};
    bool fixed_version_{false};
    std::string last_reason_;
    std::uint32_t next_request_id_{1};
    struct Pending {
        std::weak_ptr<ChannelOwner> owner;
        std::uint16_t min_extranonce_size{};
    };
    std::unordered_map<std::uint32_t, Pending> opening_;                       // by request_id
    std::unordered_map<std::uint32_t, std::weak_ptr<ChannelOwner>> channels_;  // by channel_id
    std::uint64_t messages_ignored_{0};
    Bytes scratch_;
};

}  // namespace hp::proxy
