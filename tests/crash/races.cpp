// races: several threads at once request what must happen only once.
#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>

#include "log/log.hpp"
#include "races/race.hpp"
#include "scratch.hpp"

using namespace hp;
using namespace hp::crash;

namespace {

struct Options {
    std::uint64_t rounds{1000};
    std::uint64_t seed{1};
    std::uint64_t first{0};
    std::size_t threads{4};
    std::uint64_t rounds_per_store{200};
    std::uint64_t failures_max{20};
    std::string only;
};

/// A kind of round with its stage, and the results of its rounds.
struct Entry {
    std::size_t stage{};
    const Kind* kind{};
    std::uint64_t rounds{0};
    std::vector<std::uint64_t> won{};
};

/// A stage type with the store that is open now.
struct Open {
    StageType type;
    std::unique_ptr<Stage> stage{};
    std::uint64_t first_round{0}, rounds{0};
    std::string directory{};
};

class Races {
  public:
    explicit Races(const Options& options) : options_{options}, crew_{options.threads} {
        for (auto make : {mint_stage, linked_stage, pool_stage, wallet_stage}) stages_.push_back({make()});
        for (std::size_t i = 0; i < stages_.size(); ++i)
            for (const Kind& kind : stages_[i].type.kinds)
                if (options.only.empty() || options.only == kind.name)
                    entries_.push_back({i, &kind, 0, std::vector<std::uint64_t>(kind.sides.size(), 0)});
    }
    bool is_empty() const { return entries_.empty(); }

    void run() {
        for (std::uint64_t i = 0; i < options_.rounds && failures_ < options_.failures_max; ++i)
            play(options_.first + i);
        for (Open& open : stages_) end(open);
    }

    int report(double seconds) const {
        std::uint64_t rounds = 0;
        for (const Entry& entry : entries_) {
            rounds += entry.rounds;
            std::printf("%-13s %7llu rounds", entry.kind->name,
                        static_cast<unsigned long long>(entry.rounds));
            for (std::size_t side = 0; side < entry.won.size(); ++side)
                std::printf("%s%s %llu", side == 0 ? ", won by: " : ", ", entry.kind->sides[side],
                            static_cast<unsigned long long>(entry.won[side]));
            std::printf("\n");
        }
        std::printf("%llu rounds of %zu threads in %.1f s (%.0f a second), seed %llu: %llu failed\n",
                    static_cast<unsigned long long>(rounds), options_.threads, seconds,
                    static_cast<double>(rounds) / seconds, static_cast<unsigned long long>(options_.seed),
                    static_cast<unsigned long long>(failures_));
        return failures_ == 0 ? 0 : 1;
    }

  private:
    void play(std::uint64_t round) {
        Rng rng{mix(options_.seed, round)};
        Entry& entry = entries_[rng.below(entries_.size())];
        Open& open = stages_[entry.stage];
        if (!open.stage) {
            open.directory = scratch_.path() + "/" + open.type.name;
            std::filesystem::create_directory(open.directory);
            open.first_round = round;
            open.stage = open.type.open(open.directory, rng, crew_.size());
        }
        auto outcome = entry.kind->play(*open.stage, rng, crew_);
        if (outcome.wrong.empty()) outcome.wrong = open.stage->check();
        ++entry.rounds;
        if (outcome.winner < entry.won.size()) ++entry.won[outcome.winner];
        if (!outcome.wrong.empty()) {
            fail(round, open, entry.kind->name, outcome.wrong);
            // Its sums are wrong from now on, which would only repeat the failure.
            open.stage.reset();
            std::filesystem::remove_all(open.directory);
        } else if (++open.rounds >= options_.rounds_per_store) {
            end(open);
        }
        last_round_ = round;
    }

    void end(Open& open) {
        if (!open.stage) return;
        if (auto wrong = open.stage->end(); !wrong.empty()) fail(last_round_, open, "the store's end", wrong);
        open.stage.reset();
        open.rounds = 0;
        std::filesystem::remove_all(open.directory);
    }

    void fail(std::uint64_t round, const Open& open, const char* kind, const std::string& wrong) {
        ++failures_;
        std::printf("FAILED: round %llu, %s: %s\n", static_cast<unsigned long long>(round), kind,
                    wrong.c_str());
        std::printf("  again: races --seed %llu --first %llu --rounds %llu --threads %zu%s%s\n",
                    static_cast<unsigned long long>(options_.seed),
                    static_cast<unsigned long long>(open.first_round),
                    static_cast<unsigned long long>(round - open.first_round + 1), options_.threads,
                    options_.only.empty() ? "" : " --only ", options_.only.c_str());
        std::fflush(stdout);
    }

    Options options_;
    Scratch scratch_;
    Crew crew_;
    std::vector<Open> stages_;
    std::vector<Entry> entries_;
    std::uint64_t failures_{0}, last_round_{0};
};

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app{
        "Several threads at once request what must happen only once: the same quote, the same proofs, the "
        "same\n"
        "share, the same counters. Sums are compared to the unit, refusals by their codes.\n\n"
        "What a round does follows from seed and number; who comes first in it does not: play it several "
        "times.\n\n"
        "Examples:\n"
        "  $ races --rounds 5000 --seed 7\n"
        "  $ races --only swap --rounds 1000 --threads 8"};
    app.add_option("--rounds", options.rounds)->capture_default_str();
    app.add_option("--seed", options.seed)->capture_default_str();
    app.add_option("--first", options.first, "Number of the first round")->capture_default_str();
    app.add_option("--threads", options.threads, "Threads that race")
        ->check(CLI::Range(2, 64))
        ->capture_default_str();
    app.add_option("--store-rounds", options.rounds_per_store,
                   "Rounds on a store before it is audited and replaced")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("--failures-max", options.failures_max, "Stop after so many")->capture_default_str();
    app.add_option("--only", options.only, "One kind of round");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    // Otherwise each refused conflict is logged.
    (void)log::open("races", log::Level::error, "/dev/null");
    Races races{options};
    if (races.is_empty()) {
        std::fprintf(stderr, "races: error: there is no kind of round '%s'\n", options.only.c_str());
        return 2;
    }
    auto begun = std::chrono::steady_clock::now();
    races.run();
    std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    return races.report(took.count());
}
