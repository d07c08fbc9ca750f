// SV2 Template Distribution, server side: sends templates to every client, turns solutions into blocks. Spec
// chapter 7.
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <unordered_set>
#include <vector>

#include "net/frames.hpp"
#include "templates/source.hpp"
#include "templates/template_cache.hpp"

namespace hp::templates {

class ClientSession;

/// The outcome of a solution.
struct BlockEvent {
    BlockId id{};
    Verdict verdict{};
    bool is_change{false};  ///< the chain has changed since the last event for this block
};

class Server {
  public:
    using OnBlock = std::function<void(const BlockEvent&)>;

    /// `first_template_id`: see TemplateCache. `source` must outlive the server.
    Server(net::Loop& loop, Source& source, std::uint64_t first_template_id, OnBlock on_block);
    ~Server();
    /// A connection that has completed its handshake.
    void accept(std::shared_ptr<net::FrameConnection> connection);
    /// A new template from the source: sent to every client that has sent its coinbase constraints.
    void on_template(std::shared_ptr<const BlockTemplate> block);
    /// Closes all connections and accepts no more. Queued data is still sent, for up to 2 s.
    void stop();
    /// After stop(): every client has received what was queued and has closed, or its 2 s are over.
    bool has_left() const;
    std::size_t client_count() const { return sessions_.size(); }
    /// Limits for our listener.
    static net::FrameLimits frame_limits();

  private:
    friend class ClientSession;
    void on_solution(const std::string& peer, std::uint64_t template_id, const Solution& solution);
    void forget(ClientSession& session);
    bool is_repeated(const Bytes32& hash);
    net::Loop& loop_;
    Source& source_;
    OnBlock on_block_;
    TemplateCache cache_;
    std::unordered_set<std::shared_ptr<ClientSession>> sessions_;
    std::vector<std::weak_ptr<net::FrameConnection>> leaving_;  ///< closed by stop()
    std::deque<Bytes32> submitted_;  ///< the latest blocks' hashes: each is submitted once
    std::shared_ptr<bool> alive_{std::make_shared<bool>(true)};
    bool stopped_{false};
};

}  // namespace hp::templates
