// hp-proxy: SV1 miners to an SV2 pool, and the wallet that mints what they earn.
#include "parts.hpp"

using namespace hp;

int main(int argc, char** argv) {
    hp_proxy::Settings settings;
    cli::Command command{
        {.name = "hp-proxy",
         .summary = "Serve SV1 miners from an SV2 pool, and mint what they earn into a wallet.",
         .examples = {"hp-proxy --config-dir /etc/hashpool",
                      "hp-proxy --config-dir d & hp-miner stratum+tcp://127.0.0.1:34255 --user rig1"}}};
    command.configure(settings.proxy, settings.shared, settings.network);
    return command.run(argc, argv, [&] {
        return cli::serve(command, settings.network,
                          [&](cli::Daemon& daemon) { return hp_proxy::start(settings, daemon); });
    });
}
