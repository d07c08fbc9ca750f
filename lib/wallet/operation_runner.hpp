// Sends the request of an open operation to the mint, repeatedly if necessary, until the operation has ended:
// settled with signatures, or refused for good.
//
// Invalid answers do not end it: the mint may have signed nevertheless. After a few of them the operation is
// put aside, so that others need not wait for it, and is retried at longer intervals until the mint gives a
// valid answer.
#pragma once
#include <map>

#include "net/frames.hpp"
#include "wallet/mint_view.hpp"
#include "wallet/operations.hpp"
#include "wallet/scan.hpp"

namespace hp::wallet {

class OperationRunner {
  public:
    /// An error if the operation does not exist, is put aside, or the runner is stopped: then it stays open.
    using OnEnd = std::function<void(Result<Ended>)>;
    OperationRunner(net::Loop& loop, MintClient& mint, Vault& vault, Operations& operations,
                    MintView& mint_view, Scanner& scanner, std::int64_t retry_first_ms)
        : loop_{loop},
          mint_{mint},
          vault_{vault},
          operations_{operations},
          mint_view_{mint_view},
          scanner_{scanner},
          retry_first_ms_{retry_first_ms} {}

    enum class Sent {
        never,   ///< just begun by this process: no request was sent yet
        before,  ///< maybe: it was resumed from the database
    };
    /// An operation that is already running gets one more waiter.
    void run(std::int64_t op, Sent sent, OnEnd done);
    /// Called for each quote that a refusal parks.
    std::function<void(const Operations::Parked&)> on_parked;
    /// Called for wrong signatures: the mint lies, or is broken.
    std::function<void(const std::string&)> on_wrong;
    /// Called when an operation ends that was put aside and has no waiter any more.
    std::function<void(const Ended&)> on_late_end;

    /// Those put aside are not counted.
    std::size_t under_way() const;
    std::size_t aside() const { return attempts_.size() - under_way(); }
    bool is_running(std::int64_t op) const { return attempts_.contains(op); }
    /// Gives up what waits for its next attempt (until the next start); waits for requests in flight.
    void stop();

  private:
    struct Attempt {
        Attempt(net::Loop& loop, std::int64_t retry_first_ms)
            : again{loop},
              backoff{retry_first_ms, 150 * retry_first_ms},
              aside_backoff{25 * retry_first_ms, 3000 * retry_first_ms} {}
        OpRow op;
        std::vector<OnEnd> waiting;
        net::Timer again;
        net::Backoff backoff;        ///< 0.2 to 30 s
        net::Backoff aside_backoff;  ///< 5 s to 10 min
        unsigned garbled_answers{0};
        bool was_asked_before{false};  ///< before the request in flight
        bool is_aside{false};
        bool is_waiting_for_retry{false};
    };
    using AttemptPtr = std::shared_ptr<Attempt>;

    void ask(const AttemptPtr& attempt);
    void retry(const AttemptPtr& attempt, const Error& why);
    void on_answer(const AttemptPtr& attempt, Reply<std::vector<cashu::BlindSignature>> reply);
    void on_garbled(const AttemptPtr& attempt, const MintFailure& failure);
    void settle(const AttemptPtr& attempt, const std::vector<cashu::BlindSignature>& signatures,
                const std::vector<std::string>& not_issued);
    void settle_found(const AttemptPtr& attempt, const std::vector<cashu::BlindSignature>& signatures,
                      const std::vector<std::string>& not_issued);
    void put_aside(const AttemptPtr& attempt, const Error& why);
    /// The mint gives valid answers again: soon retries those put aside.
    void hurry();
    void judge_garbled(const AttemptPtr& attempt, const MintFailure& failure);
    void judge_garbled_swap(const AttemptPtr& attempt, const MintFailure& failure);
    void recover(const AttemptPtr& attempt, const MintFailure& refusal);
    void on_restored(const AttemptPtr& attempt, const MintFailure& refusal,
                     const std::vector<Output>& outputs, const Reply<cashu::RestoreResponse>& reply);
    void settle_restored(const AttemptPtr& attempt, const MintFailure& refusal,
                         std::vector<cashu::BlindSignature> signatures);
    void settle_restored_swap(const AttemptPtr& attempt, const MintFailure& refusal,
                              std::vector<cashu::BlindSignature> signatures);
    void pass_over(const AttemptPtr& attempt, const MintFailure& refusal, const std::vector<Output>& outputs);
    using Fate = Operations::Outputs;
    void refuse(const AttemptPtr& attempt, const MintFailure& refusal, Fate outputs);
    void refuse_mint(const AttemptPtr& attempt, const MintFailure& refusal, Fate outputs);
    void refuse_swap(const AttemptPtr& attempt, const MintFailure& refusal, Fate outputs);
    void write_mint_refusal(const AttemptPtr& attempt, const Operations::Refusal& refusal);
    void end(const AttemptPtr& attempt, Result<Ended> ended);

    net::Loop& loop_;
    MintClient& mint_;
    Vault& vault_;
    Operations& operations_;
    MintView& mint_view_;
    Scanner& scanner_;
    std::map<std::int64_t, AttemptPtr> attempts_;
    std::int64_t retry_first_ms_;
    bool is_stopped_{false};
};

}  // namespace hp::wallet
