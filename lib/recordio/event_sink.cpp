#include "recordio/event_sink.hpp"

#include "base/url.hpp"
#include "crypto/base58.hpp"
#include "net/unix_address.hpp"
#include "recordio/event_outlet.hpp"

namespace hp::recordio {
namespace {

constexpr std::size_t kQueueBytesMax = 4u << 20;
constexpr std::string_view kUnix = "unix:";

}  // namespace

Result<EventOptions> event_options(std::string to, std::string_view framing, std::string_view encoding) {
    HP_TRY(const auto layout, wire::record_layout(framing, encoding));
    if (to.starts_with(kUnix)) HP_DO(net::unix_address(to.substr(kUnix.size())));
    if (is_noise_target(to)) HP_DO(noise_target_from_text(to));
    return EventOptions{std::move(to), layout};
}

bool is_noise_target(std::string_view to) { return to.find("://") != to.npos; }

Result<NoiseTarget> noise_target_from_text(std::string_view to) {
    const auto bad = [&](const std::string& why) {
        return fail(Errc::usage, "events: '" + printable_url(to) + "' " + why,
                    "write tcp://HOST:PORT/KEY, with the collector's authority key");
    };
    const auto url = url_from_text(to);
    if (!url) return bad("is not a URL: " + url.error().what);
    if (url->scheme != "tcp") return bad("has an unknown scheme");
    if (!url->authority.port) return bad("has no port");
    if (url->query) return bad("has a query (?), which means nothing here");
    if (url->path.size() < 2) return bad("has no key");
    auto authority = crypto::authority_key_from_text(url->path.substr(1));
    if (!authority) return fail(Errc::usage, "events: " + authority.error().what, authority.error().hint);
    return NoiseTarget{{url->authority.host, *url->authority.port}, *authority};
}

EventSink::EventSink(net::Loop& loop, const EventOptions& options, std::string source)
    : loop_{loop},
      source_{std::move(source)},
      queue_{std::make_unique<RecordQueue>(source_, options.layout, kQueueBytesMax)} {}

EventSink::~EventSink() { *alive_ = false; }

Result<std::unique_ptr<EventSink>> EventSink::open(net::Loop& loop, const EventOptions& options,
                                                   std::string source) {
    std::unique_ptr<EventSink> sink{new EventSink(loop, options, std::move(source))};
    if (options.to.starts_with(kUnix)) {
        sink->outlet_ = open_unix_outlet(loop, *sink->queue_, options.to.substr(kUnix.size()));
    } else if (is_noise_target(options.to)) {
        if (!options.key)
            return fail(Errc::usage, "events: '" + options.to + "' needs events_secret_key_file");
        HP_TRY(const auto target, noise_target_from_text(options.to));
        sink->outlet_ = open_noise_outlet(loop, *sink->queue_, target, *options.key);
    } else if (!options.to.empty()) {
        HP_TRY(sink->outlet_, open_file_outlet(loop, *sink->queue_, options));
    }
    return sink;
}

bool EventSink::enabled() const { return outlet_ && outlet_->is_open(); }
std::uint64_t EventSink::dropped() const { return queue_->dropped(); }

void EventSink::write(std::string_view json) {
    if (!enabled()) return;
    queue_->push(json);
    if (std::exchange(scheduled_, true)) return;
    loop_.post([this, alive = alive_] {
        if (!*alive) return;
        scheduled_ = false;
        outlet_->drain();
    });
}

void EventSink::flush(std::int64_t limit_ms) {
    if (enabled()) outlet_->flush(limit_ms);
}

}  // namespace hp::recordio
