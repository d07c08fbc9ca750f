// What the wallet must know about its mint before any request: info, keysets, keys.
#pragma once
#include "wallet/mint_client.hpp"
#include "wallet/vault.hpp"

namespace hp::wallet {

class MintView {
  public:
    MintView(MintClient& mint, Vault& vault, Keyring& keyring, std::string unit, std::string mint_url)
        : mint_{mint},
          vault_{vault},
          keyring_{keyring},
          unit_{std::move(unit)},
          mint_url_{std::move(mint_url)} {}

    /// Reads everything again; keys only for new keysets, since an id commits to its keys, and at a new
    /// address for those that proofs depend on. Calls during a refresh get its result.
    void refresh(std::function<void(Result<>)> done);
    /// refresh() has succeeded once.
    bool is_ready() const { return is_ready_; }
    bool is_under_way() const { return !waiting_.empty(); }
    const cashu::MintInfoSeen& info() const { return info_; }
    /// Those of our unit that the mint lists now and whose keys we have. The keyring may have more, from a
    /// previous mint of which nothing is left.
    std::vector<cashu::KeysetId> keyset_ids() const;

  private:
    void on_info(cashu::MintInfoSeen info);
    void on_keysets(std::vector<cashu::Keyset> listed);
    Result<> ask_for_keys();
    void fetch_missing();
    Result<> store();
    void finish(Result<> result);
    template <class T, class Next>
    OnReply<T> then(Next next) {
        return [this, next](Reply<T> reply) {
            if (!reply) return finish(fail(reply.error().error));
            (this->*next)(*std::move(reply));
        };
    }

    MintClient& mint_;
    Vault& vault_;
    Keyring& keyring_;
    std::string unit_, mint_url_;
    cashu::MintInfoSeen info_;
    std::vector<cashu::Keyset> listed_;   ///< of our unit
    std::vector<cashu::Keyset> missing_;  ///< whose keys are not fetched yet
    std::vector<std::function<void(Result<>)>> waiting_;
    bool is_ready_{false};
};

}  // namespace hp::wallet
