// hp-mint: the Cashu mint for ehash.
#include "parts.hpp"
#include "verbs.hpp"

using namespace hp;

int main(int argc, char** argv) {
    hp_mint::Settings settings;
    cli::Command command{{.name = "hp-mint",
                          .summary = "Serve a Cashu mint whose quotes are made by a pool's accepted shares.",
                          .examples = {"hp-mint --config-dir /etc/hashpool",
                                       "hp-mint --config-dir d & curl -s http://127.0.0.1:3338/v1/info | jq",
                                       "hp-mint accept-rollback --config-dir d"}}};
    command.add_verbs(hp_mint::verbs(settings, command));
    command.configure(settings.mint, settings.shared, settings.network);
    return command.run(argc, argv, [&] {
        return cli::serve(command, settings.network,
                          [&](cli::Daemon& daemon) { return hp_mint::start(settings, daemon); });
    });
}
