// Verbs: the sub-commands of a program as a table. Each is one file that says what it is called, which
// options it has, and what it does; the program's verbs.hpp lists them in the order of --help, and
// completions follow from that.
#pragma once
#include <concepts>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "cli/options.hpp"

namespace hp::cli {

/// What of the program's configuration is read before a verb runs. Where it is nothing, the log is as by
/// default.
enum class Needs : std::uint8_t { nothing, own_file, everything };

/// What a verb does once its options are parsed.
class Action {
  public:
    /// `run` gives Result<>, or Result<int> where success has exit codes other than 0.
    template <std::invocable Run>
    Action(Run run) {
        if constexpr (std::same_as<std::invoke_result_t<Run&>, Result<>>)
            run_ = [run = std::move(run)]() mutable -> Result<int> {
                HP_DO(run());
                return 0;
            };
        else
            run_ = std::move(run);
    }
    /// Where the verb's own options decide what it reads.
    Action&& reading(std::function<Needs()> needs) && {
        needs_ = std::move(needs);
        return std::move(*this);
    }
    Result<int> run() const { return run_(); }
    Needs needs(Needs otherwise) const { return needs_ ? needs_() : otherwise; }

  private:
    std::function<Result<int>()> run_;
    std::function<Needs()> needs_;
};

struct Verb {
    std::string name;
    std::string summary;
    std::vector<std::string> examples{};
    /// Adds the verb's options; called once, before the command line is parsed.
    std::function<Action(Options&)> declare;
    Needs needs{Needs::everything};
    /// Runs on: its log goes to the configuration's log_file, where others write never, as whoever looks at
    /// figures may not write there.
    bool is_service{false};
    /// Gives the exit code of an error that ends this verb, also one of the command line; the error is on
    /// stderr.
    std::function<int(const Error&, bool is_json)> on_error{};
};

}  // namespace hp::cli
