// A node as a source of templates: getblocktemplate with a long poll for new tips, and plain requests in
// between for fees and as a backup; submitblock until the node has answered.
#pragma once
#include <map>
#include <optional>
#include <string>

#include "net/frames.hpp"
#include "net/loop.hpp"
#include "templates/gbt.hpp"
#include "templates/rpc_client.hpp"

namespace hp::templates {

class RpcSource final : public Source {
  public:
    struct Options {
        RpcClient::Options rpc;
        std::string network;  ///< the configured one; a node of another one is never used
        std::int64_t fee_refresh_s{30};
        /// Takes templates from a node that is behind its network too, as one of regtest always is allowed to
        /// be.
        bool allow_ibd{false};
        /// A node that has given templates may lack a block whose header it has for this long.
        std::int64_t behind_grace_ms{60'000};
    };
    RpcSource(net::Loop& loop, Options options);

    void start(OnTemplate on_template) override;
    void submit(std::shared_ptr<const Bytes> block, const BlockId& id, OnVerdict on_verdict) override;
    void refresh() override;

  private:
    struct Submission {
        std::string params;
        BlockId id;
        OnVerdict on_verdict;
        SteadyMs give_up_at;
        net::Backoff backoff;
        net::Timer timer;
        unsigned sent{0};  ///< times
        std::string word{};
    };
    /// A block that the node has answered, until it is too deep for a reorg.
    struct Watched {
        BlockId id;
        Verdict verdict;
        OnVerdict on_verdict;
        bool is_asked{false};
    };
    void check_network();
    void on_chain_state(const Result<std::string>& body);
    /// Whether a node in this state is no source. Remembers since when it is behind.
    bool is_too_far_behind(const ChainState& state);
    void ask();
    void ask_long();
    void pause_long(std::int64_t delay_ms);
    /// The template in an answer, or why there is none; logs changes.
    Result<NodeTemplate> read(const Result<std::string>& body);
    /// Whether it replaced the previous template. `asked_at`: published_ when the request was sent.
    bool take(const NodeTemplate& node, std::uint64_t asked_at);
    void on_lost(const Error& why);
    void on_answer();
    void send(std::uint64_t submission_id);
    void on_submitted(std::uint64_t submission_id, const Result<std::string>& body);
    void try_again(std::uint64_t submission_id, const std::string& why);
    void ask_chain(std::uint64_t submission_id);
    void finish(std::uint64_t submission_id, const Verdict& verdict);
    void watch(std::uint32_t tip_height);
    void on_watched(std::uint64_t watched_id, const Result<std::string>& body);

    net::Loop& loop_;
    Options options_;
    RpcClient short_calls_;
    RpcClient long_polls_;
    OnTemplate on_template_;
    std::shared_ptr<const BlockTemplate> latest_;
    std::uint64_t published_{0};
    std::string long_poll_id_;
    bool asking_{false};
    bool ask_again_{false};
    bool asking_long_{false};
    bool signature_warned_{false};
    std::string lost_why_;   ///< empty: the node answers
    bool is_behind_{false};  ///< the node answers, but is no source
    std::optional<SteadyMs> behind_since_;
    net::Backoff backoff_;
    net::Timer next_ask_;
    net::Timer next_long_;
    std::uint64_t next_submission_{0};
    std::map<std::uint64_t, Submission> submissions_;
    std::map<std::uint64_t, Watched> watched_;
};

}  // namespace hp::templates
