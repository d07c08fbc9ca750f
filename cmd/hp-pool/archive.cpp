// hp-pool archive: old answered shares leave the outbox for a file.
#include <pwd.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "pool/archive.hpp"
#include "pool/outbox.hpp"
#include "verbs.hpp"

namespace hp::hp_pool {
namespace {

/// Rows of one transaction while no pool runs.
constexpr std::size_t kSliceAlone = 20'000;

struct ArchiveOptions {
    std::string to, restore;
    bool json{false};
};

/// For the journal: never from the environment, which can be set to anything.
std::string archive_user() {
    const auto* user = ::getpwuid(::getuid());
    return user ? user->pw_name : "uid " + std::to_string(::getuid());
}

std::string usual_name(const std::string& outbox_path, UnixMs now) {
    const std::time_t seconds = now / 1000;
    std::tm time{};
    ::gmtime_r(&seconds, &time);
    char text[32];
    std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &time);
    return outbox_path + "-" + text + ".archive";
}

Result<> drop_alone(store::Database& db, const pool::ArchiveRequest& request) {
    try {
        auto id = db.prepare("SELECT id FROM store");
        HP_ASSERT(id.step());
        pool::ArchiveSlices slices{request.file, id.array<32>(0), request.parts};
        id.reset();
        for (;;) {
            HP_TRY(const auto slice, slices.next(kSliceAlone));
            if (!slice) break;
            store::Transaction transaction{db};
            pool::drop_archived(db, *slice);
            transaction.commit();
        }
        for (bool has_more = true; has_more;) {
            store::Transaction transaction{db};
            has_more = pool::drop_archived_jobs(db, kSliceAlone, unix_ms_now());
            transaction.commit();
        }
        return {};
    } catch (const store::DbError& error) {
        return fail(Errc::io, "outbox '" + db.path() + "': " + error.what());
    }
}

/// Deletes what a request asks for, and removes it. The pool's own lock decides: whoever has the outbox open
/// deletes. False: the running pool does.
Result<bool> drop(const std::string& outbox_path) {
    auto db = pool::open_outbox_file(outbox_path, store::Mode::existing);
    if (!db) {
        if (db.error().what.find("already in use") == std::string::npos) return fail(db.error());
        return false;
    }
    auto id = db->prepare("SELECT id FROM store");
    HP_ASSERT(id.step());
    HP_TRY(const auto request, pool::find_archive_request(outbox_path, id.array<32>(0)));
    id.reset();
    if (!request) return true;
    HP_DO(drop_alone(*db, *request));
    HP_DO(pool::remove_archive_request(outbox_path));
    return true;
}

void tell(const ArchiveOptions& options, const std::string& file, const std::vector<pool::ArchivePart>& parts,
          bool is_done) {
    std::uint64_t rows = 0;
    for (const auto& part : parts) rows += part.rows;
    if (options.json) {
        nlohmann::ordered_json out = {{"rows", rows}, {"file", nullptr}, {"deleted_by_pool", !is_done}};
        if (!parts.empty()) out["file"] = file;
        std::printf("%s\n", out.dump().c_str());
        return;
    }
    if (parts.empty())
        std::printf("nothing is old enough\n");
    else
        std::printf("%llu rows are in '%s'; %s\n", static_cast<unsigned long long>(rows), file.c_str(),
                    is_done ? "the outbox has them no more"
                            : "the running pool deletes them from the outbox, a few at a time");
}

Result<> run_archive(const Settings& settings, const cli::Command& command, const ArchiveOptions& options) {
    const std::string outbox = command.resolve(settings.pool.outbox_database);
    const UnixMs now = unix_ms_now();
    const std::string by = archive_user();
    HP_TRY(const auto lock, pool::lock_archiving(outbox));
    // An earlier one may have been interrupted.
    if (pool::has_archive_request(outbox)) {
        HP_TRY(const bool is_done, drop(outbox));
        if (!is_done)
            return fail(Errc::refused, "the running pool still deletes the rows of an earlier archive",
                        "try again when '" + outbox + ".archive' is gone");
    }
    if (!options.restore.empty()) {
        HP_TRY(auto db, pool::open_outbox_file(outbox, store::Mode::existing));
        HP_DO(pool::restore_archive(db, options.restore, by, now));
        std::printf("the rows of '%s' are in the outbox again; keep the file\n", options.restore.c_str());
        return {};
    }
    const std::string file = options.to.empty() ? usual_name(outbox, now) : command.resolve(options.to);
    HP_TRY(const auto parts,
           pool::write_archive(outbox, file, now - settings.pool.keep_days * 86'400'000, by, now));
    bool is_done = true;
    if (!parts.empty()) {
        HP_DO(pool::leave_archive_request(outbox, by, file));
        HP_TRY(is_done, drop(outbox));
    }
    tell(options, file, parts, is_done);
    return {};
}

}  // namespace

cli::Verb archive(const Settings& settings, const cli::Command& command) {
    return {
        .name = "archive",
        .summary = "move answered shares older than keep_days to a file, while the pool runs or not",
        .examples = {"hp-pool archive --config-dir /etc/hashpool --keep-days 90",
                     "hp-pool archive --to /backup/2026-11.archive --json",
                     "hp-pool archive --restore /backup/2026-11.archive"},
        .declare = [&](cli::Options& add) -> cli::Action {
            auto options = std::make_shared<ArchiveOptions>();
            const auto to = add.text("--to", options->to,
                                     "the new file; by default beside the outbox, with the time in its name")
                                .value_name("FILE");
            add.text("--restore", options->restore,
                     "put the rows of this file back, the newest first; the pool is stopped")
                .value_name("FILE")
                .excludes(to);
            add.json(options->json);
            return [&, options] { return run_archive(settings, command, *options); };
        },
        .needs = cli::Needs::own_file,
    };
}

}  // namespace hp::hp_pool
