// hp-stats ingest unix:PATH and --listen-records, with or without a pipe: records of many programs at once,
// until SIGTERM or SIGINT.
#include <optional>

#include "crypto/base58.hpp"
#include "intake.hpp"
#include "recordio/record_listener.hpp"
#include "verbs.hpp"

namespace hp::hp_stats {
namespace {

class Collector {
  public:
    Collector(stats::Series series, const CollectOptions& options)
        : intake_{std::move(series), options.database, options.wal_alarm_bytes},
          on_hangup_{options.on_hangup} {}

    Result<> listen(const CollectOptions& options) {
        // First: a signal during the start waits for run() and kills nothing.
        loop_.handle_signals(
            [this] {
                net::sd_notify("STOPPING=1");
                for (const auto& listener : listeners_) listener->stop();
                loop_.stop();
            },
            on_hangup_);
        const auto take = [this](const std::string& writer, const wire::ReadRecord& record) {
            add(writer, record);
        };
        if (options.unix_path) {
            HP_TRY(auto local, recordio::RecordListener::listen_unix(loop_, *options.unix_path, {}, take));
            listeners_.push_back(std::move(local));
            log::info("records from unix:{} into '{}'", *options.unix_path, options.database);
        }
        if (options.pipe) {
            HP_TRY(auto pipe, recordio::RecordListener::read_pipe(loop_, *options.pipe, {}, take));
            listeners_.push_back(std::move(pipe));
            log::info("records from {} into '{}'", *options.pipe == "-" ? "stdin" : *options.pipe,
                      options.database);
        }
        if (options.noise) {
            HP_TRY(auto remote, recordio::RecordListener::listen_noise(loop_, *options.noise, {}, take));
            log::info("records from tcp://{}/{} into '{}'", remote->bound().text(),
                      crypto::authority_key_text(options.noise->authority), options.database);
            listeners_.push_back(std::move(remote));
        }
        return {};
    }
    void protect(const net::Protection& protection) { net::protect(loop_, protection); }
    Result<> run() {
        status_.every(kStatusMs, [this] {
            intake_.tell_status();
            commit();
        });
        net::sd_notify("READY=1");
        loop_.run();
        if (failed_) return fail(*failed_);
        return intake_.finish();
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
        if (auto done = intake_.commit(); !done) {
            failed_ = done.error();
            return loop_.stop();
        }
        if (intake_.is_waiting() || !intake_.is_empty())
            due_.after(intake_.is_waiting() ? kTryAgainMs : kCommitAfterMs, [this] { commit(); });
        pause_if_full();
    }

    net::Loop loop_;
    net::Timer due_{loop_}, status_{loop_};
    Intake intake_;
    std::vector<std::unique_ptr<recordio::RecordListener>> listeners_;
    std::function<void()> on_hangup_;
    std::optional<Error> failed_;
    bool is_paused_{false};
};

}  // namespace

Result<> collect(const CollectOptions& options) {
    HP_TRY(auto series, stats::Series::open(options.database, options.retention));
    Collector collector{std::move(series), options};
    collector.protect(options.protection);
    HP_DO(collector.listen(options));
    return collector.run();
}

}  // namespace hp::hp_stats
