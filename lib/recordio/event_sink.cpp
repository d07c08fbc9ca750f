#include "recordio/event_sink.hpp"

#include "base/bytes.hpp"
#include "crypto/base58.hpp"
#include "net/unix_address.hpp"
#include "recordio/event_outlet.hpp"

namespace hp::recordio {
namespace {

constexpr std::size_t kQueueBytesMax = 4u << 20;
constexpr std::string_view kUnix = "unix:";
constexpr std::string_view kTcp = "tcp://";

}  // namespace

Result<EventOptions> event_options(std::string to, std::string_view framing, std::string_view encoding) {
    HP_TRY(const auto layout, wire::record_layout(framing, encoding));
    if (to.starts_with(kUnix)) HP_DO(net::unix_address(to.substr(kUnix.size())));
    if (is_noise_target(to)) HP_DO(noise_target_from_text(to));
    return EventOptions{std::move(to), layout};
}

bool is_noise_target(std::string_view to) { return to.starts_with(kTcp); }

Result<NoiseTarget> noise_target_from_text(std::string_view to) {
    const auto rest = to.substr(std::min(kTcp.size(), to.size()));
    const auto slash = rest.find('/');
    if (slash == rest.npos)
        return fail(Errc::usage, "events: '" + printable(to) + "' has no key",
                    "write tcp://HOST:PORT/KEY, with the collector's authority key");
    auto address = net::endpoint_from_text(rest.substr(0, slash));
    if (!address) return fail(Errc::usage, "events: " + address.error().what, address.error().hint);
    auto authority = crypto::authority_key_from_text(rest.substr(slash + 1));
    if (!authority) return fail(Errc::usage, "events: " + authority.error().what, authority.error().hint);
    return NoiseTarget{*std::move(address), *authority};
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
