// NUT-09: collects what the mint has signed, for given outputs or along a keyset's counters.
#pragma once
#include "wallet/mint_client.hpp"
#include "wallet/vault.hpp"

namespace hp::wallet {

/// Outputs per request: as in cashu-ts, and below any mint's limit.
inline constexpr std::size_t kScanBatch = 300;

class Scanner {
  public:
    Scanner(MintClient& mint, Vault& vault, const Keyring& keyring)
        : mint_{mint}, vault_{vault}, keyring_{keyring} {}

    struct Found {
        std::uint64_t amount{};  ///< unspent and new to this wallet
        std::size_t proofs{};
        std::uint64_t next{};                ///< the counter after the last one that the mint has signed, or
                                             ///< 0
        std::uint64_t looked_to{};           ///< the counter after the last one requested
        std::vector<cashu::PublicKey33> ys;  ///< of take(): of all valid signatures for the requested amounts
    };
    /// From counter `first` until `gap` in a row are unknown, not counting those below the database's next
    /// counter. Stores unspent proofs and moves the counter past the last signed one. Proofs that an open
    /// operation waits for are left to it, except those of `own_op`, which requested this scan because it
    /// waits in vain (0: none).
    void scan(const cashu::KeysetId& id, std::uint64_t first, std::uint64_t gap, std::int64_t own_op,
              OnReply<Found> done);
    /// Likewise for these outputs, at most kOutputsMax.
    void take(std::vector<Output> outputs, std::int64_t own_op, OnReply<Found> done);

    /// Called for signatures that do not verify.
    std::function<void(const std::string&)> on_wrong;

  private:
    struct Walk {
        cashu::KeysetId id;
        std::int64_t own_op{};
        std::uint64_t gap{};
        std::uint64_t next{};
        std::uint64_t unknown_since{};  ///< counters from here to `next` are unknown to the mint
        bool is_one_batch{false};
        Found found;
        OnReply<Found> done;
    };
    using WalkPtr = std::shared_ptr<Walk>;
    struct Restored {
        Output output;
        cashu::PublicKey33 y{};
        cashu::Proof proof;
    };
    void ask_next(const WalkPtr& walk);
    void ask(const WalkPtr& walk, const std::vector<Output>& outputs);
    void go_on(const WalkPtr& walk);
    void on_restored(const WalkPtr& walk, const std::vector<Output>& asked,
                     const cashu::RestoreResponse& response);
    void on_states(const WalkPtr& walk, const std::vector<Restored>& restored,
                   const std::vector<cashu::ProofState>& states);
    Result<> store(Walk& walk, const std::vector<Restored>& restored,
                   const std::vector<cashu::ProofState>& states);

    MintClient& mint_;
    Vault& vault_;
    const Keyring& keyring_;
};

}  // namespace hp::wallet
