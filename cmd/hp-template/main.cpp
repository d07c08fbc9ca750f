// hp-template: the Template Provider. Templates from a node or from an embedded chain, served over SV2.
#include "verbs.hpp"

using namespace hp;

int main(int argc, char** argv) {
    hp_template::Settings settings;
    cli::Command command{
        {.name = "hp-template",
         .summary =
             "Serve block templates over SV2 from a node, or from an embedded chain, and hand blocks in.",
         .examples = {"hp-template --sim --config-dir ./demo",
                      "hp-template --rpc http://127.0.0.1:18443 --network regtest --rpc-cookie-file "
                      "~/.bitcoin/regtest/.cookie --config-dir ./demo",
                      "hp-template submit /var/lib/hashpool/blocks/HASH.hex"}}};
    command.add_verbs(hp_template::verbs(settings, command));
    command.configure(settings.keys, settings.network);
    hp_template::add_shortcuts(command);
    return command.run(argc, argv, [&] {
        return cli::serve(command, settings.network,
                          [&](cli::Daemon& daemon) { return hp_template::start(settings, daemon); });
    });
}
