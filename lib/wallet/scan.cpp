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

void Scanner::scan(const cashu::KeysetId& id, std::uint64_t first, std::int64_t own_op, OnReply<Found> done) {
    auto walk = std::make_shared<Walk>();
    walk->id = id;
    walk->own_op = own_op;
    walk->next = walk->unknown_since = first;
    walk->done = std::move(done);
    ask(walk);
}

void Scanner::ask(const std::shared_ptr<Walk>& walk) {
    if (walk->next - walk->unknown_since >= kScanBatch) return walk->done(walk->found);
    std::vector<Output> outputs;
    for (std::size_t i = 0; i < kScanBatch; ++i) {
        // What cannot be derived (the end of the counters) was never used either.
        auto output = keyring_.output(walk->id, walk->next + i, 0);
        if (output) outputs.push_back(*output);
    }
    if (outputs.empty()) return walk->done(walk->found);
    mint_.restore({to_messages(outputs)}, [this, walk, outputs](Reply<cashu::RestoreResponse> reply) {
        if (!reply) return walk->done(tl::unexpected(reply.error()));
        on_restored(walk, outputs, *reply);
    });
}

void Scanner::on_restored(const std::shared_ptr<Walk>& walk, const std::vector<Output>& asked,
                          const cashu::RestoreResponse& response) {
    walk->next += kScanBatch;
    std::vector<Restored> restored;
    std::vector<cashu::PublicKey33> ys;
    for (std::size_t i = 0; i < response.outputs.size(); ++i) {
        auto output = std::find_if(asked.begin(), asked.end(),
                                   [&](const Output& one) { return one.B_ == response.outputs[i].B_; });
        if (output == asked.end()) continue;
        walk->unknown_since = std::max(walk->unknown_since, output->counter + 1);
        auto proof = keyring_.open(*output, response.signatures[i]);
        if (!proof) {
            log::warn("restore: the signature at counter {} of keyset {} {}, left out", output->counter,
                      walk->id.hex(), proof.error().what);
            continue;
        }
        auto y = cashu::y_of(proof->secret);
        if (std::find(ys.begin(), ys.end(), y) != ys.end()) continue;
        ys.push_back(y);
        restored.push_back({*output, y, *std::move(proof)});
    }
    if (ys.empty()) {
        if (auto stored = store(*walk, {}, {}); !stored) return walk->done(stopped_by(stored.error()));
        return ask(walk);
    }
    mint_.check_states(ys, [this, walk, restored](Reply<std::vector<cashu::ProofState>> reply) {
        if (!reply) return walk->done(tl::unexpected(reply.error()));
        on_states(walk, restored, *reply);
    });
}

void Scanner::on_states(const std::shared_ptr<Walk>& walk, const std::vector<Restored>& restored,
                        const std::vector<cashu::ProofState>& states) {
    if (auto stored = store(*walk, restored, states); !stored) return walk->done(stopped_by(stored.error()));
    ask(walk);
}

Result<> Scanner::store(Walk& walk, const std::vector<Restored>& restored,
                        const std::vector<cashu::ProofState>& states) {
    Found found = walk.found;
    auto stored = vault_.transact([&]() -> Result<> {
        for (std::size_t i = 0; i < restored.size(); ++i) {
            const auto& [output, y, proof] = restored[i];
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
        vault_.raise_counter(walk.id, walk.unknown_since);
        return {};
    });
    if (stored) walk.found = found;
    return stored;
}

}  // namespace hp::wallet
