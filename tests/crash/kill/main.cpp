// crash_run: the breaking machine. tests/crash/run builds what it needs and calls it; docs/reliability.md
// explains.
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

#include <filesystem>

#include "cli/command.hpp"
#include "crash/kill/lane.hpp"
#include "log/log.hpp"

namespace {

using namespace hp;
using namespace hp::crash;

/// A run this long must have killed at every point.
constexpr std::uint64_t kRoundsForAllPoints = 1200;

struct Options {
    Settings settings;
    unsigned lanes{4};
    bool all_points{false};
};

std::uint64_t ull(const std::atomic<std::uint64_t>& value) { return value.load(); }

[[noreturn]] void run_lane(const Options& options, Totals& totals, unsigned index) {
    // All its processes are in its group, to be ended with the lane.
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    std::signal(SIGTERM, [](int) { ::kill(0, SIGKILL); });
    std::signal(SIGINT, SIG_IGN);
    std::signal(SIGPIPE, SIG_IGN);
    int code = 0;
    try {
        // The players' connections are lost all the time, as intended.
        (void)log::open("crash_run", log::Level::error,
                        options.settings.work_dir + "/lane" + std::to_string(index) + ".log");
        Lane{options.settings, totals, index}.run();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "crash_run: error: lane %u: %s\n", index, error.what());
        code = 2;
    } catch (...) {
        std::fprintf(stderr, "crash_run: error: lane %u: a round failed where none was played\n", index);
        code = 2;
    }
    std::_Exit(code);
}

bool print_points(const Totals& totals) {
    bool all_killed = true;
    std::printf("\npoint  program     passed    killed recovered  again in recovery\n");
    for (std::size_t i = 0; i < points().size(); ++i) {
        const auto& info = points()[i];
        const auto& point = totals.points[i];
        std::printf("%-5.*s  %-6.*s  %9llu %9llu %9llu %9llu\n", static_cast<int>(info.name.size()),
                    info.name.data(), static_cast<int>(name_of(info.program).size()),
                    name_of(info.program).data(), static_cast<unsigned long long>(ull(point.reached)),
                    static_cast<unsigned long long>(ull(point.killed)),
                    static_cast<unsigned long long>(ull(point.recovered)),
                    static_cast<unsigned long long>(ull(point.killed_in_recovery)));
        all_killed &= point.killed > 0;
    }
    return all_killed;
}

void print_totals(const Options& options, const Totals& totals, double seconds) {
    auto number = [](const char* name, const std::atomic<std::uint64_t>& value) {
        std::printf("%-28s %llu\n", name, static_cast<unsigned long long>(value.load()));
    };
    std::printf("\nseed %llu, %u lanes, %.1f s\n", static_cast<unsigned long long>(options.settings.seed),
                options.lanes, seconds);
    number("rounds", totals.rounds);
    number("  at named points", totals.named_rounds);
    number("  at random times", totals.random_rounds);
    number("    one process", totals.random_by_count[1]);
    number("    two processes", totals.random_by_count[2]);
    number("    all three", totals.random_by_count[3]);
    number("  point not reached", totals.not_reached);
    number("rounds that failed", totals.failed_rounds);
    number("kills", totals.kills);
    number("  of them in recovery", totals.recovery_kills);
    number("shares sent", totals.shares_sent);
    number("  promised", totals.shares_promised);
    number("  sent again", totals.resent);
    const double rounds = static_cast<double>(std::max<std::uint64_t>(totals.rounds, 1));
    std::printf("rounds a second              %.2f\n", static_cast<double>(totals.rounds) / seconds);
    std::printf("kills a second               %.2f\n", static_cast<double>(totals.kills) / seconds);
    std::printf(
        "a round's ms in its lane     work %.0f, restart %.0f, reconnect %.0f, settle %.0f, audit %.0f, new "
        "databases %.0f\n",
        static_cast<double>(totals.work_us) / 1000 / rounds,
        static_cast<double>(totals.restart_us) / 1000 / rounds,
        static_cast<double>(totals.reconnect_us) / 1000 / rounds,
        static_cast<double>(totals.settle_us) / 1000 / rounds,
        static_cast<double>(totals.audit_us) / 1000 / rounds,
        static_cast<double>(totals.epoch_us) / 1000 / rounds);
}

Result<> run(Options& options) {
    namespace fs = std::filesystem;
    if (options.settings.only && *options.settings.only >= options.settings.rounds)
        options.settings.rounds = *options.settings.only + 1;
    if (options.settings.only) options.lanes = 1;
    void* memory = ::mmap(nullptr, sizeof(Totals), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return fail(Errc::io, "no shared memory");
    auto& totals = *new (memory) Totals{};
    if (options.settings.only) totals.next_epoch = *options.settings.only / kRoundsPerEpoch;
    std::error_code error;
    options.settings.work_dir += "/crash-" + std::to_string(::getpid());
    fs::create_directories(options.settings.work_dir, error);
    if (error) return fail(Errc::io, "cannot make '" + options.settings.work_dir + "': " + error.message());
    const auto began = steady_ms_now();
    std::vector<pid_t> lanes;
    for (unsigned index = 0; index < options.lanes; ++index) {
        pid_t pid = ::fork();
        if (pid == 0) run_lane(options, totals, index);
        lanes.push_back(pid);
    }
    static std::vector<pid_t>* to_end = nullptr;
    to_end = &lanes;
    auto end_all = [](int) {
        for (pid_t pid : *to_end) ::kill(-pid, SIGKILL);
        std::_Exit(130);
    };
    std::signal(SIGINT, end_all);
    std::signal(SIGTERM, end_all);
    bool lanes_ok = true;
    for (pid_t pid : lanes) {
        int status = 0;
        while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
        if (status != 0) {
            std::fprintf(stderr, "crash_run: error: a lane ended with %s %d\n",
                         WIFSIGNALED(status) ? "signal" : "code",
                         WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
            lanes_ok = false;
        }
        ::kill(-pid, SIGKILL);
    }
    const bool all_points = print_points(totals);
    print_totals(options, totals, static_cast<double>(steady_ms_now() - began) / 1000);
    if (totals.failed_rounds == 0 && !options.settings.keep) fs::remove_all(options.settings.work_dir, error);
    if (!lanes_ok) return fail(Errc::io, "a lane ended in an error of its own");
    if (totals.failed_rounds > 0)
        return fail(Errc::refused, std::to_string(totals.failed_rounds) + " rounds failed");
    const bool must_have_all = options.all_points || options.settings.rounds >= kRoundsForAllPoints;
    if (must_have_all && !options.settings.only && !all_points)
        return fail(Errc::refused, "a point was never killed at: the run proves nothing about it");
    std::printf("result                       ok\n");
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    options.settings.build_dir = HP_BUILD_DIR;
    const char* dir = std::getenv("HP_CRASH_DIR");
    options.settings.work_dir = dir ? dir : std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : "/tmp";
    if (const char* seed = std::getenv("HP_SEED")) options.settings.seed = std::strtoull(seed, nullptr, 10);
    cli::Command command{
        {.name = "crash_run",
         .summary = "Kill pool, mint, proxy and wallet at every step of the money, and audit.",
         .examples = {"tests/crash/run --rounds 1200 --seed 7", "tests/crash/run --seed 7 --only 381"}}};
    auto& add = command.options();
    add.whole("--rounds", options.settings.rounds, "how many [1200]", 1, 100'000'000);
    add.whole("--seed", options.settings.seed, "of everything that is drawn; also HP_SEED [1]", 0);
    add.whole("--only", options.settings.only, "play one round again, on databases of its own", 0);
    add.whole("--lanes", options.lanes, "topologies side by side [4]", 1, 200);
    add.whole("--failures-max", options.settings.failures_max, "stop after this number of failed rounds [5]",
              0);
    add.flag("--all-points", options.all_points,
             "fail unless each point was killed at, however few the rounds");
    add.flag("--keep", options.settings.keep, "keep the directories of rounds that passed");
    return command.run(argc, argv, [&] { return run(options); });
}
