#include "wallet/keyring.hpp"

#include "cashu/nut12.hpp"
#include "cashu/nut13.hpp"
#include "crypto/random.hpp"
#include "wallet/choose.hpp"

namespace hp::wallet {

std::vector<cashu::BlindedMessage> to_messages(std::span<const Output> outputs) {
    std::vector<cashu::BlindedMessage> out;
    for (const Output& output : outputs) out.push_back({output.amount, output.keyset, output.B_});
    return out;
}

Keyring::~Keyring() { crypto::wipe(seed_); }

Result<> Keyring::insert(cashu::Keyset keyset) {
    std::string name = "keyset '" + keyset.id.hex() + "'";
    if (keyset.unit != unit_)
        return fail(Errc::protocol,
                    name + " is of unit '" + printable(keyset.unit, 32) + "', not '" + unit_ + "'");
    if (keyset.keys.empty()) return fail(Errc::protocol, name + " has no keys");
    if (!cashu::id_matches(keyset))
        return fail(Errc::protocol, name + " has keys that do not hash to this id");
    cashu::KeysetId id = keyset.id;
    keysets_.insert_or_assign(id, std::move(keyset));
    return {};
}

void Keyring::update(const cashu::Keyset& listed) {
    auto at = keysets_.find(listed.id);
    if (at == keysets_.end()) return;
    cashu::Keyset next = at->second;
    next.active = listed.active;
    next.input_fee_ppk = listed.input_fee_ppk;
    next.final_expiry = listed.final_expiry;
    // A version 01 id covers fee and expiry: if a list says otherwise, the list is wrong.
    if (cashu::id_matches(next))
        at->second = std::move(next);
    else
        at->second.active = listed.active;
}

const cashu::Keyset* Keyring::find(const cashu::KeysetId& id) const {
    auto at = keysets_.find(id);
    return at == keysets_.end() ? nullptr : &at->second;
}

const cashu::Keyset* Keyring::active(UnixSeconds now) const {
    const cashu::Keyset* best = nullptr;
    for (const auto& [id, keyset] : keysets_) {
        if (!keyset.active || (keyset.final_expiry && *keyset.final_expiry <= now)) continue;
        if (!best || keyset.input_fee_ppk < best->input_fee_ppk) best = &keyset;
    }
    return best;
}

std::vector<cashu::KeysetId> Keyring::ids() const {
    std::vector<cashu::KeysetId> out;
    for (const auto& [id, keyset] : keysets_) out.push_back(id);
    return out;
}

Result<Output> Keyring::output(const cashu::KeysetId& id, std::uint64_t counter, std::uint64_t amount) const {
    HP_TRY(auto derived, cashu::derive_secret(seed_, id, counter));
    auto B_ = cashu::blind(derived.secret, derived.r);
    if (!B_)
        return fail(Errc::invalid, "counter " + std::to_string(counter) + " of keyset '" + id.hex() +
                                       "' cannot make an output");
    return Output{id, counter, amount, *B_};
}

Result<cashu::Proof> Keyring::open(const Output& output, const cashu::BlindSignature& signature) const {
    if (signature.id != output.keyset)
        return fail(Errc::protocol,
                    "is of keyset '" + signature.id.hex() + "', not '" + output.keyset.hex() + "'");
    if (output.amount != 0 && signature.amount != output.amount)
        return fail(Errc::protocol, "is for " + std::to_string(signature.amount) + ", not for " +
                                        std::to_string(output.amount));
    if (signature.amount == 0 || signature.amount > kAmountMax)
        return fail(Errc::protocol, "has an amount of " + std::to_string(signature.amount));
    const cashu::Keyset* keyset = find(output.keyset);
    if (!keyset) return fail(Errc::protocol, "keyset '" + output.keyset.hex() + "' is unknown");
    auto key = keyset->keys.find(signature.amount);
    if (key == keyset->keys.end())
        return fail(Errc::protocol, "the keyset has no key for " + std::to_string(signature.amount));
    if (!signature.dleq) return fail(Errc::protocol, "has no DLEQ proof");
    if (!cashu::verify_dleq(key->second, output.B_, signature.C_, *signature.dleq))
        return fail(Errc::protocol, "has a DLEQ proof that does not verify");
    HP_TRY(auto derived, cashu::derive_secret(seed_, output.keyset, output.counter));
    auto C = cashu::unblind(signature.C_, derived.r, key->second);
    if (!C) return fail(Errc::protocol, "cannot be unblinded");
    cashu::Proof proof{signature.amount, output.keyset, std::move(derived.secret), *C};
    proof.dleq = cashu::ProofDleq{signature.dleq->e, signature.dleq->s, derived.r.bytes()};
    return proof;
}

Result<std::vector<cashu::Proof>> Keyring::open_all(std::span<const Output> outputs,
                                                    std::span<const cashu::BlindSignature> signatures) const {
    if (signatures.size() != outputs.size())
        return fail(Errc::protocol, "the mint returned " + std::to_string(signatures.size()) +
                                        " signatures for " + std::to_string(outputs.size()) + " outputs");
    std::vector<cashu::Proof> proofs;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        auto proof = open(outputs[i], signatures[i]);
        if (!proof)
            return fail(Errc::protocol,
                        "signature " + std::to_string(i) + " of the mint " + proof.error().what);
        proofs.push_back(*std::move(proof));
    }
    return proofs;
}

}  // namespace hp::wallet
