// hp-pool: the pool service.
#include "parts.hpp"
#include "verbs.hpp"

using namespace hp;

int main(int argc, char** argv) {
    hp_pool::Settings settings;
    cli::Command command{
        {.name = "hp-pool",
         .summary =
             "Serve SV2 miners: jobs from a Template Provider, shares checked, a quote at the mint for each.",
         .examples = {"hp-pool --config-dir /etc/hashpool",
                      "hp-pool --config-dir d --events - | hp-stats ingest --db pool.db",
                      "hp-pool check-shares < shares.jsonl"}}};
    command.add_verbs(hp_pool::verbs(settings, command));
    command.configure(settings.pool, settings.shared, settings.network);
    return command.run(argc, argv, [&] {
        return cli::serve(command, settings.network,
                          [&](cli::Daemon& daemon) { return hp_pool::start(settings, daemon); });
    });
}
