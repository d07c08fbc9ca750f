// hp-stats ingest unix:PATH: records of many programs at once, until SIGTERM or SIGINT.
#include <optional>

#include "intake.hpp"
#include "net/record_listener.hpp"
#include "verbs.hpp"

namespace hp::hp_stats {
namespace {

class Collector {
  public:
    explicit Collector(stats::Series series) : intake_{std::move(series)} {}

    Result<> listen(const std::string& unix_path) {
        HP_TRY(listener_,
               net::RecordListener::listen_unix(
                   loop_, unix_path, {}, [this](const std::string& writer, const wire::ReadRecord& record) {
                       add(writer, record);
                   }));
        return {};
    }
    Result<> run() {
        loop_.handle_signals(
            [this] {
                net::sd_notify("STOPPING=1");
                listener_->stop();
                loop_.stop();
            },
            [] { log::reopen(); });
        status_.every(kStatusMs, [this] { intake_.tell_status(); });
        net::sd_notify("READY=1");
        loop_.run();
        if (failed_) return fail(*failed_);
        return intake_.finish();
    }

  private:
    void add(const std::string& writer, const wire::ReadRecord& record) {
        const bool was_empty = intake_.is_empty();
        intake_.add(record, writer);
        if (intake_.is_full())
            commit();
        else if (was_empty)
            due_.after(kCommitAfterMs, [this] { commit(); });
    }
    void commit() {
        if (auto done = intake_.commit(); !done) {
            failed_ = done.error();
            loop_.stop();
        }
    }

    net::Loop loop_;
    net::Timer due_{loop_}, status_{loop_};
    Intake intake_;
    std::unique_ptr<net::RecordListener> listener_;
    std::optional<Error> failed_;
};

}  // namespace

Result<> collect(const std::string& database, const std::string& unix_path,
                 const stats::Retention& retention) {
    HP_TRY(auto series, stats::Series::open(database, retention));
    Collector collector{std::move(series)};
    HP_DO(collector.listen(unix_path));
    log::info("records from unix:{} into '{}'", unix_path, database);
    return collector.run();
}

}  // namespace hp::hp_stats
