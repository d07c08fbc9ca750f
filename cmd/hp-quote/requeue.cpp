// hp-quote requeue: shares whose quote a mint refused for good are asked for again, in the file or by the
// pool.
#include <poll.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "input.hpp"
#include "places.hpp"
#include "pool/outbox.hpp"
#include "pool/requeue_file.hpp"
#include "rows.hpp"

namespace hp::hp_quote {
namespace {

struct RequeueOptions {
    Places places;
    std::vector<std::string> seqs;
    bool all{false};
    bool json{false};
};

constexpr std::int64_t kAnswerLimitMs = 10'000;
constexpr std::int64_t kLookEveryMs = 50;
/// Of one transaction.
constexpr std::size_t kRequeueMax = 100'000;

/// The requester, for the journal: never from the environment, which can be set to anything.
std::string user_name() {
    const auto* user = ::getpwuid(::getuid());
    return user ? user->pw_name : "uid " + std::to_string(::getuid());
}

Result<std::vector<std::uint64_t>> seqs_of(const RequeueOptions& options) {
    std::vector<std::uint64_t> out;
    for (const auto& text : options.seqs) {
        std::uint64_t seq{};
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seq);
        if (error != std::errc{} || end != text.data() + text.size() || seq == 0 || seq > INT64_MAX)
            return fail(Errc::usage, "'" + printable(text, 40) + "' is not the number of an outbox row");
        out.push_back(seq);
    }
    std::ranges::sort(out);
    out.erase(std::unique(out.begin(), out.end()), out.end());
    if (out.empty() != options.all)
        return fail(Errc::usage, "give row numbers, or --all", "hp-quote dead lists them");
    return out;
}

Result<std::size_t> requeue_in_file(store::Database& db, const std::vector<std::uint64_t>& seqs,
                                    const std::string& path) {
    try {
        std::size_t count = 0;
        for (std::size_t done = kRequeueMax; done == kRequeueMax;) {
            store::Transaction transaction{db};
            done = pool::requeue_rows(db, seqs, kRequeueMax, user_name(), unix_ms_now()).size();
            transaction.commit();
            count += done;
            if (!seqs.empty()) break;
        }
        return count;
    } catch (const store::DbError& error) {
        return fail(Errc::io, "database '" + printable(path, 4096) + "': " + error.what());
    }
}

std::int64_t last_journal_id(store::Database& db) {
    auto row = db.prepare("SELECT coalesce(max(id), 0) FROM journal");
    return row.step() ? row.integer(0) : 0;
}

/// The pool has the file open and does it for us.
Result<std::size_t> ask_pool(const Places& places, const std::string& path,
                             const std::vector<std::uint64_t>& seqs) {
    HP_TRY(auto opened, open_part(places, Part::outbox));
    if (!opened.db) return fail(Errc::io, opened.why);
    try {
        const auto before = last_journal_id(*opened.db);
        HP_DO(pool::leave_request(path, {seqs, user_name()}));
        const auto deadline_ms = steady_ms_now() + kAnswerLimitMs;
        while (::access(pool::requeue_path(path).c_str(), F_OK) == 0) {
            if (steady_ms_now() > deadline_ms)
                return fail(Errc::timeout, "the pool did not take the request within 10 s; it stays",
                            "remove '" + pool::requeue_path(path) + "' to withdraw it");
            ::poll(nullptr, 0, kLookEveryMs);
        }
        auto row = opened.db->prepare("SELECT count(*) FROM journal WHERE what = 'requeued' AND id > ?");
        row.bind(before);
        return row.step() ? static_cast<std::size_t>(row.integer(0)) : 0;
    } catch (const store::DbError& error) {
        return fail(Errc::io, "database '" + printable(path, 4096) + "': " + error.what());
    }
}

/// Of the requested ones, each with the reason.
Result<std::vector<std::string>> not_dead(const Places& places, const std::vector<std::uint64_t>& seqs) {
    std::vector<std::string> out;
    if (seqs.empty()) return out;
    HP_TRY(auto opened, open_part(places, Part::outbox));
    if (!opened.db) return fail(Errc::io, opened.why);
    try {
        for (const std::uint64_t seq : seqs) {
            const auto row = outbox_row(*opened.db, seq);
            if (row && row->state == "dead") continue;
            out.push_back(std::to_string(seq) + ": " + (row ? "is " + row->state : "is not in the outbox"));
        }
        return out;
    } catch (const store::DbError& error) {
        return fail(Errc::io, "database '" + printable(opened.path, 4096) + "': " + error.what());
    }
}

Result<> run_requeue(RequeueOptions& options) {
    HP_DO(use_usual_dir(options.places));
    HP_TRY(auto seqs, seqs_of(options));
    HP_TRY(auto path, path_of(options.places, Part::outbox));
    HP_TRY(const auto wrong, not_dead(options.places, seqs));
    Result<std::size_t> count = std::size_t{0};
    if (auto db = pool::open_outbox_file(path, store::Mode::existing))
        count = requeue_in_file(*db, seqs, path);
    else if (db.error().what.find("already in use") != std::string::npos)
        count = ask_pool(options.places, path, seqs);
    else
        return fail(db.error());
    if (!count) return fail(count.error());
    if (options.json)
        std::printf("%s\n", nlohmann::ordered_json{{"requeued", *count}}.dump().c_str());
    else
        std::printf("%zu dead letters requeued\n", *count);
    return all_were("rows were not dead letters", wrong, seqs.size(), "'hp-quote dead' lists those that are");
}

}  // namespace

cli::Verb requeue() {
    return {
        .name = "requeue",
        .summary = "ask the mint again for dead shares; the journal keeps who did it",
        .examples = {"hp-quote requeue 17 23 --config-dir /etc/hashpool",
                     "hp-quote requeue --all --outbox data/outbox.db"},
        .declare = [](cli::Options& add) -> cli::Action {
            auto options = std::make_shared<RequeueOptions>();
            add.texts("SEQ", options->seqs, "numbers of rows, as `hp-quote dead` shows them");
            add.flag("--all", options->all, "all dead shares");
            add_outbox(add, options->places, "the pool's outbox; it may be running");
            add_config_dir(add, options->places.config_dir, "take the outbox from pool.toml there");
            add.json(options->json);
            return [options] { return run_requeue(*options); };
        },
    };
}

}  // namespace hp::hp_quote
