// The pool as an SV1 miner's session sees it: an extended channel for each miner, and its events.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "crypto/secp.hpp"
#include "sv2/mining.hpp"

namespace hp::proxy {

/// Events of an SV1 miner's channel. Views and references are valid during the call.
class ChannelOwner {
  public:
    virtual ~ChannelOwner() = default;
    virtual void on_opened(const sv2::mining::OpenExtendedMiningChannelSuccess& success) = 0;
    /// No channel, or one that is no longer usable: the owner closes.
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
    /// The channel is gone: the pool closed only this one and said why, or (empty) the connection was lost.
    virtual void on_channel_lost(const std::string& code) = 0;
};

struct ChannelOpening {
    std::string user_identity;
    float nominal_hash_rate{};  ///< h/s
    Bytes32 max_target{};
    std::uint16_t min_extranonce_size{};
    crypto::PublicKey33 locking_key{};
};
/// The owner of shares, and the name under which the pool shows them.
struct Naming {
    const crypto::PublicKey33* locking_key{nullptr};  ///< null: not sent
    std::string_view user_identity{};                 ///< empty: not sent
};

struct UpstreamStatus {
    std::size_t connections{};   ///< current number
    std::size_t channels{};      ///< open, or asked for
    std::size_t channels_max{};  ///< of the current connections
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

    /// REQUIRES: is_ready(). The owner gets on_opened or on_refused, unless forgotten before. A pool without
    /// the extension gets the key in user_identity, as `KEY.name`.
    virtual void open_channel(const ChannelOpening& opening, std::weak_ptr<ChannelOwner> owner) = 0;
    /// Nothing about money may depend on it: the pool answers only refusals. A name is sent with the key that
    /// the channel was opened for, so that a name which is a key does not change the owner.
    virtual void update_channel(std::uint32_t channel_id, float nominal_hash_rate, const Bytes32& max_target,
                                const Naming& naming) = 0;
    /// REQUIRES: pays_ehash(), if the naming is not empty
    virtual void submit(const sv2::mining::SubmitSharesExtended& share, const Naming& naming) = 0;
    virtual void close_channel(std::uint32_t channel_id) = 0;
};

}  // namespace hp::proxy
