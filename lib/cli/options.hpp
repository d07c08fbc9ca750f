// The options and arguments of a program or verb, by what they write to. CLI11 stays inside this room.
#pragma once
#include <charconv>
#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace hp::cli {

/// Options whose value may be an empty text.
using EmptyOnes = std::set<const CLI::Option*>;

/// One that was added, for what else there is to say of it. A handle: copies are of the same option.
class Option {
  public:
    Option(CLI::Option* option, EmptyOnes& may_be_empty) : option_{option}, may_be_empty_{&may_be_empty} {}
    /// What --help calls the value: "FILE".
    Option& value_name(const std::string& name);
    Option& required();
    /// Exactly one of the words, which the option's text lists.
    Option& one_of(std::vector<std::string> words);
    /// The two together are an error.
    Option& excludes(const Option& other);
    /// Without the other it is an error.
    Option& needs(const Option& other);
    /// The variable stands for it where it is not given.
    Option& or_variable(const std::string& name);
    /// An empty value means something. It is an error otherwise, as where a script's variable is unset.
    Option& or_empty();
    bool is_given() const;

  private:
    CLI::Option* option_;
    EmptyOnes* may_be_empty_;
};

/// Adds them. A name with dashes is an option, one without is an argument in its place on the command line.
/// What they write to is written while the command line is parsed, and has its default where they are not
/// given.
class Options {
  public:
    static constexpr std::int64_t kNoMax = std::numeric_limits<std::int64_t>::max();
    static constexpr double kInfinity = std::numeric_limits<double>::infinity();

    Options(CLI::App& app, EmptyOnes& may_be_empty) : app_{app}, may_be_empty_{may_be_empty} {}
    Options(const Options&) = delete;
    Options& operator=(const Options&) = delete;

    Option flag(const std::string& name, bool& out, const std::string& help);
    Option flag(const std::string& name, std::function<void()> call, const std::string& help);
    Option text(const std::string& name, std::string& out, const std::string& help);
    Option text(const std::string& name, std::function<void(const std::string&)> call,
                const std::string& help);
    /// An option may be repeated; an argument takes all the words that are left.
    Option texts(const std::string& name, std::vector<std::string>& out, const std::string& help);
    /// `Out`: an integer type, or an optional one.
    template <class Out>
    Option whole(const std::string& name, Out& out, const std::string& help, std::int64_t min,
                 std::int64_t max = kNoMax) {
        return whole_text(name, help, min, max, [&out](const std::string& text) { out = parsed<Out>(text); });
    }
    /// `Out`: double, or an optional one. With or without a fraction, in plain or scientific notation; never
    /// nan.
    template <class Out>
    Option number(const std::string& name, Out& out, const std::string& help, double min,
                  double max = kInfinity) {
        return number_text(name, help, min, max,
                           [&out](const std::string& text) { out = parsed<Out>(text); });
    }
    Option number_above_0(const std::string& name, double& out, const std::string& help);
    /// --json: what every verb has that prints data.
    Option json(bool& out, const std::string& help = "print one JSON object");

  private:
    using Take = std::function<void(const std::string&)>;
    template <class Out>
    struct Plain {
        using type = Out;
    };
    template <class Inner>
    struct Plain<std::optional<Inner>> {
        using type = Inner;
    };
    /// Of a text that was checked.
    template <class Out>
    static typename Plain<Out>::type parsed(const std::string& text) {
        typename Plain<Out>::type out{};
        std::from_chars(text.data(), text.data() + text.size(), out);
        return out;
    }
    Option whole_text(const std::string& name, const std::string& help, std::int64_t min, std::int64_t max,
                      Take take);
    Option number_text(const std::string& name, const std::string& help, double min, double max, Take take);
    CLI::App& app_;
    EmptyOnes& may_be_empty_;
};

}  // namespace hp::cli
