// NUT-09: walks along a keyset's counters and takes in what the mint has signed for them.
#pragma once
#include "wallet/mint_client.hpp"
#include "wallet/vault.hpp"

namespace hp::wallet {

/// Outputs asked for at once, and unknown in a row before the walk ends.
inline constexpr std::size_t kScanBatch = 300;

class Scanner {
  public:
    Scanner(MintClient& mint, Vault& vault, const Keyring& keyring)
        : mint_{mint}, vault_{vault}, keyring_{keyring} {}

    struct Found {
        std::uint64_t amount{};  ///< unspent and new in this wallet
        std::size_t proofs{};
    };
    /// From counter `first` until kScanBatch in a row are unknown. Unspent proofs are stored, the counter
    /// moves behind the last that was signed. Proofs that an open operation waits for are left to it, except
    /// `own_op`, which asks for the walk because it waits in vain (0: none).
    void scan(const cashu::KeysetId& id, std::uint64_t first, std::int64_t own_op, OnReply<Found> done);

  private:
    struct Walk {
        cashu::KeysetId id;
        std::int64_t own_op{};
        std::uint64_t next{};
        std::uint64_t unknown_since{};  ///< counters from here to `next` are unknown to the mint
        Found found;
        OnReply<Found> done;
    };
    struct Restored {
        Output output;
        cashu::PublicKey33 y{};
        cashu::Proof proof;
    };
    void ask(const std::shared_ptr<Walk>& walk);
    void on_restored(const std::shared_ptr<Walk>& walk, const std::vector<Output>& asked,
                     const cashu::RestoreResponse& response);
    void on_states(const std::shared_ptr<Walk>& walk, const std::vector<Restored>& restored,
                   const std::vector<cashu::ProofState>& states);
    Result<> store(Walk& walk, const std::vector<Restored>& restored,
                   const std::vector<cashu::ProofState>& states);

    MintClient& mint_;
    Vault& vault_;
    const Keyring& keyring_;
};

}  // namespace hp::wallet
