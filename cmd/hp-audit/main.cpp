// hp-audit: do the databases of pool, mint and wallets agree, to the unit?
#include <CLI/CLI.hpp>
#include <cstdlib>

#include "audit/audit.hpp"
#include "audit/show.hpp"
#include "cli/command.hpp"
#include "places.hpp"

using namespace hp;

namespace {

Result<> run(const hp_audit::Options& options, bool is_json) {
    HP_TRY(auto places, hp_audit::find_places(options));
    HP_TRY(auto report, audit::audit(places));
    std::fputs((is_json ? audit::to_json(report) : audit::to_lines(report)).c_str(), stdout);
    if (report.ok()) return {};
    std::string broken;
    for (const auto& one : report.invariants())
        if (one.state() == audit::State::breach) broken += (broken.empty() ? "" : ", ") + std::string(one.id);
    return fail(Errc::refused, "broken: " + broken);
}

}  // namespace

int main(int argc, char** argv) {
    hp_audit::Options options;
    bool is_json = false;
    cli::Command command{
        {.name = "hp-audit",
         .summary = "Check that the databases of pool, mint and wallets agree, to the unit. Reads only.",
         .examples = {"hp-audit --config-dir ./demo",
                      "hp-audit --pool outbox.db --mint mint.db --valuation target/unit_bits=32 --json"}}};
    auto& app = command.app();
    app.add_option("--pool", options.pools, "the pool's outbox; may stand several times")
        ->type_name("FILE")
        ->allow_extra_args(false);
    app.add_option("--mint", options.mints, "a mint's ledger; may stand several times")
        ->type_name("FILE")
        ->allow_extra_args(false);
    app.add_option("--wallet", options.wallets, "a wallet; may stand several times")
        ->type_name("FILE")
        ->allow_extra_args(false);
    app.add_option("--config-dir", options.config_dir,
                   "take what is not given from there, from HP_CONFIG_DIR or /etc/hashpool: databases and "
                   "valuation")
        ->type_name("DIR");
    app.add_option("--valuation", options.valuation,
                   "what shares are worth, as on the link (target/unit_bits=32)")
        ->type_name("TEXT");
    app.add_flag("--deep", options.deep, "compare indexes with tables too; slow");
    app.add_option("--limit", options.limit, "how many breaches of each invariant are named [5]")
        ->check(CLI::Range(std::size_t{0}, std::size_t{1'000'000}))
        ->type_name("N");
    app.add_flag("--json", is_json, "print one JSON object");
    return command.run(argc, argv, [&] {
        // A variable that stands around must not add databases to those that were named.
        if (options.config_dir.empty() && options.pools.empty() && options.mints.empty() &&
            options.wallets.empty())
            options.config_dir = cli::usual_config_dir();
        return run(options, is_json);
    });
}
