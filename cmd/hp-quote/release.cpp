// hp-quote release: releases held quotes for minting, in the file, or through the mint that has it open.
#include <poll.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "input.hpp"
#include "mint/ledger.hpp"
#include "mint/release_file.hpp"
#include "places.hpp"
#include "show_time.hpp"

namespace hp::hp_quote {
namespace {

struct ReleaseOptions {
    Places places;
    std::vector<std::string> ids;
    bool all{false};
    bool json{false};
};

using Json = nlohmann::ordered_json;

constexpr std::int64_t kReleaseLimitMs = 10'000;
constexpr std::int64_t kReleaseLookMs = 50;
/// Of one transaction, and of one request to a running mint, which is a file of at most 1 MiB.
constexpr std::size_t kReleaseMax = 100'000;
constexpr std::size_t kRequestIdsMax = 20'000;

/// The requester: never from the environment, which can be set to anything.
std::string releaser() {
    const auto* user = ::getpwuid(::getuid());
    return user ? user->pw_name : "uid " + std::to_string(::getuid());
}

Result<> check_ids(ReleaseOptions& options) {
    for (auto& id : options.ids) {
        const auto uuid = mint::uuid_from_text(id);
        if (!uuid) return fail(Errc::usage, "'" + printable(id, 40) + "': expected a quote id");
        id = mint::uuid_text(*uuid);
    }
    std::ranges::sort(options.ids);
    options.ids.erase(std::unique(options.ids.begin(), options.ids.end()), options.ids.end());
    if (options.ids.empty() != options.all)
        return fail(Errc::usage, "give quote ids, or --all", "hp-quote held lists them");
    return {};
}

/// The ledger's current state.
struct Seen {
    std::uint64_t released{};             ///< total quotes
    ehash::Amount128 amount{};            ///< of these
    std::string last{};                   ///< the newest held one; empty: none
    std::vector<std::string> not_held{};  ///< of the requested ones, each with the reason
};

/// Empty: it is held.
std::string why_not_held(store::Statement& row) {
    if (!row.step()) return "unknown to this mint";
    std::string why;
    if (row.integer(0) > 0) {
        why = row.is_null(2)
                  ? "was never held"
                  : "already released, at " + time_text(row.integer(2)) + " by " + printable(row.text(3));
        if (row.integer(1) > 0) why += ", and minted since";
    }
    row.reset();
    return why;
}

Seen look(store::Database& db, const std::vector<std::string>& ids) {
    Seen out;
    auto sums = db.prepare(
        "SELECT count(*), sum(amount >> 32), sum(amount & 4294967295) FROM held JOIN quote ON id = "
        "held.quote WHERE released_ms IS NOT NULL");
    auto number = [&](int column) { return static_cast<std::uint64_t>(sums.integer(column)); };
    if (sums.step()) {
        out.released = number(0);
        out.amount = (ehash::Amount128{number(1)} << 32) + number(2);
    }
    auto last = db.prepare("SELECT max(quote) FROM held WHERE released_ms IS NULL");
    if (last.step() && !last.is_null(0)) out.last = mint::uuid_text(last.array<16>(0));
    auto row = db.prepare(
        "SELECT paid, issued, released_ms, released_by FROM quote LEFT JOIN held ON held.quote = id WHERE id "
        "= ?");
    for (const auto& id : ids)
        if (const auto why = why_not_held(row.bind(*mint::uuid_from_text(id))); !why.empty())
            out.not_held.push_back(id + ": " + why);
    return out;
}

Result<Seen> look(const Places& places, const std::vector<std::string>& ids = {}) {
    HP_TRY(auto opened, open_part(places, Part::mint));
    if (!opened.db) return fail(Errc::io, opened.why);
    try {
        return look(*opened.db, ids);
    } catch (const store::DbError& error) {
        return fail(Errc::io, "database '" + printable(opened.path, 4096) + "': " + error.what());
    }
}

/// `last`: see ReleaseRequest.
Result<> release_in_file(store::Database db, const ReleaseOptions& options, const std::string& last,
                         const std::string& path) {
    try {
        mint::Ledger ledger{db, ""};
        for (std::uint64_t released = kReleaseMax; released == kReleaseMax;) {
            store::Transaction transaction{db};
            released = (options.all ? ledger.release_until(last, kReleaseMax, releaser(), unix_ms_now())
                                    : ledger.release(options.ids, releaser(), unix_ms_now()))
                           .quotes;
            db.reset_statements();
            transaction.commit();
            if (!options.all) break;
        }
        return {};
    } catch (const store::DbError& error) {
        return fail(Errc::io, "database '" + printable(path, 4096) + "': " + error.what());
    }
}

/// The mint has the file open and does it for us.
Result<> ask_mint(const mint::ReleaseRequest& request, const Places& places, const std::string& path) {
    HP_DO(mint::leave_request(path, request));
    HP_TRY(auto before, look(places));
    auto deadline_ms = steady_ms_now() + kReleaseLimitMs;
    while (::access(mint::release_path(path).c_str(), F_OK) == 0) {
        if (steady_ms_now() > deadline_ms) {
            // Many take longer: keep waiting as long as their number decreases.
            HP_TRY(const auto now, look(places));
            if (now.released == before.released)
                return fail(Errc::timeout, "the mint did not take the request within 10 s; it stays",
                            "remove '" + mint::release_path(path) + "' to withdraw it");
            before = now;
            deadline_ms = steady_ms_now() + kReleaseLimitMs;
        }
        ::poll(nullptr, 0, kReleaseLookMs);
    }
    return {};
}

/// In as many requests as their ids take.
Result<> ask_mint(const ReleaseOptions& options, const std::string& last, const std::string& path) {
    if (options.all) return ask_mint({{}, releaser(), last}, options.places, path);
    for (std::size_t at = 0; at < options.ids.size(); at += kRequestIdsMax) {
        const auto end = std::min(at + kRequestIdsMax, options.ids.size());
        HP_DO(ask_mint({{options.ids.begin() + static_cast<std::ptrdiff_t>(at),
                         options.ids.begin() + static_cast<std::ptrdiff_t>(end)},
                        releaser()},
                       options.places, path));
    }
    return {};
}

Result<> run_release(ReleaseOptions& options) {
    HP_DO(use_usual_dir(options.places));
    HP_DO(check_ids(options));
    HP_TRY(auto path, path_of(options.places, Part::mint));
    HP_TRY(const auto before, look(options.places, options.ids));
    // Quotes held from now on are not part of the request.
    if (options.all ? !before.last.empty() : before.not_held.size() < options.ids.size()) {
        if (auto db = mint::Ledger::open(path))
            HP_DO(release_in_file(*std::move(db), options, before.last, path));
        else if (db.error().what.find("already in use") != std::string::npos)
            HP_DO(ask_mint(options, before.last, path));
        else
            return fail(db.error());
    }
    HP_TRY(const auto after, look(options.places));
    const std::uint64_t count = after.released - before.released;
    const std::string amount = ehash::to_text(after.amount - before.amount);
    if (options.json)
        std::printf(
            "%s\n",
            Json{{"released", count}, {"amount", amount}, {"not_held", before.not_held}}.dump().c_str());
    else
        std::printf("%llu quotes of %s released\n", static_cast<unsigned long long>(count), amount.c_str());
    return all_were("quotes were not held", before.not_held, options.ids.size(),
                    "'hp-quote held' lists those that are");
}

}  // namespace

cli::Verb release() {
    return {
        .name = "release",
        .summary = "let held quotes be minted: each may have been minted before; the ledger keeps who did it",
        .examples = {"hp-quote release 01890a5d-ac96-774b-bcce-b302099a8057 --config-dir /etc/hashpool",
                     "hp-quote release --all --mint-db data/mint.db"},
        .declare = [](cli::Options& add) -> cli::Action {
            auto options = std::make_shared<ReleaseOptions>();
            add.texts("ID", options->ids, "quote ids, as `hp-quote held` shows them");
            add.flag("--all", options->all, "all held quotes");
            add_mint_db(add, options->places, "the mint's ledger; it may be running");
            add_config_dir(add, options->places.config_dir, "take the ledger from mint.toml there");
            add.json(options->json);
            return [options] { return run_release(*options); };
        },
    };
}

}  // namespace hp::hp_quote
