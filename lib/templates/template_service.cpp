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
      goodbye_{loop} {
    events_.to(events);
}

Result<std::unique_ptr<TemplateService>> TemplateService::start(net::Loop& loop,
                                                                std::unique_ptr<Source> source,
                                                                ServiceOptions options) {
    std::unique_ptr<TemplateService> service{new TemplateService(loop, std::move(source), options.events)};
    auto* s = service.get();
    s->health_.on_trouble({});
    s->source_->on_trouble = [s](const std::string& why) { s->health_.on_trouble(why); };
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
    server_.on_template(std::move(block));
    if (!std::exchange(is_ready_, true) && on_ready) on_ready();
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
    record.clock_off_ms = clock_.off_ms();
    events_.tell(record);
}

}  // namespace hp::templates
