#include "wallet/scan.hpp"

#include "base/crash_point.hpp"
#include "log/log.hpp"

namespace hp::wallet {
namespace {

constexpr std::uint64_t kSumMax = std::uint64_t{1} << 63;

tl::unexpected<MintFailure> stopped_by(Error error) {
    return tl::unexpected(
        MintFailure{MintFailure::Kind::garbled, cashu::Code::unspecified, std::move(error)});
}

}  // namespace

void Scanner::scan(const cashu::KeysetId& id, std::uint64_t first, std::uint64_t gap, std::int64_t own_op,
                   OnReply<Found> done) {
    auto walk = std::make_shared<Walk>();
    walk->id = id;
    walk->own_op = own_op;
    walk->gap = gap;
    walk->next = first;
    walk->done = std::move(done);
    auto known = vault_.transact([&]() -> Result<std::uint64_t> { return vault_.next_counter(id); });
    if (!known) return walk->done(stopped_by(known.error()));
    walk->unknown_since = std::max(first, *known);
    walk->found.looked_to = first;
    ask_next(walk);
}

void Scanner::take(std::vector<Output> outputs, std::int64_t own_op, OnReply<Found> done) {
    auto walk = std::make_shared<Walk>();
    walk->own_op = own_op;
    walk->is_one_batch = true;
    walk->done = std::move(done);
    if (outputs.empty()) return walk->done(walk->found);
    walk->id = outputs.front().keyset;
    ask(walk, outputs);
}

void Scanner::ask_next(const WalkPtr& walk) {
    const std::uint64_t end = walk->unknown_since + walk->gap;
    if (walk->next >= end) return walk->done(walk->found);
    std::vector<Output> outputs;
    const std::uint64_t count = std::min<std::uint64_t>(kScanBatch, end - walk->next);
    for (std::uint64_t i = 0; i < count; ++i) {
        // What cannot be derived (past the last counter) was never used either.
        auto output = keyring_.output(walk->id, walk->next + i, 0);
        if (output) outputs.push_back(*output);
    }
    if (outputs.empty()) return walk->done(walk->found);
    walk->next += count;
    walk->found.looked_to = walk->next;
    ask(walk, outputs);
}

void Scanner::ask(const WalkPtr& walk, const std::vector<Output>& outputs) {
    mint_.restore({to_messages(outputs)}, [this, walk, outputs](Reply<cashu::RestoreResponse> reply) {
        if (!reply) return walk->done(tl::unexpected(reply.error()));
        on_restored(walk, outputs, *reply);
    });
}

void Scanner::go_on(const WalkPtr& walk) {
    if (walk->is_one_batch) return walk->done(walk->found);
    ask_next(walk);
}

void Scanner::on_restored(const WalkPtr& walk, const std::vector<Output>& asked,
                          const cashu::RestoreResponse& response) {
    std::vector<Restored> restored;
    std::vector<cashu::PublicKey33> ys;
    for (std::size_t i = 0; i < response.outputs.size(); ++i) {
        auto output = std::find_if(asked.begin(), asked.end(),
                                   [&](const Output& one) { return one.B_ == response.outputs[i].B_; });
        if (output == asked.end()) continue;
        walk->unknown_since = std::max(walk->unknown_since, output->counter + 1);
        walk->found.next = std::max(walk->found.next, output->counter + 1);
        // Another wallet with this seed may have requested another amount.
        Output of_any_amount = *output;
        of_any_amount.amount = 0;
        auto proof = keyring_.open(of_any_amount, response.signatures[i]);
        if (!proof) {
            const std::string what = "the signature at counter " + std::to_string(output->counter) +
                                     " of keyset " + walk->id.hex() + " " + proof.error().what;
            log::warn("restore: {}, ignored", what);
            if (on_wrong) on_wrong(what);
            continue;
        }
        auto y = cashu::y_of(proof->secret);
        if (std::find(ys.begin(), ys.end(), y) != ys.end()) continue;
        ys.push_back(y);
        restored.push_back({*output, y, *std::move(proof)});
    }
    if (ys.empty()) {
        if (auto stored = store(*walk, {}, {}); !stored) return walk->done(stopped_by(stored.error()));
        return go_on(walk);
    }
    mint_.check_states(ys, [this, walk, restored](Reply<std::vector<cashu::ProofState>> reply) {
        if (!reply) return walk->done(tl::unexpected(reply.error()));
        on_states(walk, restored, *reply);
    });
}

void Scanner::on_states(const WalkPtr& walk, const std::vector<Restored>& restored,
                        const std::vector<cashu::ProofState>& states) {
    if (auto stored = store(*walk, restored, states); !stored) return walk->done(stopped_by(stored.error()));
    go_on(walk);
}

Result<> Scanner::store(Walk& walk, const std::vector<Restored>& restored,
                        const std::vector<cashu::ProofState>& states) {
    Found found = walk.found;
    auto stored = vault_.transact([&]() -> Result<> {
        for (std::size_t i = 0; i < restored.size(); ++i) {
            const auto& [output, y, proof] = restored[i];
            vault_.counter_is_taken(output.keyset, output.counter);
            if (walk.is_one_batch && proof.amount == output.amount) found.ys.push_back(y);
            if (vault_.is_awaited(output.keyset, output.counter, walk.own_op)) continue;
            if (states[i] == cashu::ProofState::spent) {
                auto here = vault_.state_of(y);
                if (here && *here != CoinState::spending) vault_.proof_is_spent(y);
            } else if (states[i] == cashu::ProofState::unspent &&
                       vault_.put_proof(y, proof, CoinState::unspent)) {
                if (proof.amount > kSumMax - found.amount)
                    return fail(Errc::protocol, "the restored amounts sum to more than 2^63");
                found.amount += proof.amount;
                ++found.proofs;
            }
        }
        HP_CRASH_POINT("X11");
        vault_.close_tokens();
        if (found.next > 0) vault_.raise_counter(walk.id, found.next);
        return {};
    });
    if (stored) walk.found = found;
    return stored;
}

}  // namespace hp::wallet
