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

const Key* find_key(std::string_view file, std::string_view name) {
    for (const auto& one : declared()) {
        if (one.file != file) continue;
        for (const auto& key : one.keys)
            if (key.name == name) return &key;
    }
    return nullptr;
}

const std::vector<Program>& programs() {
    static const std::vector<Program> all = {
        {"hp-template", {Network::file, Template::file}, true},
        {"hp-pool", {Network::file, PoolShared::file, Pool::file}, true},
        {"hp-mint", {Network::file, PoolShared::file, Mint::file}, true},
        {"hp-proxy", {Network::file, ProxyShared::file, Proxy::file}, true},
        {"hp-wallet", {Network::file, ProxyShared::file}, false},
        {"hp-stats", {Network::file, Stats::file}, true},
        {"hp-web", {Network::file}, true},
    };
    return all;
}

namespace {

std::vector<std::string> reader_names(std::string_view file) {
    std::vector<std::string> out;
    for (const Program& program : programs())
        if (std::ranges::find(program.files, file) != program.files.end()) out.push_back(program.name);
    return out;
}

}  // namespace

std::string readers_of(std::string_view file) {
    const auto names = reader_names(file);
    return names.size() == programs().size() ? "every program" : enumeration(names);
}

std::vector<std::string> users_of(const Key& key) {
    return key.rule.users.empty() ? reader_names(key.file) : key.rule.users;
}

bool is_reloaded(const Key& key) { return key.name == "log_level"; }

std::string enumeration(const std::vector<std::string>& words) {
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) out += i + 1 == words.size() ? " and " : ", ";
        out += words[i];
    }
    return out;
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

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
    constexpr std::size_t kEditsMax = 3;
    std::vector<std::string> near;
    for (const auto& one : known)
        if (one.size() <= word.size() + kEditsMax && word.size() <= one.size() + kEditsMax)
            near.push_back(one);
    const std::string best = nearest(word, near);
    const std::size_t edits = edit_distance(word, best);
    return !best.empty() && edits <= kEditsMax && 2 * edits <= best.size() ? "did you mean " + best + "?"
                                                                           : "";
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
    const auto best = std::min_element(known.begin(), known.end(), [&](const auto& a, const auto& b) {
        return edit_distance(word, a) < edit_distance(word, b);
    });
    return best == known.end() ? std::string{} : *best;
}

}  // namespace hp::config
