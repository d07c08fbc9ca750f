// NUT-09: takes in what the mint has signed, for outputs that are at hand or along a keyset's counters.
#pragma once
#include "wallet/mint_client.hpp"
#include "wallet/vault.hpp"

namespace hp::wallet {

/// Outputs asked for at once: what cashu-ts asks for, and less than any mint's limit.
inline constexpr std::size_t kScanBatch = 300;

class Scanner {
  public:
    Scanner(MintClient& mint, Vault& vault, const Keyring& keyring)
        : mint_{mint}, vault_{vault}, keyring_{keyring} {}

    struct Found {
        std::uint64_t amount{};  ///< unspent and new in this wallet
        std::size_t proofs{};
        std::uint64_t next{};                ///< the counter behind the last that the mint has signed, or 0
        std::uint64_t looked_to{};           ///< the counter behind the last that was asked for
        std::vector<cashu::PublicKey33> ys;  ///< of take(): of all good signatures for the amounts asked
    };
    /// From counter `first` until `gap` in a row are unknown, those below the database's next counter apart.
    /// Unspent proofs are stored, the counter moves behind the last that was signed. Proofs that an open
    /// operation waits for are left to it, except `own_op`, which asks for the walk because it waits in vain
    /// (0: none).
    void scan(const cashu::KeysetId& id, std::uint64_t first, std::uint64_t gap, std::int64_t own_op,
              OnReply<Found> done);
    /// The same for these outputs, at most kOutputsMax.
    void take(std::vector<Output> outputs, std::int64_t own_op, OnReply<Found> done);

    /// Told of signatures that do not verify.
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
