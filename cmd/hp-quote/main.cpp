// hp-quote: quotes, frames, tokens and keys by hand.
#include "cli/command.hpp"
#include "verbs.hpp"

using namespace hp;

int main(int argc, char** argv) {
    cli::Command command{{.name = "hp-quote",
                          .summary = "Look at quotes, shares, frames, tokens and keys by hand.",
                          .examples = {"hp-quote decode frame 000001060000020003000000",
                                       "hp-quote explain 17 --config-dir ./demo"}}};
    command.add_verbs(hp_quote::verbs());
    return command.run(argc, argv);
}
