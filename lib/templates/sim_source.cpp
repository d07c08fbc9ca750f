#include "templates/sim_source.hpp"

#include "log/log.hpp"

namespace hp::templates {
namespace {

// At most half of one core, and never long enough to delay a frame.
constexpr SteadyMs kMiningSliceMs = 2;
constexpr std::int64_t kMiningPauseMs = 2;
constexpr std::uint32_t kNoncesPerLook = 512;

UnixSeconds unix_seconds_now() { return unix_ms_now() / 1000; }

}  // namespace

SimSource::SimSource(net::Loop& loop, const Options& options)
    : loop_{loop}, options_{options}, chain_{options.block_bits}, refresh_{loop}, mining_{loop} {}

Result<std::unique_ptr<SimSource>> SimSource::open(net::Loop& loop, const Options& options) {
    std::unique_ptr<SimSource> out{new SimSource(loop, options)};
    if (options.chain_file.empty()) {
        log::info("simulated chain without a file: it is lost at exit");
    } else {
        HP_TRY(out->file_, SimFile::open(options.chain_file, out->chain_, unix_seconds_now()));
        log::info("simulated chain '{}' at height {}, tip {}", options.chain_file, out->chain_.height(),
                  to_hex_reversed(out->chain_.tip_hash()));
    }
    return out;
}

void SimSource::start(OnTemplate on_template) {
    on_template_ = std::move(on_template);
    loop_.post([this, alive = std::weak_ptr(alive_)] {
        if (!alive.expired()) on_new_tip();
    });
}

void SimSource::submit(std::shared_ptr<const Bytes> block, const BlockId&, OnVerdict on_verdict) {
    // Accept it at once, before anything else in this turn of the loop.
    const Verdict verdict = take(*block);
    const bool is_new_tip = verdict.accepted() && !verdict.is_repeat;
    if (is_new_tip) mining_.cancel();  // our own block would build on the old tip
    loop_.post(
        [this, alive = std::weak_ptr(alive_), verdict, is_new_tip, on_verdict = std::move(on_verdict)] {
            if (alive.expired()) return;
            on_verdict(verdict);
            if (is_new_tip && !alive.expired()) on_new_tip();
        });
}

Verdict SimSource::take(ByteView block) {
    auto checked = chain_.check(block, unix_seconds_now());
    // This chain has no side branches: every known block is in it.
    if (!checked && checked.error().what == "duplicate") return {Fate::accepted, "duplicate", true};
    if (!checked) return {Fate::rejected, checked.error().what};
    if (file_) {
        if (auto kept = file_->append(block); !kept) {
            log::error("{}", kept.error().what);
            return {Fate::undelivered, "not-stored: " + kept.error().what};
        }
    }
    chain_.extend(*checked);
    return {Fate::accepted};
}

void SimSource::publish() {
    if (on_template_) on_template_(chain_.make_template(unix_seconds_now(), transaction_count_));
}

void SimSource::on_new_tip() {
    transaction_count_ = chain_.first_transaction_count();
    refresh_.every(options_.fee_refresh_s * 1000, [this] {
        if (transaction_count_ == SimChain::kTransactionsPerHeight) return refresh_.cancel();
        ++transaction_count_;
        publish();
    });
    miner_.reset();
    if (options_.block_interval_s > 0)
        mining_.after(options_.block_interval_s * 1000, [this] {
            miner_.emplace(chain_.make_template(unix_seconds_now(), transaction_count_));
            mine_slice();
        });
    publish();
}

void SimSource::mine_slice() {
    const SteadyMs end = steady_ms_now() + kMiningSliceMs;
    do {
        auto solution = miner_->try_nonces(kNoncesPerLook);
        if (!solution) continue;
        auto found = assemble(miner_->block(), *solution);
        HP_ASSERT(found && found->meets_target);
        Verdict verdict = take(found->raw);
        if (verdict.accepted())
            log::info("mined our own block {} at height {}", to_hex_reversed(found->hash), chain_.height());
        else
            log::error("our own block {} was refused: {}", to_hex_reversed(found->hash), verdict.reason);
        return on_new_tip();
    } while (steady_ms_now() < end);
    mining_.after(kMiningPauseMs, [this] { mine_slice(); });
}

}  // namespace hp::templates
