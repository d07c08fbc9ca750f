// hp-stats: time series out of event records.
#include "verbs.hpp"

using namespace hp;

int main(int argc, char** argv) {
    cli::Command command{{.name = "hp-stats",
                          .summary = "Keep time series of event records (man 5 hp-records), and print them.",
                          .examples = {"hp-pool --config-dir d --events - | hp-stats ingest --db pool.db",
                                       "hp-stats show pool.db", "hp-stats check pool.db --critical-age 60"}}};
    hp_stats::Program program{command};
    command.add_verbs(hp_stats::verbs(program));
    command.configure(program.stats, program.network);
    return command.run(argc, argv);
}
