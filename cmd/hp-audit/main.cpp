// hp-audit: do the databases of pool, mint and wallets agree, to the unit?
#include <cstdio>

#include "accepted.hpp"
#include "audit/show.hpp"
#include "cli/command.hpp"
#include "verbs.hpp"

using namespace hp;

namespace {

Result<> run(hp_audit::Options& options) {
    HP_DO(hp_audit::use_usual_dir(options));
    HP_TRY(auto places, hp_audit::find_places(options));
    HP_DO(hp_audit::read_accepted(options, places));
    HP_TRY(auto report, audit::audit(places));
    std::fputs((options.json ? audit::to_json(report) : audit::to_lines(report)).c_str(), stdout);
    if (report.ok()) return {};
    std::string broken;
    for (const auto& one : report.invariants())
        if (one.state() == audit::State::breach) broken += (broken.empty() ? "" : ", ") + std::string(one.id);
    return fail(Errc::refused, "broken: " + broken);
}

}  // namespace

int main(int argc, char** argv) {
    hp_audit::Options options;
    cli::Command command{
        {.name = "hp-audit",
         .summary = "Check that the databases of pool, mint and wallets agree, to the unit. Reads only.",
         .examples = {"hp-audit --config-dir ./demo",
                      "hp-audit --pool outbox.db --mint mint.db --valuation target/unit_bits=32 --json",
                      "hp-audit --backup --pool /backup/outbox.db --mint /backup/mint.db",
                      "hp-audit accept I18 --amount 300 --reason 'restore of 26 November' --config-dir d"}}};
    auto& add = command.options();
    hp_audit::add_place_options(add, options);
    add.flag("--backup", options.is_backup,
             "the files are copies that were made one after the other: what one has from the time between "
             "is noted, and no breach");
    add.flag("--deep", options.deep, "compare indexes with tables too; slow");
    add.whole("--limit", options.limit, "how many breaches of each invariant are named [5]", 0, 1'000'000);
    add.json(options.json);
    command.add_verbs(hp_audit::verbs(options));
    return command.run(argc, argv, [&] { return run(options); });
}
