#include "web/feed.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/bytes.hpp"
#include "base/json_text.hpp"
#include "log/log.hpp"
#include "web/page_json.hpp"

namespace hp::web {
namespace {

constexpr std::int64_t kRequestMs = 3'000;
constexpr std::size_t kBodyBytesMax = 4u << 20;
constexpr SteadyMs kHistoryMs = 5'000;
/// A list of names may keep hp-stats busy for one part in this many of the time.
constexpr SteadyMs kNamesShare = 10;
constexpr SteadyMs kNamesMsMax = 60'000;

struct Span {
    std::string_view name;
    std::int64_t ms;
    const char* step;
};
constexpr Span kSpans[] = {
    {"1h", 3'600'000, "1m"}, {"24h", 86'400'000, "5m"}, {"7d", 7 * 86'400'000LL, "1h"}};
const Span* find_span(std::string_view name) {
    const auto found = std::ranges::find(kSpans, name, &Span::name);
    return found == std::end(kSpans) ? nullptr : found;
}

}  // namespace

Feed::Feed(net::Loop& loop, Options options)
    : options_{std::move(options)}, timer_{loop}, since_ms_{unix_ms_now()} {
    clients_.path = options_.clients_path + "?limit=100&order=hashrate";
    workers_.path = options_.workers_path;
    refused_.path = "/api/v1/refused?limit=25";
}

Result<std::unique_ptr<Feed>> Feed::start(net::Loop& loop, Options options) {
    auto feed = std::unique_ptr<Feed>(new Feed(loop, std::move(options)));
    HP_TRY(feed->client_, net::HttpClient::create(loop, "http://" + feed->options_.stats.text(),
                                                  {.bearer = feed->options_.token.reveal(),
                                                   .request_ms = kRequestMs,
                                                   .body_bytes_max = kBodyBytesMax}));
    feed->ask();
    feed->timer_.every(feed->options_.period_ms, [self = feed.get()] { self->ask(); });
    return feed;
}

void Feed::ask() {
    // The client's time limit ends it; the known data ages meanwhile.
    if (outstanding_ > 0) return publish();
    outstanding_ = 2;
    failure_.clear();
    client_->request("GET", "/api/v1/global", {},
                     [this](Result<net::HttpResponse> answer) { on_answer(global_, answer); });
    client_->request("GET", "/api/v1/figures?minutes=60&names=0", {},
                     [this](Result<net::HttpResponse> answer) { on_answer(figures_, answer); });
    ask_for_names();
}

void Feed::ask_for_names() {
    for (Names* names : {&clients_, &workers_, &refused_}) {
        const SteadyMs asked_ms = steady_ms_now();
        if (names->is_asked || asked_ms < names->due_ms) continue;
        names->is_asked = true;
        client_->request("GET", names->path, {}, [names, asked_ms](Result<net::HttpResponse> answer) {
            names->is_asked = false;
            const SteadyMs now = steady_ms_now();
            names->due_ms = now + std::min(kNamesShare * (now - asked_ms), kNamesMsMax);
            // With a token of a narrower scope we see the figures, but no names.
            if (answer && answer->status == 401) *answer = {200, R"({"items":null})"};
            if (auto object = answer ? page_object(*answer) : Result<std::string>{fail(answer.error())})
                names->shown = *std::move(object);
        });
    }
}

void Feed::on_answer(std::string& into, const Result<net::HttpResponse>& answer) {
    auto object = answer ? page_object(*answer) : Result<std::string>{fail(answer.error())};
    if (object)
        into = *std::move(object);
    else if (failure_.empty())
        failure_ = object.error().what;
    if (--outstanding_ > 0) return;
    if (!failure_.empty()) return set_away(failure_);
    const auto global = nlohmann::json::parse(global_, nullptr, false);
    const auto stale = global.find("stale");
    if (stale == global.end() || !stale->is_boolean())
        return set_away("answers with something other than figures");
    const bool is_stale = *stale;
    look_at(global);
    const std::string state = is_stale ? "stale" : "ok";
    if (state != state_) {
        since_ms_ = unix_ms_now();
        log::info("hp-stats at {}: {}", options_.stats.text(),
                  is_stale ? "its figures are old" : "has current figures");
    }
    state_ = state;
    error_.clear();
    shown_global_ = global_;
    shown_figures_ = figures_;
    publish();
}

/// How old the figures are, and which programs report.
void Feed::look_at(const nlohmann::json& global) {
    const auto last = global.find("last_record_ms");
    as_of_ms_ = last != global.end() && last->is_number_integer() ? last->get<UnixMs>() : 0;
    const auto figures = nlohmann::json::parse(figures_, nullptr, false);
    const auto status = figures.find("status");
    if (status == figures.end() || !status->is_object()) return;
    for (const auto& [source, fields] : status->items()) {
        UnixMs last_ms = 0;
        for (const auto& field : fields) {
            const auto ts = field.is_object() ? field.find("ts_ms") : field.end();
            if (ts != field.end() && ts->is_number_integer()) last_ms = std::max(last_ms, ts->get<UnixMs>());
        }
        liveness_.see(source, last_ms, unix_ms_now(), steady_ms_now());
    }
}

void Feed::set_away(const std::string& why) {
    if (state_ != "away" || error_ != why) {
        log::warn("hp-stats at {}: {}", options_.stats.text(), printable(why, 200));
        if (state_ != "away") since_ms_ = unix_ms_now();
    }
    state_ = "away";
    error_ = why;
    publish();
}

std::string Feed::state_json() const {
    std::string out =
        R"({"stats":{"state":")" + state_ + R"(","since_ms":)" + std::to_string(since_ms_) + R"(,"error":)";
    if (error_.empty())
        out += "null";
    else
        append_json_string(out, error_);
    out += R"(,"as_of_ms":)" + (as_of_ms_ > 0 ? std::to_string(as_of_ms_) : "null") + R"(,"now_ms":)" +
           std::to_string(unix_ms_now()) + R"(},"sources":{)";
    const char* comma = "";
    for (const auto& source : liveness_.sources(unix_ms_now(), steady_ms_now())) {
        out += std::exchange(comma, ",");
        append_json_string(out, source.name);
        out += R"(:{"last_ms":)" + std::to_string(source.last_ms) + R"(,"heard":)" +
               (source.is_heard ? "true}" : "false}");
    }
    out += '}';
    return out + R"(,"global":)" + shown_global_ + R"(,"figures":)" + shown_figures_ + R"(,"clients":)" +
           clients_.shown + R"(,"workers":)" + workers_.shown + R"(,"refused":)" + refused_.shown + "}";
}

void Feed::publish() {
    if (streams_.empty()) return;
    const std::string event = "event: state\ndata: " + state_json() + "\n\n";
    std::erase_if(streams_, [&](const auto& stream) { return !stream->send(event); });
}

void Feed::subscribe(std::shared_ptr<net::HttpStream> stream) {
    if (stream->send("retry: 1000\nevent: state\ndata: " + state_json() + "\n\n"))
        streams_.push_back(std::move(stream));
}

bool Feed::is_span(std::string_view span) { return find_span(span) != nullptr; }

void Feed::history(const std::string& span, net::HttpServer::Reply reply) {
    Cached& cached = histories_[span];
    if (!cached.body.empty() && steady_ms_now() - cached.at_ms < kHistoryMs) return reply({200, cached.body});
    cached.waiting.push_back(std::move(reply));
    if (cached.waiting.size() > 1) return;
    const Span& what = *find_span(span);
    const std::string path = "/api/v1/history?step=" + std::string(what.step) +
                             "&from_ms=" + std::to_string(unix_ms_now() - what.ms);
    client_->request("GET", path, {}, [this, span](Result<net::HttpResponse> answer) {
        Cached& to = histories_[span];
        auto object = answer ? page_object(*answer) : Result<std::string>{fail(answer.error())};
        // An old one, with its timestamps, is better than none.
        if (object) to.body = *std::move(object), to.at_ms = steady_ms_now();
        for (auto& waiting : std::exchange(to.waiting, {})) {
            if (!to.body.empty())
                waiting({200, to.body});
            else
                waiting({503, R"({"error":"hp-stats does not answer"})"});
        }
    });
}

}  // namespace hp::web
