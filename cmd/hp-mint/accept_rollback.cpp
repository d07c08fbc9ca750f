// hp-mint accept-rollback: the operator's one-time decision to continue with a database that is behind its
// mark.
#include <pwd.h>
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "mint/rollback.hpp"
#include "verbs.hpp"

namespace hp::hp_mint {
namespace {

/// The deciding user: never from the environment, which can be set to anything.
std::string rollback_user() {
    const auto* user = ::getpwuid(::getuid());
    return user ? user->pw_name : "uid " + std::to_string(::getuid());
}

/// Maximum units over all accepted old copies. Nothing: unknown for one of them.
std::optional<ehash::Amount128> doubled_by_all(const mint::RollbackAccepted& done) {
    ehash::Amount128 sum = 0;
    for (const auto& one : done.all) {
        if (!one.lost) return {};
        sum += one.lost->doubled_max();
    }
    return sum;
}

void print_lines(const mint::RollbackAccepted& done) {
    std::printf("database  %s\n", ehash::describe(done.has).c_str());
    if (done.known) std::printf("mark      %s\n", ehash::describe(*done.known).c_str());
    if (done.unreadable) std::printf("mark      unreadable: %s\n", done.unreadable->c_str());
    if (done.lost)
        std::printf("lacks     %s\n", ehash::describe(*done.lost).c_str());
    else if (done.known)
        std::printf("the database is not behind its mark\n");
    else
        std::printf("what it lacks is unknown: ask the pool's log, and hp-audit with the outbox\n");
    if (done.all.size() > 1) {
        const auto sum = doubled_by_all(done);
        std::printf("in all    %zu old copies were accepted: %s\n", done.all.size(),
                    sum ? ("at most " + ehash::to_text(*sum) + " can be doubled").c_str()
                        : "how much can be doubled is unknown");
    }
    std::printf("the next start of hp-mint continues with this database\n");
}

nlohmann::ordered_json json_of(const mint::RollbackAccepted& done) {
    auto mark = [](const ehash::MintMark& of) {
        return nlohmann::ordered_json{{"generation", of.generation},
                                      {"quotes", of.quotes},
                                      {"operations", of.operations},
                                      {"issued", ehash::to_text(of.issued)},
                                      {"spent", ehash::to_text(of.spent)}};
    };
    nlohmann::ordered_json out{{"database", mark(done.has)}, {"mark", nullptr}, {"lacks", nullptr}};
    if (done.known) out["mark"] = mark(*done.known);
    if (done.lost)
        out["lacks"] = {{"is_other_store", done.lost->is_other_store},
                        {"quotes", done.lost->quotes},
                        {"operations", done.lost->operations},
                        {"issued", ehash::to_text(done.lost->issued)},
                        {"spent", ehash::to_text(done.lost->spent)},
                        {"doubled_max", ehash::to_text(done.lost->doubled_max())}};
    out["rollbacks"] = done.all.size();
    out["doubled_max_of_all"] = nullptr;
    if (const auto sum = doubled_by_all(done)) out["doubled_max_of_all"] = ehash::to_text(*sum);
    return out;
}

}  // namespace

cli::Verb accept_rollback(const Settings& settings, const cli::Command& command) {
    return {
        .name = "accept-rollback",
        .summary =
            "let a database that is behind its mark be served, once: hp-mint must not run; says how much can "
            "be "
            "prints how much can be doubled at most",
        .examples = {"hp-mint accept-rollback --config-dir d",
                     "runuser -u _hp-mint -- hp-mint accept-rollback --config-dir /etc/hashpool"},
        .declare = [&](cli::Options& add) -> cli::Action {
            auto is_json = std::make_shared<bool>(false);
            add.json(*is_json);
            return [&, is_json]() -> Result<> {
                HP_TRY(const auto done, mint::accept_rollback(command.resolve(settings.mint.database),
                                                              command.resolve(settings.mint.mark_file),
                                                              rollback_user(), unix_ms_now()));
                if (*is_json)
                    std::printf("%s\n", json_of(done).dump().c_str());
                else
                    print_lines(done);
                return {};
            };
        },
        .needs = cli::Needs::own_file,
    };
}

}  // namespace hp::hp_mint
