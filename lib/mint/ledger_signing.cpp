// The ledger's signatures: requests, answers, spent proofs.
#include <algorithm>

#include "base/crash_point.hpp"
#include "cashu/deciders.hpp"
#include "mint/ledger.hpp"
#include "mint/ledger_impl.hpp"

namespace hp::mint {
namespace {

using cashu::BlindedMessage;
using cashu::BlindSignature;
using cashu::KeysetId;
using cashu::Quote;

BlindSignature read_signature(const store::Statement& row, int first) {
    BlindSignature signature;
    signature.amount = static_cast<std::uint64_t>(row.integer(first));
    auto id = KeysetId::from_bytes(row.blob(first + 1));
    if (!id) throw store::DbError(0, "signature row with a bad keyset id");
    signature.id = *id;
    signature.C_ = row.array<33>(first + 2);
    signature.dleq = cashu::Dleq{row.array<32>(first + 3), row.array<32>(first + 4)};
    return signature;
}

}  // namespace

std::optional<std::vector<BlindSignature>> Ledger::answered(const Bytes32& digest) {
    auto& op = statements_->find_op.bind(digest);
    if (!op.step()) {
        op.reset();
        return {};
    }
    auto id = op.integer(0);
    op.reset();
    auto& row = statements_->op_signatures.bind(id);
    std::vector<BlindSignature> signatures;
    while (row.step()) signatures.push_back(read_signature(row, 0));
    row.reset();
    return signatures;
}

Answer<> Ledger::check_unsigned(const std::vector<BlindedMessage>& outputs) {
    std::vector<bool> signed_before;
    signed_before.reserve(outputs.size());
    for (const auto& output : outputs) {
        signed_before.push_back(statements_->has_signature.bind(output.B_).step());
        statements_->has_signature.reset();
    }
    return cashu::decide_outputs(signed_before);
}

Answer<std::vector<BlindSignature>> Ledger::issue(OpKind kind, const Bytes32& digest,
                                                  const std::vector<BlindedMessage>& outputs,
                                                  const cashu::MintKeysets& keysets, std::uint64_t fee,
                                                  UnixMs now, std::int64_t& op) {
    HP_TRY(auto signatures, cashu::sign_outputs(outputs, keysets));
    if (kind == OpKind::mint) HP_CRASH_POINT("S3");
    if (kind == OpKind::swap) HP_CRASH_POINT("W3");
    auto& s = *statements_;
    auto& inserted = s.insert_op.bind(static_cast<std::int64_t>(kind), digest, fee, now);
    while (inserted.step()) op = inserted.integer(0);
    ++late_->progress.operations;
    HP_CRASH_POINT("S8");
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        const BlindSignature& signature = signatures[i];
        s.insert_signature
            .bind(outputs[i].B_, signature.id.bytes(), signature.amount, signature.C_, signature.dleq->e,
                  signature.dleq->s, op, static_cast<std::int64_t>(i))
            .run();
    }
    if (kind == OpKind::mint) HP_CRASH_POINT("S4");
    return signatures;
}

void Ledger::raise_issued(const Quote& quote, std::uint64_t amount, std::int64_t op, UnixMs now) {
    auto id = *uuid_from_text(quote.id);
    if (statements_->raise.bind(id, amount, now).run() != 1)
        throw store::DbError(0, "quote " + quote.id + " cannot issue that much");
    statements_->insert_op_quote.bind(op, id, amount).run();
    late_->progress.issued += amount;
    HP_CRASH_POINT("S5");
}

Answer<Signed> Ledger::mint(const Bytes32& digest, const cashu::MintRequest& request,
                            const cashu::MintKeysets& keysets, const cashu::MintPolicy& policy, UnixMs now) {
    if (auto before = answered(digest)) return Signed{std::move(*before), true};
    auto quote = find_quote(request.quote);
    if (!quote) return tl::unexpected(cashu::unknown_quote(request.quote));
    HP_TRY(auto amount, cashu::check_mint(request, *quote, keysets, policy, now / 1000));
    HP_CRASH_POINT("S2");
    HP_DO(check_unsigned(request.outputs));
    std::int64_t op = 0;
    HP_TRY(auto signatures, issue(OpKind::mint, digest, request.outputs, keysets, 0, now, op));
    raise_issued(*quote, amount, op, now);
    return Signed{std::move(signatures)};
}

Answer<Signed> Ledger::mint_batch(const Bytes32& digest, const cashu::BatchMintRequest& request,
                                  const cashu::MintKeysets& keysets, const cashu::MintPolicy& policy,
                                  UnixMs now) {
    if (auto before = answered(digest)) return Signed{std::move(*before), true};
    HP_DO(cashu::check_batch_form(request, policy));
    std::vector<Quote> quotes;
    for (const auto& id : request.quotes) {
        auto quote = find_quote(id);
        if (!quote) return tl::unexpected(cashu::unknown_quote(id));
        quotes.push_back(std::move(*quote));
    }
    HP_TRY(auto amounts, cashu::check_batch_mint(request, quotes, keysets, policy, now / 1000));
    HP_CRASH_POINT("S2");
    HP_DO(check_unsigned(request.outputs));
    std::int64_t op = 0;
    HP_TRY(auto signatures, issue(OpKind::mint, digest, request.outputs, keysets, 0, now, op));
    for (std::size_t i = 0; i < quotes.size(); ++i) raise_issued(quotes[i], amounts[i], op, now);
    return Signed{std::move(signatures)};
}

Answer<Signed> Ledger::swap(const Bytes32& digest, const cashu::SwapRequest& request,
                            const cashu::SwapChecked& checked, const cashu::MintKeysets& keysets,
                            UnixMs now) {
    if (auto before = answered(digest)) return Signed{std::move(*before), true};
    auto& s = *statements_;
    std::vector<cashu::ProofState> states;
    for (const auto& y : checked.ys) {
        states.push_back(s.find_spent.bind(y).step() ? cashu::ProofState::spent : cashu::ProofState::unspent);
        s.find_spent.reset();
    }
    HP_DO(cashu::decide_inputs(states));
    HP_CRASH_POINT("W1");
    HP_DO(check_unsigned(request.outputs));
    std::int64_t op = 0;
    HP_TRY(auto signatures, issue(OpKind::swap, digest, request.outputs, keysets, checked.fee, now, op));
    for (std::size_t i = 0; i < request.inputs.size(); ++i) {
        const auto& proof = request.inputs[i];
        s.insert_spent.bind(checked.ys[i], proof.id.bytes(), proof.amount, proof.witness, op).run();
        late_->progress.spent += proof.amount;
    }
    HP_CRASH_POINT("W4");
    return Signed{std::move(signatures)};
}

std::vector<cashu::StateOfProof> Ledger::states(const std::vector<cashu::PublicKey33>& ys) {
    std::vector<cashu::StateOfProof> out;
    for (const auto& y : ys) {
        cashu::StateOfProof state{y};
        auto& row = statements_->find_spent.bind(y);
        if (row.step()) {
            state.state = cashu::ProofState::spent;
            if (!row.is_null(0)) state.witness = row.text(0);
        }
        row.reset();
        out.push_back(std::move(state));
    }
    return out;
}

cashu::RestoreResponse Ledger::restore(const cashu::RestoreRequest& request) {
    cashu::RestoreResponse response;
    for (const auto& output : request.outputs) {
        auto& row = statements_->find_signature.bind(output.B_);
        if (row.step()) {
            response.outputs.push_back(output);
            response.signatures.push_back(read_signature(row, 0));
        }
        row.reset();
    }
    return response;
}

}  // namespace hp::mint
