// One client of the Template Distribution server, from SetupConnection to its last solution.
#pragma once
#include <memory>
#include <optional>

#include "net/frames.hpp"
#include "sv2/blocks.hpp"
#include "sv2/extensions.hpp"
#include "sv2/frame.hpp"
#include "templates/server.hpp"

namespace hp::templates {

class ClientSession final : public net::FrameHandler, public std::enable_shared_from_this<ClientSession> {
  public:
    ClientSession(net::Loop& loop, Server& server, std::shared_ptr<net::FrameConnection> connection);

    void on_frame(ByteView frame) override;
    void on_close(const Error& reason) override;

    /// The source has a template that replaces the previous one.
    void on_new_template();
    /// Closes; the server has already forgotten the session, or does so itself.
    void close(const std::string& reason);
    /// For a client that speaks our extension.
    void tell_verdict(const Bytes32& block_hash, const Verdict& verdict);
    const std::string& peer() const { return peer_; }
    std::weak_ptr<net::FrameConnection> connection() const { return connection_; }
    /// The server is destroyed before the connection.
    void detach() { server_ = nullptr; }

  private:
    Result<> on_message(const sv2::FrameView& frame);
    Result<> on_setup(const sv2::FrameView& frame);
    Result<> on(const sv2::extensions::RequestExtensions& request);
    Result<> on(const sv2::templates::CoinbaseOutputConstraints& constraints);
    Result<> on(const sv2::templates::RequestTransactionData& request);
    Result<> on(const sv2::templates::SubmitSolution& message);
    Result<> on(const sv2::blocks::SubmitBlock& message);
    /// Sends the server's current template, if this client has sent its constraints. On a new tip the
    /// template comes first as a future one, then the SetNewPrevHash that activates it (spec 7.3).
    void send_current();
    template <sv2::Message M>
    void send(const M& message) {
        connection_->send(sv2::encode_frame(message));
    }
    Server* server_;
    std::shared_ptr<net::FrameConnection> connection_;
    std::string peer_;
    net::Timer deadline_;
    bool is_set_up_{false};
    bool hands_in_blocks_{false};  ///< our extension is negotiated
    unsigned extension_requests_{0};
    std::optional<CoinbaseSpace> space_;
    unsigned space_changes_{0};  ///< since the last template of the source
    std::shared_ptr<const CachedTemplate> sent_;
};

}  // namespace hp::templates
