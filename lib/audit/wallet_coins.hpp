// What wallets have, against what their mint has: beside the mint's rows as they are read, in their order.
#pragma once
#include "audit/files.hpp"

namespace hp::audit {

/// The wallets' snapshots are older than the mint's. So what a wallet has from the mint, the mint must have:
/// signatures (I16), spent proofs (I10), issued quotes (I18). The other way round is not so: a proof that a
/// wallet had unspent may have been spent since. Those found are looked up in a fresh snapshot of the wallet,
/// which calls a proof `spending` before it sends it: one that is still unspent there is a breach of I18.
/// Proofs in a token (`reserved`) may be spent by whoever has the token.
class WalletCoins {
  public:
    WalletCoins(MintFile& mint, std::vector<WalletFile>& wallets, Report& report);

    /// By id, by B_, and by Y.
    void on_quote(const QuoteId& id, std::int64_t issued);
    void on_signature(const Bytes33& b, ByteView e, ByteView keyset, std::int64_t amount);
    void on_spent(const Bytes33& y);
    /// After the last row of each.
    void finish();

  private:
    /// An element of a wallet's list.
    template <class T>
    struct Of {
        WalletFile* wallet;
        T* one;
    };
    void compare_keysets(const WalletFile& wallet);
    void miss_quotes_before(const QuoteId* id);
    void miss_outputs_before(const Bytes33* b);
    void pass_proofs_before(const Bytes33* y);
    bool is_ours(const WalletFile& wallet, std::uint16_t keyset) const;

    MintFile& mint_;
    Report& report_;
    std::vector<Of<WalletFile::DoneQuote>> quotes_;
    std::vector<Of<WalletFile::Output>> outputs_;
    std::vector<Of<WalletFile::Proof>> by_y_, by_e_;
    std::vector<Of<WalletFile::Proof>> suspects_;
    std::size_t next_quote_{0}, next_output_{0}, next_proof_{0};
};

}  // namespace hp::audit
