// SV2 Template Distribution, server side: sends templates to every client, turns solutions into blocks. Spec
// chapter 7.
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <optional>
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
    /// The current work is too old: closes all connections with the reason, and offers nothing until
    /// the next template. Solutions of the work that was offered still count.
    void withdraw(const std::string& why);
    /// Closes all connections and accepts no more. Queued data is still sent, for up to 2 s.
    void stop();
    /// After stop(): every client has received what was queued and has closed, or its 2 s are over.
    bool has_left() const;
    std::size_t client_count() const { return sessions_.size(); }
    /// Limits for our listener.
    static net::FrameLimits frame_limits();

  private:
    friend class ClientSession;
    using Asker = std::shared_ptr<ClientSession>;
    void on_solution(const Asker& from, std::uint64_t template_id, const Solution& solution);
    /// A whole block of a template that we may not know. What the header does not commit to, or has no work,
    /// is rejected here.
    void on_block(const Asker& from, Bytes raw);
    void submit(const Asker& from, Bytes raw, const BlockId& id, const std::string& found_by);
    void forget(ClientSession& session);
    /// A block handed in, and who wants to know what becomes of it.
    struct Submitted {
        Bytes32 hash{};
        std::optional<Verdict> verdict{};
        std::vector<std::weak_ptr<ClientSession>> askers{};
    };
    Submitted* find_submitted(const Bytes32& hash);
    void on_verdict(const BlockId& id, const Verdict& verdict, const std::string& found_by, bool is_change);
    net::Loop& loop_;
    Source& source_;
    OnBlock on_block_;
    TemplateCache cache_;
    std::unordered_set<std::shared_ptr<ClientSession>> sessions_;
    std::vector<std::weak_ptr<net::FrameConnection>> leaving_;  ///< closed by stop()
    std::deque<Submitted> submitted_;  ///< the latest: each is submitted once, unless no node got it
    std::shared_ptr<bool> alive_{std::make_shared<bool>(true)};
    bool stopped_{false};
};

}  // namespace hp::templates
