// The pool as an SV1 miner's session sees it: an extended channel for each miner, and what is told of it.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "crypto/secp.hpp"
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

struct ChannelOpening {
    std::string user_identity;
    float nominal_hash_rate{};  ///< h/s
    Bytes32 max_target{};
    std::uint16_t min_extranonce_size{};
    crypto::PublicKey33 locking_key{};
};
/// Whose shares are, and what the pool shall call them.
struct Naming {
    const crypto::PublicKey33* locking_key{nullptr};  ///< null: not told
    std::string_view user_identity{};                 ///< empty: not told
};

struct UpstreamStatus {
    std::size_t connections{};   ///< that are there
    std::size_t channels{};      ///< open, or asked for
    std::size_t channels_max{};  ///< of the connections that are there
    std::uint64_t messages_ignored{};
};

class Channels {
  public:
    virtual ~Channels() = default;
    /// Whether channels can be opened.
    virtual bool is_ready() const = 0;
    /// Whether the pool pays through our extension, and forbids rolling the version.
    virtual bool pays_ehash() const = 0;
    virtual bool fixed_version() const = 0;

    /// REQUIRES: is_ready(). The owner hears on_opened or on_refused, unless forgotten before. A pool without
    /// the extension is told the key in user_identity, `KEY.name`.
    virtual void open_channel(const ChannelOpening& opening, std::weak_ptr<ChannelOwner> owner) = 0;
    /// Nothing about money may depend on it: the pool answers only where it refuses. A name goes with the key
    /// that the channel was opened for, so that a name which is a key changes no owner.
    virtual void update_channel(std::uint32_t channel_id, float nominal_hash_rate, const Bytes32& max_target,
                                const Naming& naming) = 0;
    /// REQUIRES: pays_ehash(), where the naming says something
    virtual void submit(const sv2::mining::SubmitSharesExtended& share, const Naming& naming) = 0;
    virtual void close_channel(std::uint32_t channel_id) = 0;
};

}  // namespace hp::proxy
