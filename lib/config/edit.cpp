#include "config/edit.hpp"

#include <algorithm>

namespace hp::config {
namespace {

struct Span {
    std::size_t begin, end;  ///< bytes of the text
};

/// toml++ counts columns in code points.
std::size_t byte_at(const std::string& text, Spot spot) {
    std::size_t at = 0;
    for (int line = 1; line < spot.line && at < text.size(); ++line)
        at = std::min(text.find('\n', at), text.size() - 1) + 1;
    const auto is_inside = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; };
    for (int column = 1; column < spot.column && at < text.size(); ++column) do
            ++at;
        while (at < text.size() && is_inside(text[at]));
    return at;
}

/// The line of "#KEY = ", as in a new file; nothing if there is none.
std::optional<Span> commented(const std::string& text, const std::string& key) {
    const std::string wanted = "#" + key + " =";
    const auto found = text.starts_with(wanted) ? 0 : text.find("\n" + wanted);
    if (found == std::string::npos) return {};
    const std::size_t begin = found == 0 && text[0] == '#' ? 0 : found + 1;
    return Span{begin, std::min(text.find('\n', begin), text.size())};
}

/// Whether `after` differs from `before` only in the list.
bool differs_in(const std::string& key, const std::vector<std::string>& values, const std::string& before,
                const std::string& after) {
    auto was = parse_toml(before), is = parse_toml(after);
    if (!was || !is) return false;
    const auto is_it = [&](const Entry& entry) { return entry.name == key; };
    const auto now = std::ranges::find_if(*is, is_it);
    if (now == is->end() || now->value != Setting{values}) return false;
    std::erase_if(*was, is_it);
    std::erase_if(*is, is_it);
    return std::ranges::equal(*was, *is, [](const Entry& a, const Entry& b) {
        return a.name == b.name && a.value == b.value && a.kind == b.kind;
    });
}

}  // namespace

tl::expected<std::string, ParseFailure> with_list(const std::string& text, const std::string& key,
                                                  const std::vector<std::string>& values) {
    auto entries = parse_toml(text);
    if (!entries) return tl::unexpected(entries.error());
    const std::string list = toml_text(Setting{values});
    const std::string line = key + " = " + list;
    std::string out;
    if (const auto it = std::ranges::find(*entries, key, &Entry::name); it != entries->end()) {
        if (it->begin.line != it->end.line)
            return tl::unexpected(ParseFailure{it->line, it->column, "is written on several lines"});
        const std::size_t begin = byte_at(text, it->begin);
        out = text;
        out.replace(begin, byte_at(text, it->end) - begin, list);
    } else if (const auto at = commented(text, key)) {
        out = text;
        out.replace(at->begin, at->end - at->begin, line);
    }
    if (differs_in(key, values, text, out)) return out;
    // For example a comment in the middle of a text.
    const bool is_end_open = !text.empty() && text.back() != '\n';
    out = text + (is_end_open ? "\n" : "") + line + "\n";
    if (differs_in(key, values, text, out)) return out;
    return tl::unexpected(ParseFailure{1, 1, "the list cannot be changed in this text"});
}

}  // namespace hp::config
