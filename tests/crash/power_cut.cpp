// power_cut: simulated power cuts of every database, in process, on the real classes.
#include "power_cut.hpp"

#include <malloc.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <functional>

#include "log/log.hpp"
#include "migration_round.hpp"
#include "scratch.hpp"
#include "vfs_shim.hpp"

using namespace hp;
using namespace hp::crash;

namespace {

struct Options {
    std::size_t cuts{3000};
    std::uint64_t seed{1};
    std::string only;
    std::uint64_t at{0};
    std::size_t operations{200};
    std::size_t every{1};
    bool ignores_sync{false};
};

using RunRound = std::function<void(std::uint64_t seed, const CutPlan&, CutTally&)>;

/// Rounds until there were enough cuts; the first failure ends it.
CutTally run_rounds(const char* name, const RunRound& round, const Options& options,
                    const std::string& scratch) {
    CutTally tally;
    CutPlan plan{scratch, options.operations, options.every, options.at, options.cuts, options.ignores_sync};
    auto begun = std::chrono::steady_clock::now();
    std::size_t rounds = 0;
    while (tally.cuts < options.cuts && tally.failures.empty()) {
        round(options.seed + rounds, plan, tally);
        ++rounds;
        if (options.at != 0) break;
    }
    std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    std::printf(
        "%-9s rounds %zu, changes of the disk %zu, turns of the checkpoint thread %zu, cuts %zu (in recovery "
        "%zu, torn %zu), sectors dropped "
        "%zu, "
        "operations promised %zu, lost %zu, %.0f cuts/s\n",
        name, rounds, tally.indices, tally.switches, tally.cuts, tally.chained, tally.torn,
        tally.sectors_dropped, tally.promised, tally.lost, static_cast<double>(tally.cuts) / took.count());
    for (const std::string& failure : tally.failures)
        std::printf("FAILED: %s\n  again: power_cut --operations %zu --only %s\n", failure.c_str(),
                    options.operations, failure.substr(0, failure.find(" (")).c_str());
    std::fflush(stdout);
    return tally;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app{
        "Simulated power cuts of the pool's, the mint's and the wallet's database.\n\n"
        "Before every change that a workload makes to its disk, tries what a power cut would leave: a "
        "random\n"
        "part of what is not synced, the last sector torn. Opens that, and compares it with what was "
        "promised.\n\n"
        "Examples:\n"
        "  $ power_cut --cuts 100000                    # the long run\n"
        "  $ power_cut --only ledger --seed 7 --at 1234 # one failing case again\n"
        "  $ power_cut --ignore-sync                    # a disk that lies: must fail"};
    app.add_option("--cuts", options.cuts, "Cuts, over all databases")->capture_default_str();
    app.add_option("--seed", options.seed, "Of the first round")->capture_default_str();
    app.add_option("--only", options.only, "One of: migration, outbox, ledger, vault");
    app.add_option("--at", options.at, "One cut: before this change of the disk, in the round of --seed");
    app.add_option("--operations", options.operations, "Operations in a round")->capture_default_str();
    app.add_option("--every", options.every, "A cut before every n-th change")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_flag("--ignore-sync", options.ignores_sync, "The disk claims to have synced, but has not");
    CLI11_PARSE(app, argc, argv);

    // Thousands of file images are allocated and freed: keep their memory in the process.
    mallopt(M_MMAP_THRESHOLD, 1 << 28);
    mallopt(M_TRIM_THRESHOLD, 1 << 28);
    SeededRandom::install();
    install_vfs_shim();
    install_turns();
    (void)log::open("power_cut", log::Level::error);
    std::unique_ptr<Subject> subjects[] = {outbox_subject(), ledger_subject(), vault_subject()};
    std::vector<std::pair<const char*, RunRound>> rounds{{"migration", migration_round}};
    for (const auto& subject : subjects)
        rounds.emplace_back(subject->name(),
                            [&one = *subject](auto seed, const CutPlan& plan, CutTally& tally) {
                                cut_round(one, seed, plan, tally);
                            });
    std::erase_if(rounds,
                  [&](const auto& one) { return !options.only.empty() && options.only != one.first; });
    if (rounds.empty()) {
        std::fprintf(stderr, "power_cut: error: there is no database '%s'\n", options.only.c_str());
        return 2;
    }
    options.cuts = (options.cuts + rounds.size() - 1) / rounds.size();
    Scratch scratch;
    bool is_good = true;
    for (const auto& [name, round] : rounds)
        is_good &= run_rounds(name, round, options, scratch.path()).failures.empty();
    return is_good ? 0 : 1;
}
