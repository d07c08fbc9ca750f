#include "templates/template_service.hpp"

#include "log/log.hpp"

namespace hp::templates {
namespace {

constexpr std::int64_t kStatusMs = 1'000;
constexpr std::int64_t kGoodbyePollMs = 5;

}  // namespace

void Health::on_template(std::uint32_t height) {
    height_ = height;
    tell();
}

void Health::on_trouble(const std::string& why) {
    trouble_ = why;
    tell();
}

void Health::on_block(const BlockEvent& event) {
    const bool is_in = event.verdict.accepted();
    if (event.is_change)
        accepted_ += is_in ? 1 : -1;
    else if (!event.verdict.is_repeat)
        ++found_, accepted_ += is_in;
    tell();
}

records::TemplateStatus Health::status() const {
    return {.started_ms = started_ms_,
            .node_connected = has_node_,
            .node_since_ms = node_since_ms_,
            .height = height_,
            .log_lines_dropped = log::dropped_lines()};
}

void Health::tell() {
    const bool has_node = trouble_.empty() && height_ > 0;
    if (std::exchange(has_node_, has_node) != has_node) node_since_ms_ = unix_ms_now();
    std::string text = !trouble_.empty() ? "no templates: " + trouble_
                       : height_ == 0    ? "waiting for a first template"
                                         : "template for height " + std::to_string(height_);
    if (found_ > 0)
        text += "; " + std::to_string(accepted_) + " of " + std::to_string(found_) +
                " blocks handed in are in the chain";
    line_.set(text);
}

TemplateService::TemplateService(net::Loop& loop, std::unique_ptr<Source> source, recordio::EventSink* events)
    : source_{std::move(source)},
      server_{loop, *source_, static_cast<std::uint64_t>(unix_ms_now()),
              [this](const BlockEvent& event) { on_block(event); }},
      clock_{loop, "templates carry its time where the chain allows it; 'timedatectl' shows and sets it",
             [this](const std::string& what) { events_.alarm(what); }},
      second_{loop},
      goodbye_{loop},
      too_old_{loop} {
    events_.to(events);
}

Result<std::unique_ptr<TemplateService>> TemplateService::start(net::Loop& loop,
                                                                std::unique_ptr<Source> source,
                                                                ServiceOptions options) {
    std::unique_ptr<TemplateService> service{new TemplateService(loop, std::move(source), options.events)};
    auto* s = service.get();
    s->health_.on_trouble({});
    s->source_->on_trouble = [s](const std::string& why) { s->on_trouble(why); };
    s->max_age_s_ = options.max_age_s;
    HP_TRY(s->listener_, net::FrameListener::listen(loop, options.listen, Server::frame_limits(),
                                                    std::move(options.identity),
                                                    [s](std::shared_ptr<net::FrameConnection> connection) {
                                                        s->server_.accept(std::move(connection));
                                                    }));
    s->second_.every(kStatusMs, [s] { s->send_status(); });
    log::info("serving templates on {}", s->bound().text());
    s->source_->start([s](std::shared_ptr<const BlockTemplate> block) { s->on_template(std::move(block)); });
    return service;
}

void TemplateService::stop(std::function<void()> stopped) {
    listener_->stop();
    server_.stop();
    goodbye_.every(kGoodbyePollMs, [this, stopped = std::move(stopped)] {
        if (!server_.has_left()) return;
        goodbye_.cancel();
        stopped();
    });
}

void TemplateService::on_template(std::shared_ptr<const BlockTemplate> block) {
    health_.on_template(block->height);
    latest_ = block;
    is_withdrawn_ = false;
    server_.on_template(std::move(block));
    // It may be a long poll's answer while plain requests fail.
    if (!trouble_.empty()) watch_age();
    if (!std::exchange(is_ready_, true) && on_ready) on_ready();
}

void TemplateService::on_trouble(const std::string& why) {
    const bool is_new = trouble_.empty();
    trouble_ = why;
    health_.on_trouble(why);
    if (!why.empty()) {
        if (is_new) watch_age();
        return;
    }
    too_old_.cancel();
    if (!is_withdrawn_) return;
    // The node is back on the same tip, with no better template: the old one is good again.
    is_withdrawn_ = false;
    server_.on_template(latest_);
}

void TemplateService::watch_age() {
    if (max_age_s_ > 0 && latest_) too_old_.after(max_age_s_ * 1000, [this] { on_too_old(); });
}

void TemplateService::on_too_old() {
    is_withdrawn_ = true;
    const std::string what =
        "no new work for " + std::to_string(max_age_s_) +
        " s (max_template_age_s): clients are disconnected until there is some: " + trouble_;
    log::error("{}", what);
    events_.alarm(what);
    server_.withdraw(what);
}

void TemplateService::on_block(const BlockEvent& event) {
    const records::Block block{.height = event.id.height,
                               .hash = {event.id.hash},
                               .accepted = event.verdict.accepted(),
                               .fate = text_of(event.verdict.fate),
                               .reason = event.verdict.reason};
    if (event.is_change)
        events_.tell(records::BlockMoved{block});
    else if (event.verdict.is_repeat)
        events_.tell(records::BlockResubmitted{block});
    else
        events_.tell(records::BlockSubmitted{block});
    health_.on_block(event);
}

void TemplateService::send_status() {
    auto record = health_.status();
    record.clients = server_.client_count();
    record.work_withdrawn = is_withdrawn_;
    record.clock_off_ms = clock_.off_ms();
    events_.tell(record);
}

}  // namespace hp::templates
