// Carries the request of an open operation to the mint, again and again if need be, until the operation has
// ended: settled with signatures, or refused for good.
//
// Answers that cannot be right end nothing: the mint may have signed all the same. After some of them the
// operation is put aside, so that others need not wait for it, and is asked again at longer intervals until
// the mint gives an answer that is one.
#pragma once
#include <map>

#include "net/frames.hpp"
#include "wallet/operations.hpp"
#include "wallet/scan.hpp"
#include "wallet/session.hpp"

namespace hp::wallet {

class Courier {
  public:
    /// An error when the operation is not there, is put aside, or the courier is stopped: then it stays open.
    using OnEnd = std::function<void(Result<Ended>)>;
    Courier(net::Loop& loop, MintClient& mint, Vault& vault, Operations& operations, Session& session,
            Scanner& scanner, std::int64_t retry_first_ms)
        : loop_{loop},
          mint_{mint},
          vault_{vault},
          operations_{operations},
          session_{session},
          scanner_{scanner},
          retry_first_ms_{retry_first_ms} {}

    enum class Asked {
        never,   ///< begun by this process just now: no request has left yet
        before,  ///< maybe: it was taken up from the database
    };
    /// An operation that is being carried already gets one more who waits for its end.
    void carry(std::int64_t op, Asked asked, OnEnd done);
    /// Told of each quote that a refusal parks.
    std::function<void(const Operations::Parked&)> on_parked;
    /// Told of signatures that are wrong: the mint lies, or is broken.
    std::function<void(const std::string&)> on_wrong;
    /// Told when an operation ends that was put aside, and nobody waits for any more.
    std::function<void(const Ended&)> on_late_end;

    /// Those put aside do not count.
    std::size_t under_way() const;
    std::size_t aside() const { return trips_.size() - under_way(); }
    bool is_carrying(std::int64_t op) const { return trips_.contains(op); }
    /// What waits for its next attempt is given up (until the next start); what is being asked is awaited.
    void stop();

  private:
    struct Trip {
        Trip(net::Loop& loop, std::int64_t retry_first_ms)
            : again{loop},
              backoff{retry_first_ms, 150 * retry_first_ms},
              aside_backoff{25 * retry_first_ms, 3000 * retry_first_ms} {}
        OpRow op;
        std::vector<OnEnd> waiting;
        net::Timer again;
        net::Backoff backoff;        ///< 0.2 to 30 s
        net::Backoff aside_backoff;  ///< 5 s to 10 min
        unsigned garbled_answers{0};
        bool was_asked_before{false};  ///< before the request whose answer is awaited
        bool is_aside{false};
        bool is_waiting_for_retry{false};
    };
    using TripPtr = std::shared_ptr<Trip>;

    void attempt(const TripPtr& trip);
    void retry(const TripPtr& trip, const Error& why);
    void on_answer(const TripPtr& trip, Reply<std::vector<cashu::BlindSignature>> reply);
    void on_garbled(const TripPtr& trip, const MintFailure& failure);
    void settle(const TripPtr& trip, const std::vector<cashu::BlindSignature>& signatures,
                const std::vector<std::string>& not_issued);
    void settle_found(const TripPtr& trip, const std::vector<cashu::BlindSignature>& signatures,
                      const std::vector<std::string>& not_issued);
    void put_aside(const TripPtr& trip, const Error& why);
    /// The mint gives right answers again: those that were put aside are asked soon.
    void hurry();
    void judge_garbled(const TripPtr& trip, const MintFailure& failure);
    void judge_garbled_swap(const TripPtr& trip, const MintFailure& failure);
    void recover(const TripPtr& trip, const MintFailure& refusal);
    void on_restored(const TripPtr& trip, const MintFailure& refusal, const std::vector<Output>& outputs,
                     const Reply<cashu::RestoreResponse>& reply);
    void settle_restored(const TripPtr& trip, const MintFailure& refusal,
                         std::vector<cashu::BlindSignature> signatures);
    void settle_restored_swap(const TripPtr& trip, const MintFailure& refusal,
                              std::vector<cashu::BlindSignature> signatures);
    void pass_over(const TripPtr& trip, const MintFailure& refusal, const std::vector<Output>& outputs);
    using Fate = Operations::Outputs;
    void refuse(const TripPtr& trip, const MintFailure& refusal, Fate outputs);
    void refuse_mint(const TripPtr& trip, const MintFailure& refusal, Fate outputs);
    void refuse_swap(const TripPtr& trip, const MintFailure& refusal, Fate outputs);
    void write_mint_refusal(const TripPtr& trip, const Operations::Refusal& refusal);
    void end(const TripPtr& trip, Result<Ended> ended);

    net::Loop& loop_;
    MintClient& mint_;
    Vault& vault_;
    Operations& operations_;
    Session& session_;
    Scanner& scanner_;
    std::map<std::int64_t, TripPtr> trips_;
    std::int64_t retry_first_ms_;
    bool is_stopped_{false};
};

}  // namespace hp::wallet
