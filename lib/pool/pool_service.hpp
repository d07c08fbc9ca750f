// The pool as a service: the core with its listeners, its outbox, the mints' link, its Template Provider and
// its records. One loop thread; the outbox has its own writer thread.
#pragma once
#include <memory>
#include <string>

#include "net/clock_guard.hpp"
#include "net/frames.hpp"
#include "net/sd_notify.hpp"
#include "pool/disk_thread.hpp"
#include "pool/link_server.hpp"
#include "pool/pool.hpp"
#include "pool/refused_file.hpp"
#include "recordio/event_sink.hpp"
#include "store/log_watch.hpp"

namespace hp::pool {

struct ServiceOptions {
    net::Endpoint mining_listen;
    net::FrameListener::IdentityNow mining_identity;
    TemplateClient::Options templates;
    LinkServer::Options link;
    Work::Options work;
    PoolTerms terms;
    std::uint16_t server_id{};
    mining::ChannelLimits channels_of_all{};
    std::string route_to;  ///< the mint of all new intents; empty: by the owner's key
    unsigned easiest_target_bits{32};
    std::string outbox_path;
    std::string keep_refused;          ///< file of recently refused shares (refused_file.hpp); empty: none
    std::uint64_t wal_alarm_bytes{0};  ///< of the outbox's WAL; 0: no alarm
    recordio::EventSink* events{nullptr};  ///< null: no records; flushed after the service is gone
};

class PoolService final : public HubObserver {
  public:
    /// Opens the outbox, listens on both ports, dials the Template Provider.
    static Result<std::unique_ptr<PoolService>> start(net::Loop& loop, ServiceOptions options);
    ~PoolService() override;
    /// Takes no new connections or shares; commits what is accepted; then calls `stopped`.
    void stop(std::function<void()> stopped);

    net::Endpoint mining_bound() const { return mining_listener_->bound(); }
    net::Endpoint link_bound() const { return link_->bound(); }
    /// Called once, when there is a first job.
    std::function<void()> on_ready;
    /// Called once, when the process must end: its disk has failed.
    std::function<void(const Error&)> on_fatal;

    void on_quote_created(const StoredIntent& row, const std::string& quote_id, bool replay,
                          std::optional<SteadyMs> received_ms) override;
    void on_quote_dead(const StoredIntent& row, std::uint16_t code, const std::string& reason) override;
    void on_alarm(const std::string& what) override { pool_->alarm(what); }

  private:
    PoolService(net::Loop& loop, ServiceOptions options);
    Result<> open_outbox(const std::vector<std::string>& mints);
    Result<> listen();
    Pool::Ways ways();
    void store(std::shared_ptr<const std::vector<NewIntent>> intents,
               std::function<void(ShareQueue::Seqs)> done);
    void send_status();
    /// Handles a request in FILE.requeue beside the outbox.
    void look_for_request();
    /// Likewise FILE.archive.
    void look_for_archive();
    void drop_archived(std::shared_ptr<const ArchiveRequest> request, std::shared_ptr<ArchiveSlices> slices);
    void drop_archived_jobs(std::shared_ptr<const ArchiveRequest> request);

    net::Loop& loop_;
    ServiceOptions options_;
    Events events_;
    store::LogWatch log_watch_;
    net::ClockGuard clock_;
    std::unique_ptr<Outbox> outbox_;
    std::unique_ptr<RefusedFile> refused_file_;
    std::unique_ptr<Hub> hub_;
    std::unique_ptr<Pool> pool_;
    std::unique_ptr<LinkServer> link_;
    std::unique_ptr<TemplateClient> templates_;
    std::unique_ptr<net::FrameListener> mining_listener_;
    net::Timer second_;
    net::StatusLine status_line_;
    bool is_requeueing_{false}, is_archiving_{false}, is_closed_{false};
    std::function<void()> stopped_;
    net::Timer stop_poll_;
    DiskThread archives_;  // last: its completions use the rest
};

}  // namespace hp::pool
