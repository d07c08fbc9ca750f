// The pool's side of the link: its own port and keys; a mint proves itself before anything else is heard.
// Protocol: docs/quote-flow.md. Sessions: one a mint key; a newer authenticated one replaces the older.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ehash/valuation.hpp"
#include "net/frames.hpp"
#include "pool/hub.hpp"

namespace hp::pool {

/// A mint as the pool knows it: an identity, never a port number.
struct MintStatus {
    crypto::XOnlyKey32 mint_key{};
    std::string peer;
    UnixMs since_ms{};
    std::uint64_t session_id{};
};

class LinkServer {
  public:
    struct Options {
        net::Endpoint listen;
        crypto::XOnlyKey32 authority{};
        net::FrameListener::IdentityNow identity;
        std::vector<crypto::XOnlyKey32> allowed_mint_keys;
        bool allow_new_mint_store{true};
        std::string unit;
        ehash::Valuation valuation;
        std::uint16_t max_inflight{1024};
        std::int64_t auth_limit_ms{5'000};  ///< for the handshake, and again from there to LinkAuth
    };
    static Result<std::unique_ptr<LinkServer>> listen(net::Loop& loop, Options options, Outbox& outbox,
                                                      Hub& hub, HubObserver& observer);
    ~LinkServer();

    net::Endpoint bound() const { return listener_->bound(); }
    std::optional<MintStatus> mint() const { return mint_; }
    void stop();

  private:
    class Session;
    LinkServer(net::Loop& loop, Options options, Outbox& outbox, Hub& hub, HubObserver& observer)
        : loop_{loop}, options_{std::move(options)}, outbox_{outbox}, hub_{hub}, observer_{observer} {}
    void accept(std::shared_ptr<net::FrameConnection> connection);
    void authenticated(const std::shared_ptr<Session>& session, const MintStatus& status);
    void gone(Session* session);
    net::Loop& loop_;
    Options options_;
    Outbox& outbox_;
    Hub& hub_;
    HubObserver& observer_;
    std::unique_ptr<net::FrameListener> listener_;
    std::vector<std::shared_ptr<Session>> sessions_;  // oldest first
    std::shared_ptr<Session> active_;
    std::optional<MintStatus> mint_;
    std::uint64_t next_session_id_{1};
};

}  // namespace hp::pool
