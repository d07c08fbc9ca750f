// hp-config: makes, checks and shows the configuration of all programs.
#include "cli/command.hpp"
#include "verbs.hpp"

using namespace hp;

int main(int argc, char** argv) {
    cli::Command command{{.name = "hp-config",
                          .summary = "Make, check and show the configuration of all Hashpool programs.",
                          .examples = {"hp-config init ./demo --network sim --ports auto",
                                       "hp-config check ./demo", "hp-config show ./demo --origin"}}};
    command.add_verbs(hp_config::verbs());
    return command.run(argc, argv);
}
