#include "config/roles.hpp"

#include <algorithm>

#include "config/declared.hpp"

namespace hp::config {
namespace {

bool contains(const auto& list, std::string_view one) {
    return std::ranges::find(list, one) != std::ranges::end(list);
}

}  // namespace

const std::vector<Role>& all_roles() {
    static const std::vector<Role> all = {
        {"pool",
         {"hp-template", "hp-pool", "hp-stats", "hp-web"},
         {"secrets/template-authority.key", "secrets/pool-authority.key", "secrets/link-authority.key",
          "secrets/template-events.key", "secrets/pool-events.key", "secrets/stats-authority.key"}},
        {"mint", {"hp-mint"}, {"secrets/mint-link.key", "secrets/mint.seed", "secrets/mint-events.key"}},
        {"proxy",
         {"hp-proxy", "hp-wallet", "hp-stats", "hp-web"},
         {"secrets/wallet.seed", "secrets/proxy-events.key", "secrets/stats-authority.key"}},
        {"wallet", {"hp-wallet"}, {"secrets/wallet.seed"}},
    };
    return all;
}

bool has_role(const std::vector<std::string>& roles, std::string_view role) {
    return roles.empty() || contains(roles, role);
}

std::vector<std::string> programs_of(const std::vector<std::string>& roles) {
    std::vector<std::string> out;
    for (const Program& program : programs()) {
        const bool is_here = roles.empty() || std::ranges::any_of(all_roles(), [&](const Role& role) {
                                 return contains(roles, role.name) && contains(role.programs, program.name);
                             });
        if (is_here) out.push_back(program.name);
    }
    return out;
}

std::vector<std::string> secrets_of(const std::vector<std::string>& roles) {
    std::vector<std::string> out;
    for (const Role& role : all_roles())
        for (const auto& secret : role.secrets)
            if (has_role(roles, role.name) && !contains(out, secret)) out.push_back(secret);
    return out;
}

bool is_read_by(std::string_view file, const std::vector<std::string>& names) {
    return std::ranges::any_of(programs(), [&](const Program& program) {
        return contains(names, program.name) && contains(program.files, file);
    });
}

bool is_used_by(const Key& key, const std::vector<std::string>& names) {
    if (key.rule.users.empty()) return is_read_by(key.file, names);
    return std::ranges::any_of(key.rule.users, [&](const auto& user) { return contains(names, user); });
}

}  // namespace hp::config
