#include "cli/options.hpp"

#include <CLI/CLI.hpp>

#include "cli/checks.hpp"

namespace hp::cli {

Option& Option::value_name(const std::string& name) {
    option_->type_name(name);
    return *this;
}

Option& Option::required() {
    option_->required();
    return *this;
}

Option& Option::one_of(std::vector<std::string> words) {
    option_->check(cli::one_of(std::move(words)));
    return *this;
}

Option& Option::excludes(const Option& other) {
    option_->excludes(other.option_);
    return *this;
}

Option& Option::needs(const Option& other) {
    option_->needs(other.option_);
    return *this;
}

Option& Option::or_variable(const std::string& name) {
    option_->envname(name);
    return *this;
}

Option& Option::or_empty() {
    may_be_empty_->insert(option_);
    return *this;
}

bool Option::is_given() const { return option_->count() > 0; }

Option Options::flag(const std::string& name, bool& out, const std::string& help) {
    return {app_.add_flag(name, out, help), may_be_empty_};
}

Option Options::flag(const std::string& name, std::function<void()> call, const std::string& help) {
    return {app_.add_flag_callback(name, std::move(call), help), may_be_empty_};
}

Option Options::text(const std::string& name, std::string& out, const std::string& help) {
    return {app_.add_option(name, out, help), may_be_empty_};
}

Option Options::text(const std::string& name, Take call, const std::string& help) {
    return {app_.add_option_function<std::string>(name, call, help), may_be_empty_};
}

Option Options::texts(const std::string& name, std::vector<std::string>& out, const std::string& help) {
    auto* option = app_.add_option(name, out, help);
    // Or it would take the arguments behind it.
    if (name.starts_with("-")) option->allow_extra_args(false);
    return {option, may_be_empty_};
}

Option Options::whole_text(const std::string& name, const std::string& help, std::int64_t min,
                           std::int64_t max, Take take) {
    auto* option = app_.add_option_function<std::string>(name, take, help);
    return {option->check(whole_number(min, max))->type_name("N"), may_be_empty_};
}

Option Options::number_text(const std::string& name, const std::string& help, double min, double max,
                            Take take) {
    auto* option = app_.add_option_function<std::string>(name, take, help);
    return {option->check(cli::number(min, max))->type_name("N"), may_be_empty_};
}

Option Options::number_above_0(const std::string& name, double& out, const std::string& help) {
    auto* option = app_.add_option_function<std::string>(
        name, [&out](const std::string& text) { out = parsed<double>(text); }, help);
    return {option->check(cli::number_above_0())->type_name("N"), may_be_empty_};
}

Option Options::json(bool& out, const std::string& help) { return flag("--json", out, help); }

}  // namespace hp::cli
