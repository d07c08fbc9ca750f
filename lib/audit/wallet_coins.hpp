// Compares wallets with their mint: merged with the mint's rows as they are read, in order.
#pragma once
#include "audit/files.hpp"

namespace hp::audit {

/// The wallets' snapshots are older than the mint's. So the mint must have what a wallet has from it:
/// signatures (I16), spent proofs (I10), issued quotes (I18). The reverse does not hold: a proof unspent in
/// the wallet may have been spent since. Such proofs are looked up in a new snapshot of the wallet, which
/// marks a proof as `spending` before sending it: one that is still unspent there is a breach of I18. Proofs
/// in a token (`reserved`) may be spent by anyone who has the token.
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
