// One connection to a server, from dialling to its end. It turns the server's messages into Work and verdicts
// on shares; who mines, how fast, and what follows a loss is up to its owner.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "miner/url.hpp"
#include "miner/work.hpp"
#include "net/loop.hpp"

namespace hp::miner {

struct Identity {
    std::string user;
    std::string password{"x"};
    /// NUT-20 key that shall own the ehash (SV2 with extension 0x4851).
    std::optional<crypto::PublicKey33> locking_key{};
    double nominal_hash_rate_hps{};              ///< SV2 sends it to the server
    std::optional<double> suggest_difficulty{};  ///< SV1 asks for it
    /// False for a server that closed on RequestExtensions.
    bool ask_extensions{true};
};

/// Called on the loop's thread; never after close(), on_lost() or on_hopeless().
class ClientEvents {
  public:
    virtual ~ClientEvents() = default;
    /// The address answers: TCP is up, with SV2 also the handshake.
    virtual void on_reached() = 0;
    /// Any message has arrived: the server is alive.
    virtual void on_heard() = 0;
    /// A message from the server for the user; valid during the call.
    virtual void on_message(std::string_view text) = 0;
    /// The channel is up, or the worker authorized.
    virtual void on_ready() = 0;
    virtual void on_work(std::shared_ptr<Work> work) = 0;
    virtual void on_accepted(std::uint32_t sequence) = 0;
    /// SV2's batched form: everything up to `last_sequence`; `count` is the server's own number.
    virtual void on_accepted_up_to(std::uint32_t last_sequence, std::uint32_t count) = 0;
    virtual void on_rejected(std::uint32_t sequence, std::string_view reason) = 0;
    virtual void on_quote(std::uint64_t amount) = 0;
    virtual void on_quote_failure(std::string_view text) = 0;
    /// Never connected, refused, or gone.
    virtual void on_lost(const Error& reason) = 0;
    /// Likewise, for a reason that a retry would not change: the request itself is wrong.
    virtual void on_hopeless(const Error& reason) = 0;
};

inline constexpr std::int64_t kDialLimitMs = 10'000;
/// From connecting to on_ready().
inline constexpr std::int64_t kSetupLimitMs = 15'000;
/// Likewise if the server has said why it takes longer.
inline constexpr std::int64_t kToldLimitMs = 600'000;

class Client {
  public:
    virtual ~Client() = default;
    virtual void submit(std::uint32_t sequence, const Share& share) = 0;
    virtual void close() = 0;
    /// True once RequestExtensions was sent: it may be the cause of an early loss.
    virtual bool asked_extensions() const { return false; }
};

/// `events` must outlive the session until close(), on_lost() or on_hopeless().
std::shared_ptr<Client> start_sv1_client(net::Loop& loop, const Url& url, Identity identity,
                                         ClientEvents& events);
std::shared_ptr<Client> start_sv2_client(net::Loop& loop, const Url& url, Identity identity,
                                         ClientEvents& events);

}  // namespace hp::miner
