// What was written on the command line: taken apart by CLI11, and what is wrong with it in our words.
#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/bytes.hpp"
#include "cli/command.hpp"
#include "cli/variables.hpp"
#include "config/declared.hpp"
#include "log/log.hpp"

namespace hp::cli {
namespace {

/// CLI11's messages begin with a capital letter; ours do not.
std::string lower_first(std::string text) {
    if (text.size() > 1 && text[0] >= 'A' && text[0] <= 'Z' && !(text[1] >= 'A' && text[1] <= 'Z')) {
        text[0] = static_cast<char>(text[0] - 'A' + 'a');
    }
    return text;
}

/// CLI11 takes the next word as the value of "--name=": split it into two words, the second empty.
std::vector<std::string> words_of(int argc, char** argv) {
    std::vector<std::string> out;
    bool is_option = true;
    for (int i = 1; i < argc; ++i) {
        std::string word = argv[i];
        if (word == "--") is_option = false;
        const bool is_split =
            is_option && word.size() > 3 && word.starts_with("--") && word.find('=') == word.size() - 1;
        if (is_split) word.pop_back();
        out.push_back(std::move(word));
        if (is_split) out.emplace_back();
    }
    return out;
}

/// "Could not convert: --limit = abc" describes CLI11's work, not the user's mistake.
std::string plain_words(const std::string& message) {
    constexpr std::string_view kConvert = "Could not convert: ";
    const auto equals = message.find(" = ");
    if (!message.starts_with(kConvert) || equals == std::string::npos) return lower_first(message);
    return message.substr(kConvert.size(), equals - kConvert.size()) + ": expected a number, got '" +
           message.substr(equals + 3) + "'";
}

/// The innermost subcommand called.
const CLI::App& called(const CLI::App& app) {
    const auto chosen = app.get_subcommands();
    return chosen.empty() ? app : called(*chosen.front());
}

/// "hp-pool --pool-lisen" should suggest --pool-listen.
std::string near_option(const CLI::App& app, const std::string& message) {
    const auto dashes = message.find("--");
    if (dashes == std::string::npos) return {};
    const std::string word = message.substr(dashes, message.find_first_of(" =,", dashes) - dashes);
    std::vector<std::string> known;
    for (const CLI::App* at = &called(app); at != nullptr; at = at->get_parent()) {
        for (const CLI::Option* option : at->get_options()) {
            for (const auto& name : option->get_lnames()) {
                if (!option->get_group().empty()) known.push_back("--" + name);
            }
        }
    }
    const std::string best = config::nearest(word, known);
    return config::edit_distance(word, best) <= 3 ? best : std::string{};
}

}  // namespace

Error Command::explain(int cli_code, const std::string& message) const {
    const CLI::App& at = called(*app_);
    const auto extra = app_->remaining();
    if (&at == app_.get() && !extra.empty() && !extra[0].starts_with('-')) {
        std::vector<std::string> known;
        for (const CLI::App* sub : app_->get_subcommands([](const CLI::App*) { return true; })) {
            known.push_back(sub->get_name());
        }
        const std::string near = config::nearest(extra[0], known);
        if (!known.empty()) {
            return {Errc::usage, "'" + printable(extra[0], 64) + "' is not a subcommand",
                    config::edit_distance(extra[0], near) <= 3 ? "did you mean " + near + "?"
                                                               : "try '" + about_.name + " --help'"};
        }
    }
    const bool is_unknown = cli_code == static_cast<int>(CLI::ExitCodes::ExtrasError);
    const std::string near = is_unknown ? near_option(*app_, message) : std::string{};
    const std::string how = at.get_parent() ? about_.name + " " + at.get_name() : about_.name;
    if (is_unknown && std::find(extra.begin(), extra.end(), "") != extra.end())
        return {Errc::usage, "an argument is empty", "try '" + how + " --help'"};
    return {Errc::usage, log::one_line(plain_words(message)),
            near.empty() ? "try '" + how + " --help'" : "did you mean " + near + "?"};
}

Result<> Command::check_empty(const CLI::App& app) const {
    for (const CLI::Option* option : app.get_options()) {
        const auto& given = option->results();
        const bool is_empty = std::find(given.begin(), given.end(), "") != given.end();
        const auto& name = option->get_envname();
        if (is_empty && !may_be_empty_.contains(option))
            return fail(Errc::usage, option->get_name() + ": expected a value, got an empty one",
                        "is a shell variable unset?");
        if (option->count() == 0 && !name.empty()) HP_DO(variable(name.c_str()));
    }
    for (const CLI::App* sub : app.get_subcommands()) HP_DO(check_empty(*sub));
    return {};
}

std::optional<int> Command::parse(int argc, char** argv) {
    const auto words = words_of(argc, argv);
    wants_json_ = std::ranges::find(words, "--json") != words.end();
    if (const auto word = std::ranges::find_if(words, [](const auto& one) { return !one.starts_with('-'); });
        word != words.end())
        called_ = find_verb(*word);
    try {
        app_->parse(std::vector<std::string>{words.rbegin(), words.rend()});  // CLI11 takes them from the end
        const auto chosen = app_->get_subcommands();
        called_ = chosen.empty() ? nullptr : find_verb(chosen.front()->get_name());
        const auto checked = check_empty(*app_);
        return checked ? std::nullopt : std::optional{report(checked.error())};
    } catch (const CLI::Success& request) {
        return app_->exit(request);
    } catch (const CLI::ParseError& e) {
        // Errors that follow from an empty value, and missing options, say less.
        const auto checked = check_empty(*app_);
        return report(checked ? explain(e.get_exit_code(), e.what()) : checked.error());
    }
}

const Command::AddedVerb* Command::find_verb(const std::string& name) const {
    const auto found = std::ranges::find(verbs_, name, [](const auto& one) { return one->verb.name; });
    return found == verbs_.end() ? nullptr : found->get();
}

}  // namespace hp::cli
