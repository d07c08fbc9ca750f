#include "web/page_json.hpp"

#include <algorithm>

namespace hp::web {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kDepthMax = 16;
constexpr std::int64_t kExactMax = (std::int64_t{1} << 53) - 1;

void make_exact(Json& value) {
    if (value.is_structured()) {
        for (auto& member : value) make_exact(member);
    } else if (value.is_number_unsigned()) {
        if (const auto number = value.get<std::uint64_t>(); number > kExactMax)
            value = std::to_string(number);
    } else if (value.is_number_integer()) {
        if (const auto number = value.get<std::int64_t>(); number < -kExactMax)
            value = std::to_string(number);
    }
}

}  // namespace

std::string page_text(Json value) {
    make_exact(value);
    return value.dump(-1, ' ', true, Json::error_handler_t::replace);
}

Result<std::string> page_object(const net::HttpResponse& response) {
    if (response.status == 401)
        return fail(
            Errc::io,
            "answers with HTTP 401: it requires a token of scope pool or workers (hp-web --token-file)");
    if (response.status != 200) return fail(Errc::io, "answers with HTTP " + std::to_string(response.status));
    // Limit the depth before anything recurses.
    int depth = 0;
    auto json = Json::parse(
        response.body,
        [&](int at, Json::parse_event_t, Json&) {
            depth = std::max(depth, at);
            return at <= kDepthMax;
        },
        false);
    if (depth > kDepthMax || !json.is_object())
        return fail(Errc::io, "answers with something other than a JSON object");
    return page_text(std::move(json));
}

}  // namespace hp::web
