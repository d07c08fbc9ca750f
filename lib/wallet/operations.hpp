// What each operation writes before its request is sent, and at its end: one transaction each, without
// network. Between the two anything may happen; an open operation has all that is needed to retry.
#pragma once
#include "cashu/errors.hpp"
#include "cashu/nut07.hpp"
#include "cashu/tokens.hpp"
#include "wallet/choose.hpp"
#include "wallet/keyring.hpp"
#include "wallet/vault.hpp"

namespace hp::wallet {

/// A quote is parked after this many refusals for temporary reasons (keyset rotated, counters taken).
inline constexpr unsigned kQuoteTriesMax = 5;

/// Lookups of signatures on the outputs of a refused operation: the first a minute after the refusal, then
/// after twice the time, at most a day.
inline constexpr UnixMs kLookFirstMs = 60'000;
inline constexpr UnixMs kLookLongestMs = 86'400'000;
inline constexpr unsigned kLooksMax = 40;

/// An operation's outcome, for its caller.
struct Ended {
    bool is_done{};  ///< else refused
    OpKind kind{};
    std::uint64_t amount{};  ///< minted, received, or in the token
    std::vector<std::string> quote_ids;
    std::string token;                           ///< of a send
    std::string reason;                          ///< of a refusal
    cashu::Code code{cashu::Code::unspecified};  ///< of a refusal received by this process
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
    /// Stores the new quotes (known ones are left unchanged), takes open ones, at most `quotes_max`, and
    /// makes their mint request: all in one commit, since commits are slow. Nothing: none are open. Quotes
    /// that cannot be requested at all are parked.
    Result<std::optional<std::int64_t>> begin_mint(const std::vector<NewQuote>& incoming,
                                                   std::size_t quotes_max, UnixMs now);
    Result<> add_quotes(const std::vector<NewQuote>& incoming, UnixMs now);

    enum class Swap { allowed, not_allowed };
    struct Sending {
        std::string token;               ///< made and stored: the available proofs added up exactly
        std::optional<std::int64_t> op;  ///< else this swap comes first
        bool is_consolidation{};         ///< ... and then try again
    };
    /// With swaps not allowed (the mint is not connected) both may be empty: connect, then again.
    Result<Sending> begin_send(std::uint64_t amount, const std::string& memo, Swap swap, UnixMs now);
    /// A swap of proofs accepted by check_token().
    Result<std::int64_t> begin_receive(const std::vector<cashu::Proof>& proofs, UnixMs now);
    /// Consolidates the smallest proofs if there are at least `coins_min`.
    Result<std::optional<std::int64_t>> begin_consolidation(std::size_t coins_min, UnixMs now);

    /// Stores what the mint signed and ends the operation. Errc::protocol: the signatures are wrong, nothing
    /// is stored. `not_issued` are quotes that the mint still has open, although the outputs are signed: they
    /// are minted again. An operation ended by another process is left unchanged.
    Result<Ended> settle(std::int64_t op, std::span<const cashu::BlindSignature> signatures,
                         const std::vector<std::string>& not_issued, UnixMs now);

    /// What happens to the outputs of a refused operation.
    enum class Outputs {
        /// The mint was asked once, refused, and signed none of them: their counters are reused. Seeing an
        /// output twice, the mint learns that one wallet made both requests; if it did sign one, it refuses
        /// the second request (11003) and NUT-09 recovers the proof.
        given_back,
        /// Any less clear case: they stay used, and the mint is asked later for signatures on them.
        looked_for,
    };
    /// The mint's refusal of a mint operation, for its quotes.
    struct Refusal {
        cashu::Code code{cashu::Code::unspecified};
        std::string reason;
        std::optional<std::uint64_t> mintable{};  ///< what the mint says about a single quote
        Outputs outputs{Outputs::looked_for};
    };
    struct Parked {
        std::string quote_id;
        std::string reason;
    };
    Result<std::vector<Parked>> refuse_mint(std::int64_t op, const Refusal& refusal, UnixMs now);
    /// A refused swap: inputs that the mint reports as spent are spent, the others are free again.
    Result<> refuse_swap(std::int64_t op, const std::string& reason, const States& inputs, Outputs outputs,
                         UnixMs now);
    /// The result of a later lookup of a refused operation's outputs. If all of a mint operation's were
    /// found, it and its quotes are done after all. Otherwise it is looked up again, at growing intervals, at
    /// most kLooksMax times.
    struct Looked {
        std::size_t outputs{};
        std::vector<cashu::PublicKey33> ys;  ///< of the valid signatures among them
    };
    Result<std::optional<Ended>> note_look(const Vault::Look& look, const Looked& looked, UnixMs now);
    /// The mint's states of proofs: marks spent ones as spent here too, except inputs of an open operation,
    /// which its end will settle.
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
