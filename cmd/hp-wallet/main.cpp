// hp-wallet: ehash by hand.
#include "own_directory.hpp"
#include "verbs.hpp"

using namespace hp;

int main(int argc, char** argv) {
    cli::Command command{
        {.name = "hp-wallet",
         .summary = "Hold ehash: mint quotes, send and receive tokens, restore from the seed.",
         .examples = {"hp-wallet init --mint https://mint.example.org",
                      "hp-wallet --config-dir ./demo quotes --mint",
                      "hp-wallet --config-dir ./demo send 250 > token.txt",
                      "hp-wallet --config-dir ./demo receive < token.txt"}}};
    hp_wallet::Program program{command};
    command.add_verbs(hp_wallet::verbs(program));
    command.configure(program.shared, program.network);
    command.hint_without_files("'hp-wallet init --mint URL' makes a wallet");
    // Who made a wallet of his own means that one.
    if (const auto own = hp_wallet::own_directory(); hp_wallet::has_wallet(own)) command.use_directory(own);
    return command.run(argc, argv);
}
