// The directory that most verbs are about, and other options that several have.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "verbs.hpp"

namespace hp::hp_config {

/// A verb's argument, or --config-dir, as the other programs call it.
class Directory {
  public:
    /// `name`: of the argument.
    explicit Directory(std::string name = "DIR") : name_{std::move(name)} {}
    cli::Option add(cli::Options& add, const std::string& help);
    /// The option alone, where the argument may be left out for HP_CONFIG_DIR.
    void add_option(cli::Options& add, bool has_variable);
    /// The argument; not both.
    Result<std::string> given() const;
    bool has_option() const { return !option_.empty(); }
    /// The argument, which is another's.
    std::string take_word() { return std::exchange(word_, {}); }
    bool is_given() const { return !word_.empty() || !option_.empty(); }
    /// What is given, else HP_CONFIG_DIR, else /etc/hashpool.
    Result<std::string> usual() const;

  private:
    std::string name_, word_, option_;
};
/// DIR of a verb that reads one.
void add_usual_directory(cli::Options& add, Directory& directory,
                         const std::string& help = "configuration directory [/etc/hashpool]");

/// --network: `help` says what it means here.
void add_network(cli::Options& add, std::string& network, const std::string& help);
/// --role, `meaning` first.
void add_roles(cli::Options& add, std::vector<std::string>& roles, const std::string& meaning);
/// --for: of which programs.
void add_for(cli::Options& add, std::vector<std::string>& tools);

}  // namespace hp::hp_config
