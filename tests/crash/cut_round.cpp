#include "power_cut.hpp"

namespace hp::crash {
namespace {

/// Cuts during the recovery from a cut, and during the recovery from that.
constexpr std::size_t kDepthMax = 3;

class Round {
  public:
    Round(const Subject& subject, std::uint64_t seed, const CutPlan& plan, CutTally& tally)
        : subject_{subject}, seed_{seed}, plan_{plan}, tally_{tally}, main_{plan.scratch + "/main"} {
        for (std::size_t i = 0; i < kDepthMax; ++i) {
            after_.push_back(std::make_unique<Disk>(plan.scratch + "/after" + std::to_string(i)));
            after_.back()->ignores_sync = plan.ignores_sync;
        }
        phase_ = mix(seed, 1) % plan.every;
    }

    void run() {
        SeededRandom random{seed_};
        main_.turns.seed(mix(seed_, 3));
        oracle_ = subject_.fresh();
        main_.before = [this](const Operation& operation) {
            before_change(operation);
            return Verdict{};
        };
        Rng rng{mix(seed_, 2)};
        std::size_t groups = subject_.groups(plan_.operations);
        // Reopen a few times, to also cut the writes of opening and closing.
        constexpr std::size_t kLives = 3;
        for (std::size_t life = 0; life < kLives && !is_over(); ++life) {
            auto session = subject_.open(path_on(main_), *oracle_);
            if (!session) return report("opening: " + session.error().what);
            // The disk lies from here on: promises may be lost, but not the creation of the file.
            if (plan_.ignores_sync && !std::exchange(main_.ignores_sync, true)) main_.settle();
            for (std::size_t i = 0; i < groups / kLives && !is_over(); ++i) (*session)->work(rng);
            if (auto wrong = (*session)->repeat(rng); !wrong.empty()) report(wrong);
            rest(**session, main_);
            if (auto wrong = check_file(subject_, path_on(main_), *oracle_); !wrong.empty())
                report("without a cut: " + wrong);
        }
        tally_.promised += oracle_->promised();
        tally_.indices += index_;
        tally_.switches += main_.turns.switches();
    }

  private:
    static void rest(Session& session, Disk& disk) {
        session.rest();
        disk.turns.wait();
    }
    std::string path_on(const Disk& disk) const { return disk.path(subject_.file()); }
    bool is_over() const { return is_failed_ || tally_.cuts >= plan_.cuts_max; }

    void report(const std::string& what) {
        if (is_failed_) return;
        is_failed_ = true;
        tally_.failures.push_back(what);
        if (what.find("LOST") != std::string::npos) ++tally_.lost;
    }

    void before_change(const Operation& operation) {
        ++index_;
        bool is_due = plan_.only_index ? index_ == plan_.only_index : index_ % plan_.every == phase_;
        if (!is_due || is_over()) return;
        std::uint64_t cut_seed = mix(seed_, 1000 + index_);
        SeededRandom random{cut_seed};
        Rng rng{cut_seed};
        std::string trail = std::string(subject_.name()) + " --seed " + std::to_string(seed_) + " --at " +
                            std::to_string(index_) + " (before " + name_of(operation.op) + " of " +
                            operation.file + ")";
        cut(main_, *oracle_, rng, 0, trail);
    }

    /// What a cut of `disk` now would leave, and how the database recovers from it.
    void cut(const Disk& disk, const Oracle& oracle, Rng& rng, std::size_t depth, const std::string& trail) {
        Image image = disk.cut(rng);
        ++tally_.cuts;
        tally_.torn += image.is_torn;
        tally_.chained += depth > 0;
        tally_.sectors_dropped += image.dropped;
        auto own = oracle.clone();
        Disk& next = *after_[depth];
        next.load(image);
        next.turns.seed(rng.next());
        std::uint64_t count = 0;
        bool is_cut_again = depth + 1 < kDepthMax && rng.chance(1, 4);
        std::uint64_t cut_at = 1 + rng.below(rng.chance(1, 2) ? 12 : 80);
        next.before = [&](const Operation& operation) {
            if (is_cut_again && ++count == cut_at && !is_failed_)
                cut(next, *own, rng, depth + 1,
                    trail + ", then before change " + std::to_string(count) + " (" + name_of(operation.op) +
                        " of " + operation.file + ")");
            return Verdict{};
        };
        if (auto wrong = recover(next, *own, rng); !wrong.empty()) report(trail + ": " + wrong);
        next.before = nullptr;
    }

    std::string recover(Disk& disk, Oracle& oracle, Rng& rng) {
        auto session = subject_.open(path_on(disk), oracle);
        if (!session) return "opening: " + session.error().what;
        if (auto wrong = check_file(subject_, path_on(disk), oracle); !wrong.empty()) return wrong;
        if (auto wrong = (*session)->repeat(rng); !wrong.empty()) return "repeating: " + wrong;
        if (rng.chance(1, 4)) (*session)->work(rng);
        rest(**session, disk);
        auto check = rng.chance(1, 4) ? Check::rows_and_pages : Check::rows;
        if (auto wrong = check_file(subject_, path_on(disk), oracle, check); !wrong.empty())
            return "after repeating: " + wrong;
        return {};
    }

    const Subject& subject_;
    std::uint64_t seed_;
    const CutPlan& plan_;
    CutTally& tally_;
    Disk main_;
    std::vector<std::unique_ptr<Disk>> after_;
    std::unique_ptr<Oracle> oracle_;
    std::uint64_t index_{0};
    std::uint64_t phase_{0};
    bool is_failed_{false};
};

}  // namespace

void cut_round(const Subject& subject, std::uint64_t seed, const CutPlan& plan, CutTally& tally) {
    Round{subject, seed, plan, tally}.run();
}

}  // namespace hp::crash
