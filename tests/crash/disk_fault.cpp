// disk_fault: full and failing disks under every database, in process, on the real classes.
#include <CLI/CLI.hpp>
#include <chrono>

#include "fault_round.hpp"
#include "log/log.hpp"
#include "reopened_log.hpp"
#include "scratch.hpp"
#include "vfs_shim.hpp"

using namespace hp;
using namespace hp::crash;

int main(int argc, char** argv) {
    std::size_t operations = 200;
    std::uint64_t seed = 1;
    std::string only;
    CLI::App app{
        "Full and failing disks under the pool's, the mint's and the wallet's database.\n\n"
        "Every write of a workload fails once (no space, EIO, half a write): the caller gets an error, "
        "nothing is\n"
        "half, and the same request succeeds when the disk works again. A sync that fails ends the "
        "handle.\n\n"
        "Examples:\n"
        "  $ disk_fault\n"
        "  $ disk_fault --only vault --seed 7 --operations 1000"};
    app.add_option("--operations", operations, "Operations of each workload")->capture_default_str();
    app.add_option("--seed", seed)->capture_default_str();
    app.add_option("--only", only,
                   "One database: ledger, outbox or vault; or log, a log that outlived a failed sync");
    CLI11_PARSE(app, argc, argv);

    SeededRandom::install();
    install_vfs_shim();
    install_turns();
    // Otherwise each fault is logged.
    (void)log::open("disk_fault", log::Level::error, "/dev/null");
    Scratch scratch;
    std::unique_ptr<Subject> subjects[] = {outbox_subject(), ledger_subject(), vault_subject()};
    bool is_good = true, is_any = false;
    for (const auto& subject : subjects) {
        if (!only.empty() && only != subject->name()) continue;
        is_any = true;
        for (Fault fault : kFaults) {
            auto begun = std::chrono::steady_clock::now();
            auto tally = fault_round(*subject, fault, seed, operations, scratch.path());
            std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
            std::printf(
                "%-7s %-14s operations of the disk %zu, faults %zu, restarts %zu, promised %zu, %.1f s\n",
                subject->name(), name_of(fault), tally.operations, tally.faults, tally.restarts,
                tally.promised, took.count());
            for (const auto& failure : tally.failures) std::printf("FAILED: %s\n", failure.c_str());
            std::fflush(stdout);
            is_good &= tally.failures.empty() && tally.faults > 0;
        }
    }
    if (only.empty() || only == "log") {
        is_any = true;
        std::size_t rounds = 0;
        std::string lost;
        for (; rounds < operations && lost.empty(); ++rounds)
            lost = reopened_log_round(seed + rounds, scratch.path());
        std::printf("log     sync error     restarts %zu, each with 8 power cuts\n", rounds);
        if (!lost.empty()) std::printf("FAILED: log, %s\n", lost.c_str());
        is_good &= lost.empty();
    }
    if (!is_any) {
        std::fprintf(stderr, "disk_fault: error: there is no database '%s'\n", only.c_str());
        return 2;
    }
    return is_good ? 0 : 1;
}
