#define TOML_EXCEPTIONS 0
#include "config/parse.hpp"

#include <toml++/impl/preprocessor.h>
// toml++ 3.3 asserts of "[ =" that a key begins there, or with NDEBUG builds on it; its error stands just
// below.
#undef TOML_ASSERT_ASSUME
#define TOML_ASSERT_ASSUME(expr) static_assert(true)
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

Entry entry_from(const toml::key& key, const toml::node& node) {
    Entry out{.name = std::string(key.str()),
              .line = static_cast<int>(key.source().begin.line),
              .column = static_cast<int>(key.source().begin.column),
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
            out.kind = out.value ? "a list of texts" : "a list of other things than texts";
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

using Entries = tl::expected<std::vector<Entry>, ParseFailure>;

Entries parse(std::string_view text, auto&& take) {
    const toml::parse_result result = toml::parse(text);
    if (!result) {
        const auto& error = result.error();
        return tl::unexpected(ParseFailure{.line = static_cast<int>(error.source().begin.line),
                                           .column = static_cast<int>(error.source().begin.column),
                                           .what = printable(error.description(), 300)});
    }
    std::vector<Entry> out;
    take(out, result.table());
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
