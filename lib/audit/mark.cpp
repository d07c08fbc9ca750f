#include "audit/mark.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

namespace hp::audit {
namespace {

std::optional<Wide> number_from_text(const std::string& text) {
    if (text.empty() || text.size() > 38 || text.find_first_not_of("0123456789") != std::string::npos)
        return std::nullopt;
    Wide value = 0;
    for (char digit : text) value = value * 10 + (digit - '0');
    return value;
}

Wide above(Wide known, Wide has) { return known > has ? known - has : Wide{0}; }

}  // namespace

std::string held_mark(const std::string& mark_file) { return mark_file + ".held"; }

Result<Mark> read_mark(const std::string& mark_file) {
    std::string path = mark_file;
    std::ifstream opened{path};
    // While the mint waits for its pool's confirmation, the mark is in the held file beside it.
    if (!opened && errno == ENOENT) {
        opened.open(held_mark(mark_file));
        if (opened) path = held_mark(mark_file);
    }
    if (!opened)
        return fail(Errc::io,
                    "mark file '" + printable(path, 4096) + "': cannot open: " + std::strerror(errno));
    const std::string text{std::istreambuf_iterator<char>(opened), {}};
    auto wrong = [&](const std::string& what) {
        return fail(Errc::invalid, "mark file '" + printable(path, 4096) + "': " + what);
    };
    // A number without its last digits would still parse.
    if (!text.ends_with('\n')) return wrong("expected a newline at the end: the file is truncated");
    std::istringstream file{text};
    std::string line;
    std::getline(file, line);
    if (line != "hashpool mint mark 1") return wrong("expected 'hashpool mint mark 1' in line 1");
    std::map<std::string, std::string> values;
    while (std::getline(file, line)) {
        std::istringstream words{line};
        std::string name, value;
        words >> name >> value;
        values[name] = value;
    }
    Mark mark;
    mark.from = path;
    auto store = array_from_hex<32>(values["store"]);
    if (!store) return wrong("store: expected 64 hex digits");
    mark.store.assign(store->begin(), store->end());
    auto generation = number_from_text(values["generation"]);
    if (!generation || *generation > INT64_MAX) return wrong("generation: expected a number");
    mark.generation = static_cast<std::int64_t>(*generation);
    const std::pair<const char*, Wide Mark::*> sums[] = {{"quotes", &Mark::quotes},
                                                         {"operations", &Mark::operations},
                                                         {"issued", &Mark::issued},
                                                         {"spent", &Mark::spent}};
    for (const auto& [name, member] : sums) {
        auto value = number_from_text(values[name]);
        if (!value) return wrong(std::string(name) + ": expected a number");
        mark.*member = *value;
    }
    return mark;
}

Result<std::vector<LetIn>> read_let_in(const std::string& mark_file) {
    const std::string path = mark_file + ".rollbacks";
    std::vector<LetIn> out;
    std::ifstream opened{path};
    if (!opened) {
        if (errno == ENOENT) return out;
        return fail(Errc::io, "'" + printable(path, 4096) + "': cannot open: " + std::strerror(errno));
    }
    const std::string text{std::istreambuf_iterator<char>(opened), {}};
    const auto wrong = [&](const std::string& what) {
        return fail(Errc::invalid, "'" + printable(path, 4096) + "': " + what);
    };
    if (!text.ends_with('\n')) return wrong("expected a newline at the end: the file is truncated");
    std::istringstream file{text};
    std::string line;
    std::getline(file, line);
    if (line != "hashpool mint rollbacks 1") return wrong("expected 'hashpool mint rollbacks 1' in line 1");
    for (int number = 2; std::getline(file, line); ++number) {
        std::istringstream words{line};
        std::string at, figures[4];
        LetIn one;
        words >> at;
        for (auto& figure : figures) words >> figure;
        std::getline(words >> std::ws, one.by);
        const auto at_ms = number_from_text(at);
        bool is_read = at_ms && *at_ms <= INT64_MAX && !one.by.empty();
        if (!std::ranges::all_of(figures, [](const auto& figure) { return figure == "-"; })) {
            Lack& lost = one.lost.emplace();
            Wide* const sums[] = {&lost.quotes, &lost.operations, &lost.issued, &lost.spent};
            for (std::size_t i = 0; i < 4; ++i) {
                const auto sum = number_from_text(figures[i]);
                is_read = is_read && sum.has_value();
                *sums[i] = sum.value_or(0);
            }
        }
        if (!is_read)
            return wrong("line " + std::to_string(number) +
                         ": expected five numbers, or one and four '-', and a name");
        one.at_ms = static_cast<std::int64_t>(*at_ms);
        out.push_back(std::move(one));
    }
    return out;
}

std::string Lack::text() const {
    std::string out;
    if (starts > 0) out = "starts " + to_text(starts) + ", ";
    return out + "quotes " + to_text(quotes) + ", operations " + to_text(operations) + ", issued " +
           to_text(issued) + ", spent " + to_text(spent) + "; at most " + to_text(doubled_max()) +
           " can be doubled";
}

std::optional<Lack> lack(const Mark& has, const Mark& known) {
    Lack out{above(known.generation, has.generation), 0, 0, 0, 0};
    if (known.has_sums) {
        out.quotes = above(known.quotes, has.quotes);
        out.operations = above(known.operations, has.operations);
        out.issued = above(known.issued, has.issued);
        out.spent = above(known.spent, has.spent);
    }
    if (out.starts + out.quotes + out.operations + out.issued + out.spent == 0) return std::nullopt;
    return out;
}

}  // namespace hp::audit
