// The mint's keysets of the wallet's unit, and what is derived with the seed: blinded outputs by counter, and
// proofs from the mint's signatures.
#pragma once
#include <map>

#include "cashu/nut02.hpp"

namespace hp::wallet {

/// One output as stored. Secret and blinding factor are derived from the seed again when needed.
struct Output {
    cashu::KeysetId keyset;
    std::uint64_t counter{};
    std::uint64_t amount{};
    cashu::PublicKey33 B_{};
    bool is_for_token{};  ///< of a send: goes into the token, the others are change
    friend bool operator==(const Output&, const Output&) = default;
};
/// As in requests.
std::vector<cashu::BlindedMessage> to_messages(std::span<const Output> outputs);

class Keyring {
  public:
    Keyring(std::string unit, const Bytes64& seed) : unit_{std::move(unit)}, seed_{seed} {}
    ~Keyring();
    Keyring(const Keyring&) = delete;
    Keyring& operator=(const Keyring&) = delete;

    /// Accepts a keyset of our unit whose id matches its keys and whose keys we can use; an error says why
    /// not.
    Result<> insert(cashu::Keyset keyset);
    /// What /v1/keysets says about a known keyset: an old (version 00) id does not cover the fee.
    void update(const cashu::Keyset& listed);
    const cashu::Keyset* find(const cashu::KeysetId& id) const;
    /// The keyset for new outputs: active, not expired, the one with the lowest fee.
    const cashu::Keyset* active(UnixSeconds now) const;
    std::vector<cashu::KeysetId> ids() const;

    /// The output of this keyset and counter.
    Result<Output> output(const cashu::KeysetId& id, std::uint64_t counter, std::uint64_t amount) const;
    /// Checks a signature over an output (keyset, amount when the output has one, DLEQ) and unblinds it.
    Result<cashu::Proof> open(const Output& output, const cashu::BlindSignature& signature) const;
    /// A whole answer: the count first, then each; errors name the index.
    Result<std::vector<cashu::Proof>> open_all(std::span<const Output> outputs,
                                               std::span<const cashu::BlindSignature> signatures) const;

  private:
    std::string unit_;
    Bytes64 seed_;
    std::map<cashu::KeysetId, cashu::Keyset> keysets_;
};

}  // namespace hp::wallet
