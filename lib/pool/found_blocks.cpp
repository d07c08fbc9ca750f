#include "pool/found_blocks.hpp"

#include <algorithm>

#include "base/crash_point.hpp"
#include "pool/block_folder.hpp"
#include "sv2/frame.hpp"

namespace hp::pool {
namespace {

void write_found(FoundBlocks::Kept& kept, const std::string& folder, const FoundBlock& block,
                 const Bytes* transactions) {
    const auto write = [&]() -> Result<> {
        if (folder.empty()) return fail(Errc::invalid, "blocks_directory is empty");
        if (!transactions) return fail(Errc::invalid, "its template's transactions had not come yet");
        HP_TRY(const Bytes whole, whole_block(block.header, block.solution.coinbase_tx.value, *transactions));
        return write_block(folder, block.hash, whole);
    };
    if (const auto written = write())
        kept.file = block_path(folder, block.hash);
    else
        kept.why_not = written.error().what;
}

}  // namespace

FoundBlocks::FoundBlocks(Options options, DiskThread::Post post, Completed completed)
    : options_{std::move(options)}, completed_{std::move(completed)}, disk_{std::move(post)} {}

Result<> FoundBlocks::open(UnixMs now, SteadyMs steady_now) {
    HP_TRY(solutions_, read_solutions(options_.solutions_file));
    age(solutions_, now, steady_now);
    if (!keeps_whole()) return {};
    HP_TRY(const auto files, list_blocks(options_.folder));
    for (const BlockFile& file : files)
        known_.push_back({.hash = file.hash,
                          .since_ms = steady_now - std::max<UnixMs>(now - file.found_ms, 0),
                          .is_whole = true});
    drop_old(steady_now);
    return {};
}

void FoundBlocks::on_transactions(std::uint64_t template_id, ByteView payload) {
    if (payload.size() > kTransactionBytesMax) return;
    transactions_.push_back({template_id, std::make_shared<const Bytes>(payload.begin(), payload.end())});
    const auto late = std::stable_partition(
        incomplete_.begin(), incomplete_.end(),
        [&](const FoundBlock& block) { return block.solution.template_id != template_id; });
    std::for_each(late, incomplete_.end(),
                  [&](FoundBlock& block) { complete(std::move(block), transactions_.back().payload); });
    incomplete_.erase(late, incomplete_.end());
    transaction_bytes_ += payload.size();
    while (transaction_bytes_ > kTransactionBytesMax || transactions_.size() > kTemplatesMax) {
        transaction_bytes_ -= transactions_.front().payload->size();
        transactions_.pop_front();
    }
}

void FoundBlocks::on_tip(std::uint64_t template_id) {
    const std::uint64_t oldest = std::min(std::exchange(tip_template_, template_id), template_id);
    std::erase_if(transactions_, [&](const Transactions& of) {
        if (of.template_id >= oldest) return false;
        transaction_bytes_ -= of.payload->size();
        return true;
    });
}

void FoundBlocks::drop_old(SteadyMs now) {
    std::erase_if(known_, [&](const Known& one) { return now - one.since_ms > kSolutionKeptMs; });
    if (known_.size() > kBlockFilesMax)
        known_.erase(known_.begin(), known_.end() - static_cast<std::ptrdiff_t>(kBlockFilesMax));
    std::erase_if(incomplete_, [&](const FoundBlock& block) {
        return std::ranges::find(known_, block.hash, &Known::hash) == known_.end();
    });
}

void FoundBlocks::complete(FoundBlock block, Payload payload) {
    disk_.run([this, folder = options_.folder, payload = std::move(payload), block = std::move(block)] {
        auto kept = std::make_shared<Kept>();
        write_found(*kept, folder, block, payload.get());
        return [this, kept, hash = block.hash] {
            mark(hash, *kept);
            completed_(hash, *kept);
        };
    });
}

void FoundBlocks::mark(const Bytes32& hash, const Kept& kept) {
    for (Known& one : known_)
        if (one.hash == hash) one.is_whole = !kept.file.empty();
}

void FoundBlocks::keep(FoundBlock block, bool is_given, UnixMs now, SteadyMs steady_now,
                       std::function<void(const Kept&)> done) {
    solutions_.push_back({now, sv2::encode_frame(block.solution), steady_now});
    prune(solutions_, steady_now);
    known_.push_back({.hash = block.hash,
                      .since_ms = steady_now,
                      .is_given = is_given,
                      .given_ms = is_given ? steady_now : 0});
    drop_old(steady_now);
    Payload payload;
    for (const Transactions& of : transactions_)
        if (of.template_id == block.solution.template_id) payload = of.payload;
    if (keeps_whole() && !payload) {
        if (incomplete_.size() == kTemplatesMax) incomplete_.pop_front();
        incomplete_.push_back(block);
    }
    auto kept = std::make_shared<Kept>();
    disk_.run([this, kept, solutions = solutions_, file = options_.solutions_file, folder = options_.folder,
               payload = std::move(payload), block = std::move(block), done = std::move(done)] {
        if (const auto written = write_solutions(file, solutions); !written)
            kept->solution_error = written.error().what;
        HP_CRASH_POINT("P16");
        write_found(*kept, folder, block, payload.get());
        HP_CRASH_POINT("P17");
        return [this, kept, hash = block.hash, done] {
            mark(hash, *kept);
            done(*kept);
        };
    });
}

const std::vector<KeptSolution>& FoundBlocks::solutions(SteadyMs now) {
    prune(solutions_, now);
    return solutions_;
}

void FoundBlocks::nobody_has_them() {
    for (Known& one : known_) one.is_given = false;
}

std::optional<Bytes32> FoundBlocks::next(SteadyMs now,
                                         std::function<void(const Bytes32&, Result<Bytes>)> done) {
    drop_old(now);
    Known* one = nullptr;
    for (Known& of : known_) {
        const bool is_waited_for = of.is_given && now - of.given_ms < kVerdictLimitMs;
        if (!of.is_whole || of.is_settled || is_waited_for) continue;
        if (!one || of.given_ms < one->given_ms) one = &of;
    }
    if (!one) return {};
    one->is_given = true;
    one->given_ms = now;
    disk_.run([this, hash = one->hash, folder = options_.folder, done = std::move(done)] {
        auto block = std::make_shared<Result<Bytes>>(read_block(folder, hash));
        return [this, hash, block, done] {
            // Nor will it be whole for the next connection.
            if (!*block && block->error().code != Errc::io) on_verdict(hash, true);
            done(hash, std::move(*block));
        };
    });
    return one->hash;
}

bool FoundBlocks::on_verdict(const Bytes32& hash, bool is_settled) {
    const auto one = std::ranges::find(known_, hash, &Known::hash);
    if (one == known_.end()) return false;
    one->is_given = one->is_settled = is_settled;
    return true;
}

}  // namespace hp::pool
