// hp-quote held and release: quotes that a mint made again after its database had lost them.
#include <poll.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "mint/ledger.hpp"
#include "mint/release_file.hpp"
#include "places.hpp"
#include "show_time.hpp"
#include "verbs.hpp"

namespace hp::hp_quote {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kReleaseLimitMs = 10'000;
constexpr std::int64_t kReleaseLookMs = 50;
/// Of one transaction, and of one request to a running mint, which is a file of at most 1 MiB.
constexpr std::size_t kReleaseMax = 100'000;
constexpr std::size_t kRequestIdsMax = 20'000;

/// Who asks: never taken from the environment, which says what it likes.
std::string releaser() {
    const auto* user = ::getpwuid(::getuid());
    return user ? user->pw_name : "uid " + std::to_string(::getuid());
}

Result<> check_ids(ReleaseOptions& options) {
    std::ranges::sort(options.ids);
    const auto [repeated, end] = std::ranges::unique(options.ids);
    options.ids.erase(repeated, end);
    for (const auto& id : options.ids)
        if (!mint::uuid_from_text(id))
            return fail(Errc::usage, "'" + printable(id, 40) + "': expected a quote id");
    if (options.ids.empty() != options.all)
        return fail(Errc::usage, "give quote ids, or --all", "hp-quote held lists them");
    return {};
}

struct ReleasedSum {
    std::uint64_t quotes{};
    ehash::Amount128 amount{};
};

/// What was released since, or in all: by the rows, which the mint has written.
ReleasedSum released_in(store::Database& db) {
    auto row = db.prepare(
        "SELECT count(*), sum(amount >> 32), sum(amount & 4294967295) FROM held JOIN quote ON id = "
        "held.quote "
        "WHERE released_ms IS NOT NULL");
    ReleasedSum out;
    auto number = [&](int column) { return static_cast<std::uint64_t>(row.integer(column)); };
    if (row.step()) out = {number(0), (ehash::Amount128{number(1)} << 32) + number(2)};
    return out;
}

Result<> release_in_file(store::Database db, const ReleaseOptions& options, const std::string& path) {
    try {
        mint::Ledger ledger{db, ""};
        for (std::uint64_t released = kReleaseMax; released == kReleaseMax;) {
            store::Transaction transaction{db};
            released = ledger.release(options.ids, kReleaseMax, releaser(), unix_ms_now()).quotes;
            db.reset_statements();
            transaction.commit();
            if (!options.ids.empty()) break;
        }
        return {};
    } catch (const store::DbError& error) {
        return fail(Errc::io, "database '" + printable(path, 4096) + "': " + error.what());
    }
}

Result<ReleasedSum> sum_of(const Places& places) {
    HP_TRY(auto opened, open_part(places, Part::mint));
    if (!opened.db) return fail(Errc::io, opened.why);
    try {
        return released_in(*opened.db);
    } catch (const store::DbError& error) {
        return fail(Errc::io, "database '" + printable(opened.path, 4096) + "': " + error.what());
    }
}

/// The mint has the file open and does it for us.
Result<> ask_mint(const std::vector<std::string>& ids, const ReleaseOptions& options,
                  const std::string& path) {
    HP_DO(mint::leave_request(path, {ids, releaser()}));
    HP_TRY(auto before, sum_of(options.places));
    auto deadline_ms = steady_ms_now() + kReleaseLimitMs;
    while (::access(mint::release_path(path).c_str(), F_OK) == 0) {
        if (steady_ms_now() > deadline_ms) {
            // Many take longer: that is no reason to leave as long as they become fewer.
            HP_TRY(const auto now, sum_of(options.places));
            if (now.quotes == before.quotes)
                return fail(Errc::timeout, "the mint has not taken the request within 10 s; it stays",
                            "remove '" + mint::release_path(path) + "' to withdraw it");
            before = now;
            deadline_ms = steady_ms_now() + kReleaseLimitMs;
        }
        ::poll(nullptr, 0, kReleaseLookMs);
    }
    return {};
}

/// In as many requests as their ids take.
Result<> ask_mint_for_all(const ReleaseOptions& options, const std::string& path) {
    if (options.ids.empty()) return ask_mint({}, options, path);
    for (std::size_t at = 0; at < options.ids.size(); at += kRequestIdsMax) {
        const auto end = std::min(at + kRequestIdsMax, options.ids.size());
        HP_DO(ask_mint({options.ids.begin() + static_cast<std::ptrdiff_t>(at),
                        options.ids.begin() + static_cast<std::ptrdiff_t>(end)},
                       options, path));
    }
    return {};
}

}  // namespace

Result<> held(const HeldOptions& options) {
    HP_TRY(auto opened, open_part(options.places, Part::mint));
    if (!opened.db) return fail(Errc::io, opened.why);
    try {
        auto row = opened.db->prepare(
            "SELECT id, amount, at_ms, pubkey FROM held JOIN quote ON id = held.quote WHERE released_ms IS "
            "NULL "
            "ORDER BY id DESC LIMIT ?");
        row.bind(options.limit);
        while (row.step()) {
            const std::string id = mint::uuid_text(row.array<16>(0));
            if (options.json)
                std::printf("%s\n", Json{{"quote_id", id},
                                         {"amount", row.integer(1)},
                                         {"held_ms", row.integer(2)},
                                         {"pubkey", to_hex(row.blob(3))}}
                                        .dump()
                                        .c_str());
            else
                std::printf("%s  %12lld  %s  %s\n", id.c_str(), static_cast<long long>(row.integer(1)),
                            time_text(row.integer(2)).c_str(), to_hex(row.blob(3)).c_str());
        }
        return {};
    } catch (const store::DbError& error) {
        return fail(Errc::io, "database '" + printable(opened.path, 4096) + "': " + error.what());
    }
}

Result<> release(const ReleaseOptions& given) {
    ReleaseOptions options = given;
    HP_DO(check_ids(options));
    HP_TRY(auto path, path_of(options.places, Part::mint));
    HP_TRY(const auto before, sum_of(options.places));
    if (auto db = mint::Ledger::open(path))
        HP_DO(release_in_file(*std::move(db), options, path));
    else if (db.error().what.find("already in use") != std::string::npos)
        HP_DO(ask_mint_for_all(options, path));
    else
        return fail(db.error());
    HP_TRY(const auto after, sum_of(options.places));
    const std::uint64_t count = after.quotes - before.quotes;
    const std::string amount = ehash::to_text(after.amount - before.amount);
    if (options.json)
        std::printf("%s\n", Json{{"released", count}, {"amount", amount}}.dump().c_str());
    else
        std::printf("%llu quotes of %s can be minted now\n", static_cast<unsigned long long>(count),
                    amount.c_str());
    if (count < options.ids.size())
        return fail(Errc::refused, std::to_string(options.ids.size() - count) + " of " +
                                       std::to_string(options.ids.size()) + " quotes were not held");
    return {};
}

}  // namespace hp::hp_quote
