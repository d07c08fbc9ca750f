#include "stats/refusals.hpp"

#include <algorithm>

#include "records/pool.hpp"
#include "records/proxy.hpp"
#include "stats/fields.hpp"
#include "stats/text.hpp"

namespace hp::stats {
namespace {

using records::name_of, records::ChannelRefused;

std::string text_at(const simdjson::dom::element& record, std::string_view field) {
    std::string_view text;
    return record[field].get(text) == simdjson::SUCCESS ? whole_characters(std::string(text), kRefusedTextMax)
                                                        : std::string{};
}

/// "192.0.2.1:5000" and "[::1]:5000" without the port, which differs at each attempt.
std::string host_of(std::string address) {
    const auto colon = address.rfind(':');
    if (colon != std::string::npos && address.find_first_not_of("0123456789", colon + 1) == std::string::npos)
        address.resize(colon);
    return address;
}

}  // namespace

void Refusals::add(const std::string& type, const std::string& source, UnixMs ts_ms,
                   const simdjson::dom::element& record) {
    if (!type.ends_with("_refused")) return;
    RefusedKey key{.source = source,
                   .type = type,
                   .who = host_of(text_at(record, name_of<&ChannelRefused::peer>())),
                   .worker = text_at(record, name_of<&ChannelRefused::worker>()),
                   .reason = text_at(record, name_of<&ChannelRefused::reason>())};
    if (key.reason.empty()) return;
    if (key.who.empty()) key.who = text_at(record, name_of<&records::UpstreamRefused::pool>());
    if (all_.size() >= static_cast<std::size_t>(kRefusedMax) && !all_.contains(key)) return;
    Refused& refused = all_[std::move(key)];
    if (refused.count++ == 0) refused.first_ms = ts_ms;
    refused.first_ms = std::min(refused.first_ms, ts_ms);
    refused.last_ms = std::max(refused.last_ms, ts_ms);
}

}  // namespace hp::stats
