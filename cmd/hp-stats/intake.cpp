#include "intake.hpp"

#include "base/bytes.hpp"
#include "records/stats.hpp"
#include "records/write.hpp"
#include "stats/sql.hpp"
#include "wire/record_content.hpp"

namespace hp::hp_stats {
namespace {

/// Limits memory while reading a file.
constexpr std::uint64_t kCommitAfterRecords = 50'000;
constexpr SteadyMs kLookAtLogMs = 1'000;
/// How long to wait at the end; the next ingest continues.
constexpr SteadyMs kCatchUpMs = 2'000;

}  // namespace

void Intake::add(const wire::ReadRecord& record, const std::string& writer) {
    if (takes_no_more()) {
        ++dropped_;
        return;
    }
    const std::string from = writer.empty() ? "" : writer + ": ";
    if (!record.ok()) {
        batch_.add_damaged();
        warn_damaged_("{}record at byte {} is damaged: {}", from, record.offset, record.damage);
    } else if (auto added = batch_.add(record, unix_ms_now()); !added) {
        warn_damaged_("{}record at byte {} is damaged: {}: {}", from, record.offset,
                      printable(record.type, 64), added.error().what);
    }
}

bool Intake::is_full() const { return batch_.records() >= kCommitAfterRecords; }

Result<> Intake::commit() {
    if (auto done = series_.commit(batch_, unix_ms_now()); !done) {
        if (!series_.may_come_later()) return done;
        if (is_waiting()) return {};
        waiting_since_ms_ = steady_ms_now();
        waits_for_ = done.error().what;
        log::warn("{}; records wait, and continue automatically", waits_for_);
        return {};
    }
    records_ += batch_.records();
    unknown_ += batch_.unknown();
    damaged_ += batch_.damaged();
    batch_.clear();
    look_at_log();
    if (is_waiting()) end_of_wait();
    return {};
}

/// Otherwise the figures would show a gap without a reason.
void Intake::end_of_wait() {
    const SteadyMs waited_s = (steady_ms_now() - *waiting_since_ms_) / 1000;
    waiting_since_ms_.reset();
    log::info("database '{}': writable again; {} records were dropped", database_, dropped_);
    alarm(fmt::format("{}: for {} s no record could be stored, and {} were dropped", waits_for_, waited_s,
                      std::exchange(dropped_, 0)));
}

void Intake::alarm(const std::string& what) {
    add(wire::read_record(records::json_of(records::Alarm{what}, "hp-stats", unix_ms_now())), {});
}

/// No other program reports problems of this database.
void Intake::look_at_log() {
    const SteadyMs now = steady_ms_now();
    if (now < look_ms_) return;
    look_ms_ = now + kLookAtLogMs;
    const std::string what = log_watch_.look({stats::log_bytes_of(database_).value_or(0), 0});
    if (what.empty()) return;
    log::warn("{}", what);
    alarm(what);
}

/// A long file's slots are added up at its end; a service does so continuously.
Result<> Intake::finish() {
    HP_DO(commit());
    if (is_waiting())
        return fail(Errc::io,
                    waits_for_ + "; " + std::to_string(batch_.records() + dropped_) + " records are lost");
    // The alarm about its outage.
    if (!is_empty()) HP_DO(commit());
    if (is_waiting()) return fail(Errc::io, waits_for_);
    for (const SteadyMs end = steady_ms_now() + kCatchUpMs; steady_ms_now() < end;) {
        HP_TRY(const bool has_more, series_.catch_up(unix_ms_now()));
        if (!has_more) break;
    }
    log::info("{} records, {} of unknown type, {} damaged", records_, unknown_, damaged_);
    return {};
}

void Intake::tell_status() {
    status_line_.set((is_waiting() ? "waits: " + waits_for_ + "; " : "") + std::to_string(records_) +
                     " records, " + std::to_string(damaged_) + " damaged");
    // When only reading a file, there is no status to report.
    if (steady_ms_now() - begun_ms_ < kStatusMs) return;
    const records::StatsStatus status{.started_ms = started_ms_,
                                      .records = records_,
                                      .records_damaged = damaged_,
                                      .log_lines_dropped = log::dropped_lines()};
    batch_.add_own(wire::read_record(records::json_of(status, "hp-stats", unix_ms_now())));
}

}  // namespace hp::hp_stats
