// hp-web: the dashboards.
#include "verbs.hpp"

using namespace hp;

int main(int argc, char** argv) {
    config::Network network;
    cli::Command command{
        {.name = "hp-web",
         .summary = "Serve the dashboard of the pool's or the proxy's side, out of what hp-stats serves.",
         .examples = {"hp-web pool --config-dir d", "hp-web proxy --config-dir d --listen 127.0.0.1:3030"}}};
    command.add_verbs(hp_web::verbs(network, command));
    command.configure(network);
    return command.run(argc, argv);
}
