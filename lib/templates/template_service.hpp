// The Template Provider as a service: a source of templates, its listener, its records, and what the service
// manager is told of it.
#pragma once
#include <memory>
#include <string>

#include "net/clock_guard.hpp"
#include "net/frames.hpp"
#include "net/sd_notify.hpp"
#include "recordio/events.hpp"
#include "records/template.hpp"
#include "templates/server.hpp"
#include "templates/source.hpp"

namespace hp::templates {

/// How it stands with the node and with the blocks that were handed in.
class Health {
  public:
    void on_template(std::uint32_t height);
    /// Empty: templates come again.
    void on_trouble(const std::string& why);
    void on_block(const BlockEvent& event);
    records::TemplateStatus status() const;

  private:
    void tell();
    net::StatusLine line_;
    UnixMs started_ms_{unix_ms_now()};
    UnixMs node_since_ms_{started_ms_};
    bool has_node_{false};
    std::string trouble_;
    std::uint32_t height_{0};
    int found_{0}, accepted_{0};
};

struct ServiceOptions {
    net::Endpoint listen;
    net::FrameListener::IdentityNow identity;
    std::int64_t max_age_s{0};  ///< of work for which there is none newer because of trouble; 0: any
    recordio::EventSink* events{nullptr};  ///< null: no records; flushed after the service is gone
};

class TemplateService {
  public:
    static Result<std::unique_ptr<TemplateService>> start(net::Loop& loop, std::unique_ptr<Source> source,
                                                          ServiceOptions options);
    /// No new clients; each has what was queued for it, for up to 2 s; then `stopped` is called.
    void stop(std::function<void()> stopped);

    /// There may be a new tip: the source asks at once.
    void refresh() { source_->refresh(); }
    net::Endpoint bound() const { return listener_->bound(); }
    /// Called once, with the first template.
    std::function<void()> on_ready;

  private:
    TemplateService(net::Loop& loop, std::unique_ptr<Source> source, recordio::EventSink* events);
    void on_template(std::shared_ptr<const BlockTemplate> block);
    void on_trouble(const std::string& why);
    /// Work may get this old from now on, unless the trouble ends or newer work comes.
    void watch_age();
    void on_too_old();
    void on_block(const BlockEvent& event);
    void send_status();

    recordio::Events events_;
    std::unique_ptr<Source> source_;
    Health health_;
    Server server_;
    std::unique_ptr<net::FrameListener> listener_;
    net::ClockGuard clock_;
    net::Timer second_, goodbye_, too_old_;
    std::int64_t max_age_s_{0};
    std::string trouble_;
    std::shared_ptr<const BlockTemplate> latest_;
    bool is_withdrawn_{false};
    bool is_ready_{false};
};

}  // namespace hp::templates
