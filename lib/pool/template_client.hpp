// The pool's connection to its Template Provider: dials, sets up, receives templates, sends solutions.
// Reconnects for ever with back-off. A solution is sent at once if connected. Those of the last hour are sent
// again on each reconnect, even after the pool was killed; to a provider that speaks our extension
// (sv2/blocks.hpp) whole blocks too, until it says what became of each.
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "base/clock.hpp"
#include "net/frames.hpp"
#include "pool/found_blocks.hpp"
#include "sv2/blocks.hpp"
#include "sv2/frame.hpp"
#include "sv2/templates.hpp"

namespace hp::pool {

class TemplateListener {
  public:
    virtual ~TemplateListener() = default;
    virtual void on_new_template(const sv2::templates::NewTemplate& message) = 0;
    virtual void on_new_prev_hash(const sv2::templates::SetNewPrevHash& message) = 0;
    /// Something about a found block that the operator should know.
    virtual void on_template_alarm(const std::string& what) = 0;
    /// What became of one of our blocks; again when that changes. As in sv2::blocks::BlockVerdict.
    virtual void on_block_verdict(const Bytes32& hash, const std::string& fate,
                                  const std::string& reason) = 0;
};

class TemplateClient {
  public:
    struct Options {
        net::Endpoint address;
        crypto::XOnlyKey32 authority{};
        std::uint32_t coinbase_output_bytes{};  ///< serialised size of the pool's own outputs
        std::uint16_t coinbase_output_sigops{};
        FoundBlocks::Options blocks;
    };
    TemplateClient(net::Loop& loop, Options options, TemplateListener& listener);
    ~TemplateClient();
    /// Reads what is left of an earlier run's blocks; a damaged file of solutions is an error.
    Result<> start();
    /// Sends the solution before anything else. `told`: what is on disk of it by then, not before.
    void submit(FoundBlock block, std::function<void(const FoundBlocks::Kept&)> told);
    bool is_connected() const { return is_ready_; }
    /// When it last connected or disconnected; the program's start if it never connected.
    UnixMs since_ms() const { return since_ms_; }

  private:
    class ProviderSession;
    void dial();
    void on_set_up();
    void on_template(std::uint64_t template_id);
    void ask_for_transactions();
    void give_next();
    void wait_for_verdict();
    void on_verdict(const sv2::blocks::BlockVerdict& verdict);
    void lost(const Error& reason);

    net::Loop& loop_;
    Options options_;
    TemplateListener& listener_;
    net::Timer redial_, give_again_, verdict_limit_;
    net::Backoff backoff_{250, 10'000};
    std::unique_ptr<net::FrameDial> dialing_;
    std::shared_ptr<net::FrameConnection> connection_;
    std::shared_ptr<ProviderSession> session_;
    // Of this connection:
    bool is_ready_{false};
    bool takes_blocks_{false};                 // it speaks our extension
    std::deque<std::uint64_t> its_templates_;  // it knows these; oldest first
    std::vector<std::uint64_t> to_ask_for_;    // templates whose transactions are wanted; the newest last
    std::optional<SteadyMs> asked_ms_;
    std::optional<Bytes32> giving_;  // a block that has no answer yet

    /// Asking for an extension must end no connection: after one that ended soon after the question, without
    /// an answer, the next one is not asked, unless the provider has ever answered.
    bool asks_for_extension_{true}, answers_about_extension_{false};
    std::optional<SteadyMs> asked_extension_ms_;
    UnixMs since_ms_{unix_ms_now()};
    bool loss_logged_{false};
    FoundBlocks blocks_;  // last: its completions use the rest
};

}  // namespace hp::pool
