// What each operation writes before its request leaves, and what its end writes: one transaction each,
// without a network. Between the two anything may happen; an open operation has all that is needed to ask
// again.
#pragma once
#include "cashu/errors.hpp"
#include "cashu/nut07.hpp"
#include "cashu/tokens.hpp"
#include "wallet/choose.hpp"
#include "wallet/keyring.hpp"
#include "wallet/vault.hpp"

namespace hp::wallet {

/// A quote that was refused so often for reasons of its moment (keyset rotated, counters taken) is parked.
inline constexpr unsigned kQuoteTriesMax = 5;

/// Looks for signatures on the outputs of a refused operation: the first a minute after the refusal, each
/// next after twice as long, at most a day.
inline constexpr UnixMs kLookFirstMs = 60'000;
inline constexpr UnixMs kLookLongestMs = 86'400'000;
inline constexpr unsigned kLooksMax = 40;

/// An operation's end, as its asker wants to know it.
struct Ended {
    bool is_done{};  ///< else refused
    OpKind kind{};
    std::uint64_t amount{};  ///< minted, received, or in the token
    std::vector<std::string> quote_ids;
    std::string token;                           ///< of a send
    std::string reason;                          ///< of a refusal
    cashu::Code code{cashu::Code::unspecified};  ///< of a refusal that this process has seen
};
using States = std::vector<std::pair<cashu::PublicKey33, cashu::ProofState>>;

class Operations {
  public:
    Operations(Vault& vault, const Keyring& keyring, crypto::SecretKey lock_key, std::string mint_url,
               std::string unit, UnixMs look_first_ms = kLookFirstMs)
        : vault_{vault},
          keyring_{keyring},
          lock_key_{lock_key},
          mint_url_{std::move(mint_url)},
          unit_{std::move(unit)},
          look_first_ms_{look_first_ms} {}

    struct NewQuote {
        std::string id;
        std::uint64_t amount{};
    };
    /// Stores the new quotes (those that are known are left as they are), takes open ones, at most
    /// `quotes_max`, and makes their mint request: one commit for all of it, as a commit is what takes long.
    /// Nothing: none are open. Quotes that cannot be asked for at all are parked.
    Result<std::optional<std::int64_t>> begin_mint(const std::vector<NewQuote>& incoming,
                                                   std::size_t quotes_max, UnixMs now);
    Result<> add_quotes(const std::vector<NewQuote>& incoming, UnixMs now);

    enum class Swap { allowed, not_allowed };
    struct Sending {
        std::string token;               ///< made, stored: the proofs at hand fitted
        std::optional<std::int64_t> op;  ///< else this swap comes first
        bool is_consolidation{};         ///< ... and then another try
    };
    /// With swaps not allowed (the mint is not connected) both may be empty: connect, then again.
    Result<Sending> begin_send(std::uint64_t amount, const std::string& memo, Swap swap, UnixMs now);
    /// A swap of proofs that check_token() has accepted.
    Result<std::int64_t> begin_receive(const std::vector<cashu::Proof>& proofs, UnixMs now);
    /// Makes the smallest proofs fewer, where there are at least `coins_min`.
    Result<std::optional<std::int64_t>> begin_consolidation(std::size_t coins_min, UnixMs now);

    /// Stores what the mint signed and ends the operation. Errc::protocol: the signatures are wrong, nothing
    /// is stored. `not_issued` are quotes that the mint still has open, although the outputs are signed:
    /// they are minted again. An operation that another process has ended stays as it ended.
    Result<Ended> settle(std::int64_t op, std::span<const cashu::BlindSignature> signatures,
                         const std::vector<std::string>& not_issued, UnixMs now);

    /// What becomes of the outputs of a refused operation.
    enum class Outputs {
        /// The mint was asked once, has refused, and has signed none of them: their counters are taken again.
        /// Seeing an output twice, the mint learns that one wallet made both requests; should it have signed
        /// one all the same, it refuses the second request (11003) and NUT-09 brings the proof.
        given_back,
        /// Whatever is less clear: they stay used, and the mint is asked for signatures on them again later.
        looked_for,
    };
    /// The mint's no to a mint operation, as its quotes see it.
    struct Refusal {
        cashu::Code code{cashu::Code::unspecified};
        std::string reason;
        std::optional<std::uint64_t> mintable{};  ///< what the mint says of a single quote
        Outputs outputs{Outputs::looked_for};
    };
    struct Parked {
        std::string quote_id;
        std::string reason;
    };
    Result<std::vector<Parked>> refuse_mint(std::int64_t op, const Refusal& refusal, UnixMs now);
    /// A swap that was refused: inputs that the mint has seen spent are spent, the others are free again.
    Result<> refuse_swap(std::int64_t op, const std::string& reason, const States& inputs, Outputs outputs,
                         UnixMs now);
    /// What a later look for the outputs of a refused operation has found. All of a mint operation's: it is
    /// done after all, and so are its quotes. Else it is looked for again, at longer and longer intervals, at
    /// most kLooksMax times.
    struct Looked {
        std::size_t outputs{};
        std::vector<cashu::PublicKey33> ys;  ///< of the good signatures among them
    };
    Result<std::optional<Ended>> note_look(const Vault::Look& look, const Looked& looked, UnixMs now);
    /// What the mint says of proofs: those that are spent are spent here too, unless they are the inputs of
    /// an operation under way, whose end will tell.
    Result<> note_states(const States& states);
    /// How an operation ended, from the database.
    Result<Ended> ended(std::int64_t op);

  private:
    struct Chosen {
        std::vector<CoinRow> rows;
        std::vector<Coin> coins;
    };
    Chosen spendable();
    Result<const cashu::Keyset*> active_keyset(UnixMs now) const;
    Result<std::vector<Output>> make_outputs(const cashu::Keyset& keyset, std::vector<Output> wanted);
    Result<std::int64_t> write_swap(OpKind kind, const std::string& memo,
                                    const std::vector<cashu::Proof>& inputs, std::vector<Output> outputs,
                                    UnixMs now);
    Result<std::int64_t> begin_fewer(const Chosen& all, std::span<const std::size_t> coins, std::uint64_t net,
                                     UnixMs now);
    std::string make_token(const std::vector<cashu::Proof>& proofs, const std::string& memo) const;
    std::string sign(const std::string& quote_id, std::span<const cashu::BlindedMessage> outputs) const;
    Result<std::vector<QuoteToMint>> choose_quotes(const cashu::Keyset& keyset, std::size_t quotes_max);
    void write_mint_request(std::int64_t op, const std::vector<QuoteToMint>& quotes,
                            std::span<const Output> outputs);
    void end_refused(std::int64_t op, const std::string& reason, Outputs outputs, UnixMs now);
    Ended describe(const OpRow& row);

    Vault& vault_;
    const Keyring& keyring_;
    crypto::SecretKey lock_key_;
    std::string mint_url_;
    std::string unit_;
    UnixMs look_first_ms_;
};

}  // namespace hp::wallet
