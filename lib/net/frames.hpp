// SV2 frames over Noise over TCP. One read delivers all its frames; all frames sent while handling them leave
// in one write at the end of the loop's turn.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "net/backoff.hpp"
#include "net/loop.hpp"
#include "net/protection.hpp"
#include "noise/handshake.hpp"
#include "noise/transport.hpp"

namespace hp::net {

class FrameConnection;

/// Receives a connection's frames. The connection holds its handler until it is closed.
class FrameHandler {
  public:
    virtual ~FrameHandler() = default;
    /// One frame, header (6) + payload in the clear; valid during the call.
    virtual void on_frame(ByteView frame) = 0;
    /// All frames of one read were delivered: the place to submit a batch.
    virtual void on_read_done() {}
    /// Called once when the connection is gone, for any reason except close() by the handler itself.
    virtual void on_close(const Error& reason) = 0;
};

class FrameConnection {
  public:
    virtual ~FrameConnection() = default;
    virtual void set_handler(std::shared_ptr<FrameHandler> handler) = 0;
    /// Queues header + payload. Beyond the queue limit the peer is dropped (a slow peer is never waited for).
    virtual void send(ByteView frame) = 0;
    /// Writes what is queued (up to 2 s), then closes. `reason` is for the log.
    virtual void close(std::string_view reason) = 0;
    /// Writes now what the socket accepts, without the loop: for a program that is ending.
    virtual void flush() = 0;
    virtual bool is_open() const = 0;
    virtual const Bytes32& handshake_hash() const = 0;
    /// "address:port" of the peer.
    virtual const std::string& peer() const = 0;
    virtual std::size_t queued_bytes() const = 0;
    /// What the peer has proven (it begins as a stranger). False if there is no place left for it: close it.
    virtual bool prove(Standing standing) = 0;
    /// The peer has proven a known key: it is not closed to free buffers for others.
    virtual void trust() = 0;
    /// From the next frame on; the listener's applies until then.
    virtual void limit_payloads(noise::FrameOpener::PayloadLimit limit) = 0;
};

struct FrameLimits {
    std::int64_t handshake_ms{10'000};
    std::int64_t frame_ms{30'000};  ///< from a frame's first byte to its last
    std::size_t send_queue_bytes_max{4u << 20};
    /// Unproven connections, from accept() to prove(). Beyond either limit the oldest is closed: an honest
    /// peer needs milliseconds, so it gets through while silent ones displace each other. IPv6 counts by /64;
    /// protect() exempts addresses from the second limit.
    std::size_t strangers_max{4096};
    std::size_t strangers_per_address_max{2048};  ///< a farm behind one address connects all at once
    std::size_t connections_max{20'000};          ///< proven ones; strangers cannot take their places
    noise::FrameOpener::PayloadLimit payload_limit{nullptr};
};

struct FrameCounters {
    std::uint64_t accepted{};          ///< finished handshakes
    std::uint64_t handshake_failed{};  ///< garbage, silence, gone
    std::uint64_t refused_full{};      ///< closed for newer connections
    std::uint64_t dropped_slow{};      ///< send queue above its limit
    std::uint64_t bad_mac{};           ///< a frame was invalid: wrong tag, or longer than its type allows
};

class FrameListener {
  public:
    using IdentityNow =
        std::function<noise::ResponderIdentity()>;  ///< called for each handshake: certificates get renewed
    using OnAccept = std::function<void(std::shared_ptr<FrameConnection>)>;
    /// Binds and listens; an error names address and port.
    static Result<std::unique_ptr<FrameListener>> listen(Loop& loop, const Endpoint& endpoint,
                                                         FrameLimits limits, IdentityNow identity,
                                                         OnAccept on_accept);
    virtual ~FrameListener() = default;
    virtual Endpoint bound() const = 0;
    virtual const FrameCounters& counters() const = 0;
    /// Called for a peer whose first bytes are another protocol's: "TLS", "SV1 (JSON)". It is answered if
    /// possible, and closed.
    using OnOtherProtocol = std::function<void(const std::string& peer, std::string_view what)>;
    virtual void tell_other_protocols(OnOtherProtocol call) = 0;
    virtual void stop() = 0;
};

/// Connects, does the handshake as initiator and checks the certificate; calls back once. The attempt ends
/// with an error after `limits.handshake_ms`. Destroying the returned object cancels it.
class FrameDial {
  public:
    using OnDone = std::function<void(Result<std::shared_ptr<FrameConnection>>)>;
    static std::unique_ptr<FrameDial> start(Loop& loop, const Endpoint& endpoint,
                                            const crypto::XOnlyKey32& authority, FrameLimits limits,
                                            OnDone done);
    virtual ~FrameDial() = default;
};

/// A static key with certificates that renew themselves: valid from an hour ago to `validity_s` from now,
/// signed again at half-life. An expired certificate never ends a running session.
FrameListener::IdentityNow renewing_identity(crypto::SecretKey authority, std::int64_t validity_s);

}  // namespace hp::net
