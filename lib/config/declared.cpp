#include "config/declared.hpp"

#include <algorithm>

namespace hp::config {

const std::vector<FileDeclaration>& declared() {
    static Everything defaults;
    static const std::vector<FileDeclaration> all = [] {
        std::vector<FileDeclaration> out;
        defaults.each([&out](auto& one) {
            FileDeclaration file{std::string(one.file), {}};
            Loader::collect(one, file.keys);
            for (auto& key : file.keys) key.assign = nullptr;
            out.push_back(std::move(file));
        });
        return out;
    }();
    return all;
}

std::string_view readers_of(std::string_view file) {
    if (file == Network::file) return "every program";
    if (file == PoolShared::file) return "hp-pool and hp-mint";
    if (file == ProxyShared::file) return "hp-proxy and hp-wallet";
    if (file == Template::file) return "hp-template";
    if (file == Pool::file) return "hp-pool";
    if (file == Mint::file) return "hp-mint";
    if (file == Proxy::file) return "hp-proxy";
    HP_ASSERT(file == Stats::file);
    return "hp-stats";
}

unsigned edit_distance(std::string_view a, std::string_view b) {
    a = a.substr(0, 64);
    b = b.substr(0, 64);
    std::vector<unsigned> row(b.size() + 1);
    for (unsigned j = 0; j < row.size(); ++j) row[j] = j;
    for (std::size_t i = 0; i < a.size(); ++i) {
        unsigned diagonal = row[0];
        row[0] = static_cast<unsigned>(i + 1);
        for (std::size_t j = 0; j < b.size(); ++j) {
            const unsigned above = row[j + 1];
            row[j + 1] = std::min({above + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0u : 1u)});
            diagonal = above;
        }
    }
    return row.back();
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
    const auto best = std::min_element(known.begin(), known.end(), [&](const auto& a, const auto& b) {
        return edit_distance(word, a) < edit_distance(word, b);
    });
    return best == known.end() ? std::string{} : *best;
}

}  // namespace hp::config
