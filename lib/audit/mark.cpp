#include "audit/mark.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
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

Result<Mark> read_mark(const std::string& path) {
    std::ifstream file{path};
    if (!file)
        return fail(Errc::io,
                    "mark file '" + printable(path, 4096) + "': cannot open: " + std::strerror(errno));
    std::string line;
    std::getline(file, line);
    auto wrong = [&](const std::string& what) {
        return fail(Errc::invalid, "mark file '" + printable(path, 4096) + "': " + what);
    };
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
