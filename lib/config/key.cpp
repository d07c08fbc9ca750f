// What is derived from one key's declaration: its flag, its variable, its words, and how text becomes its
// value.
#include <charconv>

#include "base/bytes.hpp"
#include "config/load.hpp"

namespace hp::config {
namespace {

template <class Field>
Key bind(Key::Type type, std::string file, std::string name, Field& field, std::string doc, Rule rule) {
    Key key{.file = std::move(file),
            .name = std::move(name),
            .doc = std::move(doc),
            .rule = std::move(rule),
            .default_text = toml_text(Setting{field}),
            .type = type,
            .assign = {},
            .current = [&field] { return Setting{field}; }};
    key.assign = [&field, checked = key.rule](const Setting& value) -> Result<> {
        const auto* typed = std::get_if<Field>(&value);
        HP_ASSERT(typed != nullptr);
        HP_DO(check(checked, value));
        field = *typed;
        return {};
    };
    return key;
}

template <class Number>
Result<Setting> number_from_text(std::string_view text, const char* wanted) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return fail(Errc::usage, "is '" + printable(text, 100) + "', allowed: " + wanted);
    }
    return Setting{number};
}

}  // namespace

Key Loader::make_key(std::string file, std::string name, std::string& field, std::string doc, Rule rule) {
    return bind(Key::Type::text, std::move(file), std::move(name), field, std::move(doc), std::move(rule));
}
Key Loader::make_key(std::string file, std::string name, std::int64_t& field, std::string doc, Rule rule) {
    return bind(Key::Type::integer, std::move(file), std::move(name), field, std::move(doc), std::move(rule));
}
Key Loader::make_key(std::string file, std::string name, double& field, std::string doc, Rule rule) {
    return bind(Key::Type::real, std::move(file), std::move(name), field, std::move(doc), std::move(rule));
}
Key Loader::make_key(std::string file, std::string name, bool& field, std::string doc, Rule rule) {
    return bind(Key::Type::boolean, std::move(file), std::move(name), field, std::move(doc), std::move(rule));
}
Key Loader::make_key(std::string file, std::string name, std::vector<std::string>& field, std::string doc,
                     Rule rule) {
    return bind(Key::Type::list, std::move(file), std::move(name), field, std::move(doc), std::move(rule));
}

std::string Key::flag() const {
    std::string out = "--" + name;
    std::replace(out.begin(), out.end(), '_', '-');
    return out;
}

std::string Key::variable() const { return rule.variable.empty() ? plain_variable() : rule.variable; }

std::string Key::plain_variable() const {
    std::string out = "HP_";
    for (const char c : name) out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return out;
}

std::string Key::type_text() const {
    switch (type) {
        case Type::text:
            return "a quoted string";
        case Type::integer:
            return "an integer";
        case Type::real:
            return "a number";
        case Type::boolean:
            return "true or false";
        case Type::list:
            return "a list of quoted strings";
    }
    return {};
}

std::string Key::allowed() const {
    if (type == Type::boolean) return type_text();
    std::string one = allowed_text(rule);
    if (type == Type::list) return "a list, each " + one;
    if (type == Type::integer && rule.kind == Rule::Kind::range) {
        return "an integer from " + number_text(rule.min) + " to " + number_text(rule.max);
    }
    return one;
}

std::string Key::value_name() const {
    if (type == Type::boolean) return "true|false";
    if (type == Type::integer || type == Type::real) return "NUMBER";
    switch (rule.kind) {
        case Rule::Kind::log_levels:
            return "LEVELS";
        case Rule::Kind::endpoint:
            return "HOST:PORT";
        case Rule::Kind::url:
            return type == Type::list ? "URL,URL" : "URL";
        case Rule::Kind::path:
        case Rule::Kind::secret_file:
            return "PATH";
        case Rule::Kind::records:
            return "PLACE";
        case Rule::Kind::authority_key:
        case Rule::Kind::mint_key:
        case Rule::Kind::pubkey_hex:
            return type == Type::list ? "KEY,KEY" : "KEY";
        default:
            return "TEXT";
    }
}

bool Key::is_empty_by_default() const {
    return !rule.required && (default_text == "\"\"" || default_text == "[]");
}

Result<Setting> setting_from_text(Key::Type type, std::string_view text) {
    switch (type) {
        case Key::Type::text:
            return Setting{std::string(text)};
        case Key::Type::integer:
            return number_from_text<std::int64_t>(text, "an integer");
        case Key::Type::real:
            return number_from_text<double>(text, "a number");
        case Key::Type::boolean:
            if (text != "true" && text != "false") {
                return fail(Errc::usage, "is '" + printable(text, 100) + "', allowed: true or false");
            }
            return Setting{text == "true"};
        case Key::Type::list: {
            std::vector<std::string> elements;
            while (!text.empty()) {
                const auto comma = text.find(',');
                elements.emplace_back(text.substr(0, comma));
                text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
            }
            return Setting{std::move(elements)};
        }
    }
    return fail(Errc::usage, "has no type");
}

}  // namespace hp::config
