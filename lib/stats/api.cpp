#include "stats/api.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <span>

#include "base/bytes.hpp"
#include "records/names.hpp"
#include "stats/api_live.hpp"
#include "stats/estimate.hpp"
#include "stats/history_text.hpp"
#include "stats/metrics.hpp"
#include "stats/names.hpp"
#include "stats/report.hpp"

namespace hp::stats {
namespace {

using namespace records::literals;

using Json = nlohmann::ordered_json;

constexpr std::int64_t kMinutesMax = 10'000'000;
constexpr std::int64_t kHashrateMinutes = 5;
constexpr std::size_t kPageMax = 100;
constexpr std::int64_t kRowsMax = 5'000;

std::string json_text(const Json& json) { return json.dump(-1, ' ', true, Json::error_handler_t::replace); }
ApiAnswer error(int status, const std::string& what) { return {status, json_text({{"error", what}})}; }

struct Parameter {
    const char* name;
    const char* type;  ///< of JSON schema
    const char* doc;
};

class Call {
  public:
    Call(Reader& reader_, const ApiRequest& request_, const ApiContext& context_, std::string_view id_)
        : reader{reader_}, request{request_}, context{context_}, id{id_} {}

    Reader& reader;
    const ApiRequest& request;
    const ApiContext& context;
    std::string_view id;  ///< the value of {id} in the path

    std::optional<std::string> text(const char* name) const {
        const auto found = request.parameters.find(name);
        return found == request.parameters.end() ? std::nullopt : std::optional(found->second);
    }
    /// The parameter as a whole number from `min` to `max`, or `unset`.
    Result<std::int64_t> integer(const char* name, std::int64_t unset, std::int64_t min,
                                 std::int64_t max) const {
        const auto given = text(name);
        if (!given) return unset;
        std::int64_t value{};
        const char* end = given->data() + given->size();
        const auto parsed = std::from_chars(given->data(), end, value);
        if (parsed.ec != std::errc{} || parsed.ptr != end || value < min || value > max)
            return fail(Errc::usage, std::string(name) + ": expected a whole number from " +
                                         std::to_string(min) + " to " + std::to_string(max) + ", got '" +
                                         printable(*given, 32) + "'");
        return value;
    }
    Result<Snapshot> window(Workers workers) const {
        HP_TRY(const auto minutes, integer("minutes", 0, 1, kMinutesMax));
        return reader.snapshot(minutes > 0 ? std::optional(minutes) : std::nullopt, {}, workers);
    }
};

/// Null if no record has it.
Json status_number(const Snapshot& snapshot, const char* field) {
    const auto gauge = snapshot.gauge(field);
    const Json value = gauge ? Json::parse(gauge->json, nullptr, false) : Json(nullptr);
    return value.is_number() ? value : Json(nullptr);
}

/// Last value of a field of the source's status; null if there is none.
Json value_of(const Snapshot& snapshot, const char* source, const char* field) {
    const auto fields = snapshot.gauges.find(source);
    if (fields == snapshot.gauges.end()) return nullptr;
    const auto gauge = fields->second.find(field);
    return gauge == fields->second.end() ? Json(nullptr) : Json::parse(gauge->second.json, nullptr, false);
}

Result<ApiAnswer> health(const Call& call) {
    HP_TRY(const auto times, call.reader.times());
    Json out = {{"status", "no records"}, {"timestamp", call.context.now / 1000}};
    if (times) {
        const auto age_ms = call.context.now - times->second;
        out["status"] = age_ms <= call.context.stale_after_s * 1000 ? "ok" : "stale";
        out["last_record_ms"] = times->second;
        out["age_ms"] = age_ms;
    }
    return ApiAnswer{200, json_text(out)};
}

bool is_stale(const Snapshot& snapshot, const ApiContext& context) {
    return snapshot.records == 0 || context.now - snapshot.last_record_ms > context.stale_after_s * 1000;
}

/// A hash rate and its 95 % interval.
void add_hash_rate(Json& out, const char* name, const std::optional<HashRate>& rate) {
    out[name] = rate ? Json(rate->hps) : Json(nullptr);
    out["hashrate_low_hps"] = rate ? Json(rate->low_hps) : Json(nullptr);
    out["hashrate_high_hps"] = rate && rate->high_hps ? Json(*rate->high_hps) : Json(nullptr);
}

/// The summary of one side; null if it never sent a record.
Json side_json(const Snapshot& snapshot, const char* source, Json summary) {
    return snapshot.gauges.contains(source) ? summary : Json(nullptr);
}

Result<ApiAnswer> global(const Call& call) {
    HP_TRY(const auto s, call.reader.snapshot(kHashrateMinutes, {}, Workers::together));
    const Json channels = status_number(s, "channels"_field);
    const auto rate =
        is_stale(s, call.context) ? std::nullopt : estimate(s.sum("share_accepted"_series), s.seen_seconds());
    const Json rate_hps = rate ? Json(rate->hps) : Json(nullptr);
    const Json pool = {{"total_clients", status_number(s, "connections"_field)},
                       {"total_channels", channels},
                       {"extended_channels", channels},
                       {"standard_channels", 0},
                       {"total_hashrate", rate_hps}};
    // Of the miners that are there, by the last five minutes of each.
    Json miners = {{"total_clients", status_number(s, "miners"_field)}};
    HP_TRY(const auto miners_rate, call.reader.rate("hp-proxy"));
    add_hash_rate(miners, "total_hashrate",
                  is_stale(s, call.context) ? std::nullopt : estimate(miners_rate, 1));
    Json out = {{"uptime_secs", (call.context.now - call.context.started) / 1000},
                {"server", nullptr},
                {"sv2_clients", side_json(s, "hp-pool", pool)},
                {"sv1_clients", side_json(s, "hp-proxy", miners)},
                {"stale", is_stale(s, call.context)}};
    add_hash_rate(out, "hashrate_hps", rate);
    out["last_record_ms"] = s.records > 0 ? Json(s.last_record_ms) : Json(nullptr);
    return ApiAnswer{200, json_text(out)};
}

Result<ApiAnswer> figures(const Call& call) {
    HP_TRY(const auto names, call.integer("names", 1, 0, 1));
    const bool has_names = names == 1 && call.request.scope >= Scope::workers;
    HP_TRY(const auto s, call.window(has_names ? Workers::named : Workers::together));
    if (has_names) return ApiAnswer{200, report_json(s)};
    Json out = Json::parse(report_json(s));
    out.erase("workers");
    out.erase("miner_workers");
    return ApiAnswer{200, json_text(out)};
}

Result<ApiAnswer> history(const Call& call) {
    HistoryQuery query{.name = call.text("series").value_or("share_accepted"_series),
                       .label = call.text("label")};
    if (const auto gauge = call.text("gauge")) {
        if (call.text("series") || query.label)
            return fail(Errc::usage, "gauge: cannot be combined with series or label");
        query.name = *gauge;
        query.is_gauge = true;
    }
    if (query.label && call.request.scope < Scope::workers)
        return error(401, "the label needs a token of scope workers");
    if (const auto known = check_names(call.reader, query); !known) return fail(known.error());
    const auto level = level_from_name(call.text("step").value_or("5m"));
    if (!level)
        return fail(Errc::usage,
                    "step: expected 1m, 5m, 1h or 1d, got '" + printable(*call.text("step"), 32) + "'");
    query.level = *level;
    HP_TRY(const auto times, call.reader.times());
    const UnixMs newest = times ? times->second : call.context.now;
    constexpr std::int64_t kTimeMax = 253'402'300'799'000;  // the year 9999
    HP_TRY(query.to_ms, call.integer("to_ms", newest + 1, 1, kTimeMax));
    HP_TRY(query.from_ms,
           call.integer("from_ms", std::max<UnixMs>(query.to_ms - 86'400'000, 0), 0, kTimeMax));
    const UnixMs oldest = times ? std::max(query.from_ms, times->first) : query.from_ms;
    if ((std::min(query.to_ms, newest + 1) - oldest) / 1000 / kLevels[*level].seconds > kRowsMax)
        return fail(Errc::usage, "step: " + std::string(kLevels[*level].name) + " would give more than " +
                                     std::to_string(kRowsMax) + " rows; take a longer one");
    HP_TRY(const auto rows, call.reader.history(query));
    return ApiAnswer{200, history_text(query, rows, Format::json, false)};
}

Result<ApiAnswer> workers(const Call& call) {
    HP_TRY(const auto offset, call.integer("offset", 0, 0, 1'000'000'000));
    HP_TRY(const auto limit, call.integer("limit", 25, 1, kPageMax));
    HP_TRY(const auto s, call.window(Workers::named));
    const std::string series = call.text("of").value_or("share_accepted"_series);
    if (series != "share_accepted"_series && series != "miner_share_accepted"_series)
        return fail(Errc::usage, "of: expected share_accepted or miner_share_accepted, got '" +
                                     printable(series, 32) + "'");
    Json all =
        Json::parse(top_text(s, series, static_cast<std::size_t>(offset + limit), Format::json))["workers"];
    Json items = Json::array();
    for (auto i = static_cast<std::size_t>(offset); i < all.size(); ++i) items.push_back(all[i]);
    return ApiAnswer{200, json_text({{"offset", offset},
                                     {"limit", limit},
                                     {"total", s.labels(series).size()},
                                     {"from_ms", s.from_ms},
                                     {"to_ms", s.to_ms},
                                     {"items", items}})};
}

/// The paging parameters and the path's id.
Result<LiveQuery> live_query(const Call& call, const char* source) {
    LiveQuery query{.source = source};
    HP_TRY(query.offset, call.integer("offset", 0, 0, 1'000'000'000));
    HP_TRY(query.limit, call.integer("limit", 25, 1, kPageMax));
    const auto order = call.text("order");
    if (order && *order != "id" && *order != "hashrate")
        return fail(Errc::usage, "order: expected id or hashrate, got '" + printable(*order, 32) + "'");
    query.is_by_rate = order == "hashrate";
    if (!call.id.empty()) {
        std::int64_t id{};
        const auto parsed = std::from_chars(call.id.data(), call.id.data() + call.id.size(), id);
        const bool is_number = parsed.ec == std::errc{} && parsed.ptr == call.id.data() + call.id.size();
        query.connection = is_number ? id : -1;  // an id that does not exist
    }
    return query;
}

ApiAnswer nobody(const Call& call) { return error(404, "there is no client " + printable(call.id, 32)); }

template <class Item>
ApiAnswer page_of(const LiveQuery& query, const LivePage<Item>& page, Json (*item_json)(const Item&)) {
    Json items = Json::array();
    for (const Item& item : page.items) items.push_back(item_json(item));
    return {200,
            json_text(
                {{"offset", query.offset}, {"limit", query.limit}, {"total", page.total}, {"items", items}})};
}

/// Channels, extended and standard ones apart.
ApiAnswer channels_of(const LiveQuery& query, const LivePage<LiveRow>& page,
                      Json (*item_json)(const LiveRow&)) {
    Json extended = Json::array(), standard = Json::array();
    for (const LiveRow& row : page.items) (row.is_standard ? standard : extended).push_back(item_json(row));
    return {200, json_text({{"offset", query.offset},
                            {"limit", query.limit},
                            {"total_extended", page.total - page.standard},
                            {"total_standard", page.standard},
                            {"extended_channels", extended},
                            {"standard_channels", standard}})};
}

/// Clients with their own connections: to the pool, or to a proxy.
struct Peers {
    const char* source;
    Json (*json)(const LiveConnection&);
    Json (*channel_json)(const LiveRow&);
};
constexpr Peers kClients{"hp-pool", &client_json, &channel_json};
constexpr Peers kMiners{"hp-proxy", &miner_json, &upstream_channel_json};

template <const Peers& peers>
Result<ApiAnswer> list_peers(const Call& call) {
    HP_TRY(const auto query, live_query(call, peers.source));
    HP_TRY(const auto page, call.reader.connections(query));
    if (call.id.empty()) return page_of(query, page, peers.json);
    return page.items.empty() ? nobody(call) : ApiAnswer{200, json_text(peers.json(page.items[0]))};
}

/// Of one of them, or the upstream ones of all: a proxy has one channel per miner.
template <const Peers& peers>
Result<ApiAnswer> list_channels(const Call& call) {
    HP_TRY(const auto query, live_query(call, peers.source));
    HP_TRY(const auto page, call.reader.channels(query));
    return page.total == 0 && !call.id.empty() ? nobody(call) : channels_of(query, page, peers.channel_json);
}

Result<ApiAnswer> server(const Call& call) {
    HP_TRY(const auto s, call.reader.snapshot(kHashrateMinutes, {}, Workers::together));
    if (!s.gauges.contains("hp-proxy")) return error(404, "no records from a proxy: there is no server");
    HP_TRY(const auto page, call.reader.channels({.source = "hp-proxy", .limit = 1}));
    HP_TRY(const auto rate, call.reader.rate("hp-proxy"));
    return ApiAnswer{200, json_text({{"extended_channels_count", page.total},
                                     {"standard_channels_count", 0},
                                     {"total_hashrate", rate.work_hashes},
                                     {"connected", value_of(s, "hp-proxy", "pool_connected"_field)}})};
}

Result<ApiAnswer> refused(const Call& call) {
    HP_TRY(const auto offset, call.integer("offset", 0, 0, 1'000'000'000));
    HP_TRY(const auto limit, call.integer("limit", 25, 1, kPageMax));
    HP_TRY(const auto page, call.reader.refused(offset, limit));
    Json items = Json::array();
    for (const auto& [key, what] : page.items)
        items.push_back({{"source", key.source},
                         {"type", key.type},
                         {"who", key.who},
                         {"worker", key.worker},
                         {"reason", key.reason},
                         {"count", what.count},
                         {"first_ms", what.first_ms},
                         {"last_ms", what.last_ms}});
    return ApiAnswer{
        200, json_text({{"offset", offset}, {"limit", limit}, {"total", page.total}, {"items", items}})};
}

Result<ApiAnswer> latency(const Call& call) {
    HP_TRY(const auto s, call.window(Workers::together));
    return ApiAnswer{200, latency_text(s, Format::json)};
}

Result<ApiAnswer> metrics(const Call& call) {
    const bool has_names = call.context.metrics_workers_max > 0;
    HP_TRY(const auto ever, call.reader.snapshot({}, {}, has_names ? Workers::named : Workers::together));
    HP_TRY(const auto window, call.reader.snapshot(kHashrateMinutes, {}, Workers::together));
    const double uptime_s = static_cast<double>(call.context.now - call.context.started) / 1000;
    return ApiAnswer{200,
                     metrics_text(ever, window,
                                  {uptime_s, is_stale(ever, call.context), call.context.metrics_workers_max,
                                   call.context.wal_bytes, call.context.log_lines_dropped}),
                     "text/plain; version=0.0.4; charset=utf-8"};
}

Result<ApiAnswer> openapi(const Call& call);

struct Route {
    const char* path;
    Scope scope;
    const char* summary;
    std::vector<Parameter> parameters;
    Result<ApiAnswer> (*answer)(const Call&);
};

const std::vector<Route>& routes() {
    static const Parameter kMinutes{"minutes", "integer",
                                    "only this many last minutes of records; default: all"};
    static const Parameter kOffset{"offset", "integer", "items to skip"};
    static const Parameter kLimit{"limit", "integer", "items to return, 1 to 100; default: 25"};
    static const Parameter kOrder{"order", "string", "id (default), or hashrate: highest first"};
    static const std::vector<Route> all = {
        {"/api/v1/health", Scope::none, "Whether records arrive: ok, stale, or no records", {}, &health},
        {"/api/v1/global",
         Scope::pool,
         "A summary of both sides; null for a side without records",
         {},
         &global},
        {"/api/v1/figures",
         Scope::pool,
         "All figures of a window, as hp-stats show --json prints them",
         {kMinutes, {"names", "integer", "0: without the lists of workers; default: 1"}},
         &figures},
        {"/api/v1/history",
         Scope::pool,
         "One series slot by slot, as hp-stats history --json prints it",
         {{"series", "string", "records of a type; default: share_accepted"},
          {"label", "string", "only this worker, reason or other text; needs the scope workers"},
          {"gauge", "string", "a field of the status records, for a series"},
          {"from_ms", "integer", "begin, ms since 1970; default: a day before the end"},
          {"to_ms", "integer", "end; default: the newest record"},
          {"step", "string", "1m, 5m (default), 1h or 1d"}},
         &history},
        {"/api/v1/workers",
         Scope::workers,
         "Workers, those with the most work first",
         {kMinutes,
          {"of", "string", "series: share_accepted (default) or miner_share_accepted"},
          kOffset,
          kLimit},
         &workers},
        {"/api/v1/clients",
         Scope::workers,
         "Current connections to the pool",
         {kOffset, kLimit, kOrder},
         &list_peers<kClients>},
        {"/api/v1/clients/{id}", Scope::workers, "One connection to the pool", {}, &list_peers<kClients>},
        {"/api/v1/clients/{id}/channels",
         Scope::workers,
         "Its channels",
         {kOffset, kLimit, kOrder},
         &list_channels<kClients>},
        {"/api/v1/sv1/clients",
         Scope::workers,
         "Current miners of the proxy",
         {kOffset, kLimit, kOrder},
         &list_peers<kMiners>},
        {"/api/v1/sv1/clients/{id}", Scope::workers, "One miner of the proxy", {}, &list_peers<kMiners>},
        {"/api/v1/refused",
         Scope::workers,
         "Miners, channels and connections refused in the last hour, latest first",
         {kOffset, kLimit},
         &refused},
        {"/api/v1/server", Scope::pool, "The proxy's connections to the pool", {}, &server},
        {"/api/v1/server/channels",
         Scope::workers,
         "The proxy's channels there",
         {kOffset, kLimit, kOrder},
         &list_channels<kMiners>},
        {"/api/v1/latency", Scope::pool, "Percentiles of each latency", {kMinutes}, &latency},
        {"/metrics", Scope::metrics, "Prometheus text format", {}, &metrics},
        {"/api-docs/openapi.json", Scope::none, "This description", {}, &openapi},
    };
    return all;
}

/// Whether the path matches the pattern, and the value of {id} in it.
bool fits(std::string_view pattern, std::string_view path, std::string_view& id) {
    constexpr std::string_view kId = "{id}";
    id = {};
    const auto at = pattern.find(kId);
    if (at == std::string_view::npos) return path == pattern;
    const auto tail = pattern.substr(at + kId.size());
    if (path.size() <= at + tail.size() || path.substr(0, at) != pattern.substr(0, at) ||
        !path.ends_with(tail))
        return false;
    id = path.substr(at, path.size() - at - tail.size());
    return id.find('/') == std::string_view::npos;
}

Json route_json(const Route& route) {
    Json parameters = Json::array();
    if (std::string_view{route.path}.find("{id}") != std::string_view::npos)
        parameters.push_back({{"name", "id"},
                              {"in", "path"},
                              {"required", true},
                              {"description", "client_id"},
                              {"schema", {{"type", "integer"}}}});
    for (const Parameter& parameter : route.parameters)
        parameters.push_back({{"name", parameter.name},
                              {"in", "query"},
                              {"required", false},
                              {"description", parameter.doc},
                              {"schema", {{"type", parameter.type}}}});
    const char* media = route.answer == &metrics ? "text/plain" : "application/json";
    Json get = {
        {"summary", route.summary},
        {"parameters", parameters},
        {"responses",
         {{"200", {{"description", "the answer"}, {"content", {{media, Json::object()}}}}},
          {"default",
           {{"description", "{\"error\": text}"}, {"content", {{"application/json", Json::object()}}}}}}}};
    if (route.scope != Scope::none) get["security"] = Json::array({{{"token", Json::array()}}});
    return {{"get", get}};
}

Result<ApiAnswer> openapi(const Call&) {
    Json paths = Json::object();
    for (const Route& route : routes()) paths[route.path] = route_json(route);
    const Json out = {
        {"openapi", "3.1.0"},
        {"info", {{"title", "Hashpool statistics"}, {"version", "1"}}},
        {"paths", paths},
        {"components", {{"securitySchemes", {{"token", {{"type", "http"}, {"scheme", "bearer"}}}}}}}};
    return ApiAnswer{200, json_text(out)};
}

}  // namespace

Result<Scope> scope_from_text(std::string_view text) {
    if (text == "metrics") return Scope::metrics;
    if (text == "pool") return Scope::pool;
    if (text == "workers") return Scope::workers;
    return fail(Errc::invalid,
                "scope '" + printable(text, 32) + "' is unknown, allowed: metrics, pool, workers");
}

ApiAnswer api_answer(Reader& reader, const ApiRequest& request, const ApiContext& context) {
    std::string_view id;
    const auto route =
        std::ranges::find_if(routes(), [&](const Route& r) { return fits(r.path, request.path, id); });
    if (route == routes().end())
        return error(404,
                     "there is nothing at " + printable(request.path, 200) + "; see /api-docs/openapi.json");
    if (request.scope < route->scope) return error(401, "a token with a wider scope is needed");
    for (const auto& [name, value] : request.parameters)
        if (std::ranges::none_of(route->parameters,
                                 [&, &wanted = name](const Parameter& p) { return wanted == p.name; }))
            return error(400, "there is no parameter '" + printable(name, 64) + "'");
    const auto answer = route->answer(Call{reader, request, context, id});
    if (answer) return *answer;
    const Error& why = answer.error();
    const int status = why.code == Errc::usage ? 400 : why.code == Errc::refused ? 404 : 500;
    return error(status, why.hint.empty() ? why.what : why.what + "; " + why.hint);
}

}  // namespace hp::stats
