// hp-audit: do the databases of pool, mint and wallets agree, to the unit?
#include <CLI/CLI.hpp>
#include <cstdlib>

#include "accepted.hpp"
#include "audit/audit.hpp"
#include "audit/show.hpp"
#include "cli/checks.hpp"
#include "cli/command.hpp"
#include "places.hpp"

using namespace hp;

namespace {

Result<> run(const hp_audit::Options& options, bool is_json) {
    HP_TRY(auto places, hp_audit::find_places(options));
    HP_DO(hp_audit::read_accepted(options, places));
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
                      "hp-audit --pool outbox.db --mint mint.db --valuation target/unit_bits=32 --json",
                      "hp-audit --backup --pool /backup/outbox.db --mint /backup/mint.db",
                      "hp-audit accept I18 --amount 300 --reason 'restore of 26 November' --config-dir d"}}};
    auto& app = command.app();
    hp_audit::add_place_options(app, options);
    app.add_flag(
        "--backup", options.is_backup,
        "the files are copies that were made one after the other: what one has from the time between "
        "is noted, and no breach");
    app.add_flag("--deep", options.deep, "compare indexes with tables too; slow");
    app.add_option("--limit", options.limit, "how many breaches of each invariant are named [5]")
        ->check(cli::whole_number(0, 1'000'000))
        ->type_name("N");
    app.add_flag("--json", is_json, "print one JSON object");
    hp_audit::AcceptOptions acceptance;
    const auto& accept = hp_audit::add_accept(command, acceptance);
    app.require_subcommand(0, 1);
    return command.run(argc, argv, [&]() -> Result<> {
        HP_DO(hp_audit::use_usual_dir(options));
        return accept.parsed() ? hp_audit::accept(options, acceptance) : run(options, is_json);
    });
}
