// The pool's side of the link: its own port and keys; a mint authenticates itself before anything else is
// accepted. Protocol: docs/quote-flow.md. One session per mint, whichever of its keys it uses; a newer
// authenticated one replaces the older.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "config/limits.hpp"
#include "ehash/valuation.hpp"
#include "net/frames.hpp"
#include "pool/hub.hpp"

namespace hp::pool {

/// A key by which a mint may authenticate itself. A mint has two of them while its key rotates.
struct AllowedMint {
    std::string name;
    crypto::XOnlyKey32 key{};
};

class LinkServer {
  public:
    struct Options {
        net::Endpoint listen;
        crypto::XOnlyKey32 authority{};
        net::FrameListener::IdentityNow identity;
        std::vector<AllowedMint> allowed_mints;
        bool allow_new_mint_store{true};  ///< accept a mint that never linked before
        bool allow_mint_rollback{false};  ///< accept a mint with another or an older database than last time
        std::string unit;
        ehash::Valuation valuation;
        std::uint16_t max_inflight{1024};
        std::int64_t auth_limit_ms{5'000};  ///< for the handshake, and again from then to LinkAuth
        /// Connections without a valid LinkAuth; half as many from one address. Beyond that the oldest is
        /// closed: an honest mint needs milliseconds.
        std::size_t strangers_max{config::kLinkPort.strangers};
    };
    static Result<std::unique_ptr<LinkServer>> listen(net::Loop& loop, Options options, Outbox& outbox,
                                                      Hub& hub, HubObserver& observer);
    ~LinkServer();

    net::Endpoint bound() const { return listener_->bound(); }
    void stop();

  private:
    class MintLink;
    LinkServer(net::Loop& loop, Options options, Outbox& outbox, Hub& hub, HubObserver& observer);
    void accept(std::shared_ptr<net::FrameConnection> connection);
    void gone(MintLink* session);
    std::optional<MintId> find_mint(const crypto::XOnlyKey32& key) const;
    net::Loop& loop_;
    Options options_;
    std::vector<crypto::XOnlyKey32> allowed_keys_;
    Outbox& outbox_;
    Hub& hub_;
    HubObserver& observer_;
    std::unique_ptr<net::FrameListener> listener_;
    std::unordered_map<MintLink*, std::shared_ptr<MintLink>> sessions_;
    std::uint64_t next_session_id_{1};
};

}  // namespace hp::pool
