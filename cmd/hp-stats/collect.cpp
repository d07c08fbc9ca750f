// hp-stats ingest unix:PATH and --listen-records, with or without a pipe: records of many programs at once,
// until SIGTERM or SIGINT.
#include "crypto/base58.hpp"
#include "ingest.hpp"
#include "intake.hpp"

namespace hp::hp_stats {
namespace {

class Collector final : public cli::Parts {
  public:
    Collector(cli::Daemon& daemon, stats::Series series, const IntoDatabase& into)
        : daemon_{daemon},
          due_{daemon.loop()},
          status_{daemon.loop()},
          intake_{std::move(series), into.database, into.wal_alarm_bytes},
          database_{into.database} {}

    Result<> listen(const Sources& options) {
        const auto take = [this](const std::string& writer, const wire::ReadRecord& record) {
            add(writer, record);
        };
        if (options.unix_path) {
            HP_TRY(auto local,
                   recordio::RecordListener::listen_unix(daemon_.loop(), *options.unix_path, {}, take));
            listeners_.push_back(std::move(local));
            log::info("records from unix:{} into '{}'", *options.unix_path, database_);
        }
        if (options.pipe) {
            HP_TRY(auto pipe, recordio::RecordListener::read_pipe(daemon_.loop(), *options.pipe, {}, take));
            listeners_.push_back(std::move(pipe));
            log::info("records from {} into '{}'", *options.pipe == "-" ? "stdin" : *options.pipe, database_);
        }
        if (options.noise) {
            HP_TRY(auto remote,
                   recordio::RecordListener::listen_noise(daemon_.loop(), *options.noise, {}, take));
            log::info("records from tcp://{}/{} into '{}'", remote->bound().text(),
                      crypto::authority_key_text(options.noise->authority), database_);
            listeners_.push_back(std::move(remote));
        }
        return {};
    }
    void start() {
        status_.every(kStatusMs, [this] {
            intake_.tell_status();
            commit();
        });
        daemon_.ready();
    }
    void stop(std::function<void()> stopped) override {
        for (const auto& listener : listeners_) listener->stop();
        if (auto done = intake_.finish(); !done) daemon_.end_with(done.error());
        stopped();
    }

  private:
    void add(const std::string& writer, const wire::ReadRecord& record) {
        const bool was_empty = intake_.is_empty();
        intake_.add(record, writer);
        if (intake_.is_full() && !intake_.is_waiting())
            commit();
        else if (was_empty)
            due_.after(kCommitAfterMs, [this] { commit(); });
        pause_if_full();
    }
    /// Unread records stay with their writer, as far as the transport can be stopped.
    void pause_if_full() {
        const bool is_full = intake_.takes_no_more();
        if (std::exchange(is_paused_, is_full) == is_full) return;
        for (const auto& listener : listeners_) listener->pause(is_full);
    }
    void commit() {
        if (auto done = intake_.commit(); !done) return daemon_.end_with(done.error());
        if (intake_.is_waiting() || !intake_.is_empty())
            due_.after(intake_.is_waiting() ? kTryAgainMs : kCommitAfterMs, [this] { commit(); });
        pause_if_full();
    }

    cli::Daemon& daemon_;
    net::Timer due_, status_;
    Intake intake_;
    std::string database_;
    std::vector<std::unique_ptr<recordio::RecordListener>> listeners_;
    bool is_paused_{false};
};

}  // namespace

Result<std::unique_ptr<cli::Parts>> collect(const IntoDatabase& into, const Sources& sources,
                                            cli::Daemon& daemon) {
    HP_TRY(auto series, stats::Series::open(into.database, into.retention));
    auto collector = std::make_unique<Collector>(daemon, std::move(series), into);
    HP_DO(collector->listen(sources));
    collector->start();
    return collector;
}

}  // namespace hp::hp_stats
