// --list-options: what the shell completions are made from.
#pragma once
#include <string>

namespace CLI {
class App;
}

namespace hp::cli {

/// One line per option or subcommand: "--name <tab> value|flag|command <tab> description". Subcommands have
/// no dashes. Hidden options are left out.
std::string list_options(const CLI::App& app);

}  // namespace hp::cli
