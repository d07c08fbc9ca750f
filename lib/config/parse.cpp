#include "config/parse.hpp"

#include <toml++/toml.h>

#include <algorithm>

#include "base/bytes.hpp"

namespace hp::config {
namespace {

std::optional<Setting> list_value(const toml::array& array) {
    std::vector<std::string> out;
    for (const auto& element : array) {
        const auto text = element.value_exact<std::string>();
        if (!text) return std::nullopt;
        out.push_back(*text);
    }
    return Setting{std::move(out)};
}

Spot spot_of(const toml::source_position& at) {
    return {static_cast<int>(at.line), static_cast<int>(at.column)};
}

Entry entry_from(const toml::key& key, const toml::node& node) {
    Entry out{.name = std::string(key.str()),
              .line = static_cast<int>(key.source().begin.line),
              .column = static_cast<int>(key.source().begin.column),
              .begin = spot_of(node.source().begin),
              .end = spot_of(node.source().end),
              .value = {},
              .kind = {}};
    switch (node.type()) {
        case toml::node_type::string:
            out.kind = "text";
            out.value = Setting{*node.value_exact<std::string>()};
            break;
        case toml::node_type::integer:
            out.kind = "an integer";
            out.value = Setting{*node.value_exact<std::int64_t>()};
            break;
        case toml::node_type::floating_point:
            out.kind = "a number with a fraction";
            out.value = Setting{*node.value_exact<double>()};
            break;
        case toml::node_type::boolean:
            out.kind = "a boolean";
            out.value = Setting{*node.value_exact<bool>()};
            break;
        case toml::node_type::array:
            out.value = list_value(*node.as_array());
            out.kind = out.value ? "a list of strings" : "a list of things other than strings";
            break;
        case toml::node_type::table:
            out.kind = "a table";
            break;
        default:
            out.kind = "a date or time";
            break;
    }
    return out;
}

void add_entries(std::vector<Entry>& out, const std::string& prefix, const toml::table& table) {
    for (const auto& [key, node] : table) {
        const std::string name = prefix + std::string(key.str());
        const auto* array = node.as_array();
        if (const auto* inner = node.as_table()) {
            add_entries(out, name + ".", *inner);
        } else if (array != nullptr && array->is_array_of_tables()) {
            for (std::size_t i = 0; i < array->size(); ++i)
                add_entries(out, name + "." + std::to_string(i) + ".", *array->get_as<toml::table>(i));
        } else {
            out.push_back(entry_from(key, node));
            out.back().name = name;
        }
    }
}

/// toml++ blames the end of the line, in terms of the TOML standard.
std::string what_of(const toml::parse_error& error, std::string_view text) {
    const auto what = error.description();
    std::size_t begin = 0;
    for (auto line = error.source().begin.line; line > 1 && begin < text.size(); --line)
        begin = std::min(text.find('\n', begin), text.size() - 1) + 1;
    const auto at = begin + error.source().begin.column - 1;
    const bool is_line_end = at >= text.size() || text[at] == '\n' || text[at] == '\r';
    if (is_line_end && what.find("control characters") != what.npos)
        return "the string that begins on this line has no closing quote";
    return printable(what, 300);
}

using Entries = tl::expected<std::vector<Entry>, ParseFailure>;

Entries parse(std::string_view text, auto&& take) {
    toml::table table;
    try {
        table = toml::parse(text);
    } catch (const toml::parse_error& error) {
        return tl::unexpected(ParseFailure{.line = static_cast<int>(error.source().begin.line),
                                           .column = static_cast<int>(error.source().begin.column),
                                           .what = what_of(error, text)});
    }
    std::vector<Entry> out;
    take(out, table);
    std::sort(out.begin(), out.end(), [](const Entry& a, const Entry& b) {
        return std::pair(a.line, a.column) < std::pair(b.line, b.column);
    });
    return out;
}

}  // namespace

Entries parse_toml(std::string_view text) {
    return parse(text, [](std::vector<Entry>& out, const toml::table& table) {
        for (const auto& [key, node] : table) out.push_back(entry_from(key, node));
    });
}

Entries parse_toml_with_tables(std::string_view text) {
    return parse(text,
                 [](std::vector<Entry>& out, const toml::table& table) { add_entries(out, "", table); });
}

}  // namespace hp::config
