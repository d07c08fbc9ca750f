// The pool's connection to its Template Provider: dials, sets up, receives templates, sends solutions.
// Reconnects for ever with back-off. A solution is sent at once if connected; since nothing acknowledges it,
// those of the last hour are sent again on each reconnect, even after the pool was killed.
#pragma once
#include <memory>

#include "base/clock.hpp"
#include "net/frames.hpp"
#include "pool/solution_file.hpp"
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
};

class TemplateClient {
  public:
    struct Options {
        net::Endpoint address;
        crypto::XOnlyKey32 authority{};
        std::uint32_t coinbase_output_bytes{};  ///< serialised size of the pool's own outputs
        std::uint16_t coinbase_output_sigops{};
        std::string solutions_file;
    };
    TemplateClient(net::Loop& loop, Options options, TemplateListener& listener);
    ~TemplateClient();
    /// Reads the file of solutions; a damaged one is an error.
    Result<> start();
    void submit(const sv2::templates::SubmitSolution& solution);
    bool is_connected() const { return is_ready_; }
    /// When it last connected or disconnected; the program's start if it never connected.
    UnixMs since_ms() const { return since_ms_; }

  private:
    class ProviderSession;
    void dial();
    void send_solutions();
    void lost(const Error& reason);
    net::Loop& loop_;
    Options options_;
    TemplateListener& listener_;
    net::Timer redial_;
    net::Backoff backoff_{250, 10'000};
    std::unique_ptr<net::FrameDial> dialing_;
    std::shared_ptr<net::FrameConnection> connection_;
    std::shared_ptr<ProviderSession> session_;
    std::vector<KeptSolution> solutions_;
    bool is_ready_{false};
    UnixMs since_ms_{unix_ms_now()};
    bool loss_logged_{false};
};

}  // namespace hp::pool
