#include "stats/rules.hpp"

#include <algorithm>

#include "records/declared.hpp"

namespace hp::stats {

std::span<const records::Series> all_series() {
    static const auto all = [] {
        std::vector<records::Series> out;
        for (const auto& program : records::programs())
            for (const auto& record : program.records)
                out.insert(out.end(), record.series.begin(), record.series.end());
        return out;
    }();
    return all;
}

const records::Series* find_series(std::string_view name) {
    const auto found = std::ranges::find(all_series(), name, &records::Series::name);
    return found == all_series().end() ? nullptr : &*found;
}

std::string_view writer_of(std::string_view series) {
    const auto* found = find_series(series);
    return found ? found->writer : std::string_view{};
}

}  // namespace hp::stats
