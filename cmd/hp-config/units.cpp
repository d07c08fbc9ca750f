#include "units.hpp"

#include <filesystem>

namespace hp::hp_config {

std::optional<std::string> unit_suffix(const std::string& dir) {
    const std::filesystem::path path{dir};
    if (path == "/etc/hashpool") return "";
    if (path.parent_path() == "/etc/hashpool") return "@" + path.filename().string();
    return {};
}

std::vector<std::string> units_of(const std::string& program, const std::optional<std::string>& suffix) {
    if (!suffix) return {};
    std::vector<std::string> out;
    for (const std::string side : {"-pool", "-proxy"}) {
        if (program == "hp-stats") out.push_back("hp-ingest" + side + *suffix);
        if (program == "hp-stats" || program == "hp-web") out.push_back(program + side + *suffix);
    }
    if (out.empty()) out.push_back(program + *suffix);
    return out;
}

}  // namespace hp::hp_config
