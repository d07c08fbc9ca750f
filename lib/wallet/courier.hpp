// Carries the request of an open operation to the mint, again and again if need be, until the operation has
// ended: settled with signatures, or refused for good.
#pragma once
#include <map>

#include "net/frames.hpp"
#include "wallet/operations.hpp"
#include "wallet/scan.hpp"
#include "wallet/session.hpp"

namespace hp::wallet {

class Courier {
  public:
    /// An error only when the operation is not there, or the courier is stopped: the operation stays open.
    using OnEnd = std::function<void(Result<Ended>)>;
    Courier(net::Loop& loop, MintClient& mint, Vault& vault, Operations& operations, Session& session,
            Scanner& scanner)
        : loop_{loop},
          mint_{mint},
          vault_{vault},
          operations_{operations},
          session_{session},
          scanner_{scanner} {}

    /// An operation that is being carried already gets one more who waits for its end.
    void carry(std::int64_t op, OnEnd done);
    /// Told of each quote that a refusal parks.
    std::function<void(const Operations::Parked&)> on_parked;

    std::size_t under_way() const { return trips_.size(); }
    bool is_carrying(std::int64_t op) const { return trips_.contains(op); }
    /// What waits for its next attempt is given up (until the next start); what is being asked is awaited.
    void stop();

  private:
    struct Trip {
        explicit Trip(net::Loop& loop) : again{loop} {}
        OpRow op;
        std::vector<OnEnd> waiting;
        net::Timer again;
        net::Backoff backoff{200, 30'000};
        unsigned garbled_answers{0};
        bool is_waiting_for_retry{false};
    };
    using TripPtr = std::shared_ptr<Trip>;

    void attempt(const TripPtr& trip);
    void retry(const TripPtr& trip, const Error& why);
    void on_answer(const TripPtr& trip, Reply<std::vector<cashu::BlindSignature>> reply);
    void settle(const TripPtr& trip, const std::vector<cashu::BlindSignature>& signatures,
                const std::vector<std::string>& not_issued);
    void recover(const TripPtr& trip, const MintFailure& refusal);
    void on_restored(const TripPtr& trip, const MintFailure& refusal, const std::vector<Output>& outputs,
                     const Reply<cashu::RestoreResponse>& reply);
    void settle_restored(const TripPtr& trip, const MintFailure& refusal,
                         std::vector<cashu::BlindSignature> signatures);
    void settle_restored_swap(const TripPtr& trip, const MintFailure& refusal,
                              std::vector<cashu::BlindSignature> signatures);
    void refuse(const TripPtr& trip, const MintFailure& refusal);
    void refuse_mint(const TripPtr& trip, const MintFailure& refusal);
    void refuse_swap(const TripPtr& trip, const MintFailure& refusal);
    void write_mint_refusal(const TripPtr& trip, const MintFailure& refusal,
                            std::optional<std::uint64_t> mintable);
    void end(const TripPtr& trip, Result<Ended> ended);

    net::Loop& loop_;
    MintClient& mint_;
    Vault& vault_;
    Operations& operations_;
    Session& session_;
    Scanner& scanner_;
    std::map<std::int64_t, TripPtr> trips_;
    bool is_stopped_{false};
};

}  // namespace hp::wallet
