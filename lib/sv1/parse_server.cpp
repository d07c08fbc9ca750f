#include "sv1/parse_server.hpp"

#include "base/json_text.hpp"
#include "sv1/build.hpp"
#include "sv1/parse.hpp"

namespace hp::sv1 {
namespace {

using json::element;
using Parsed = Result<ServerMessage>;

tl::unexpected<Error> malformed(std::string_view method, std::string_view what) {
    return fail(Errc::protocol, std::string(method) + ": " + std::string(what));
}

std::optional<Bytes> hex_bytes(element value) {
    const auto hex = json::text(value);
    if (!hex) return {};
    auto bytes = from_hex(*hex);
    if (!bytes) return {};
    return *std::move(bytes);
}

Parsed parse_notify(const std::vector<element>& params) {
    constexpr std::string_view method = "mining.notify";
    if (params.size() < 9)
        return malformed(method, "expected 9 params, got " + std::to_string(params.size()));
    Notify notify;
    const auto job_id = json::text(params[0]);
    if (!job_id) return malformed(method, "job_id is not a string");
    notify.job_id = *job_id;
    const auto prev_hash = json::text(params[1]);
    Bytes32 swapped;
    if (!prev_hash || !from_hex_into(*prev_hash, swapped))
        return malformed(method, "prevhash is not 64 hex digits");
    notify.prev_hash = swap_words(swapped);
    auto coinbase1 = hex_bytes(params[2]);
    auto coinbase2 = hex_bytes(params[3]);
    if (!coinbase1 || !coinbase2) return malformed(method, "a coinbase part is not hex");
    notify.coinbase1 = *std::move(coinbase1);
    notify.coinbase2 = *std::move(coinbase2);
    const auto branch = json::list(params[4]);
    if (!branch) return malformed(method, "the merkle branch is not a list");
    for (element node : *branch) {
        const auto hex = json::text(node);
        if (notify.merkle_branch.size() == kMerkleBranchesMax)
            return malformed(method, "more than " + std::to_string(kMerkleBranchesMax) + " merkle branches");
        if (!hex || !from_hex_into(*hex, notify.merkle_branch.emplace_back()))
            return malformed(method, "a merkle branch is not 64 hex digits");
    }
    const auto version = json::hex_u32(params[5]);
    const auto nbits = json::hex_u32(params[6]);
    const auto ntime = json::hex_u32(params[7]);
    const auto clean_jobs = json::truth(params[8]);
    if (!version || !nbits || !ntime) return malformed(method, "version, nbits or ntime is not 8 hex digits");
    if (!clean_jobs) return malformed(method, "clean_jobs is not true or false");
    notify.version = *version;
    notify.nbits = *nbits;
    notify.ntime = *ntime;
    notify.clean_jobs = *clean_jobs;
    return notify;
}

std::optional<SetExtranonce> read_extranonce(element extranonce1, element extranonce2_size) {
    auto bytes = hex_bytes(extranonce1);
    const auto size = json::unsigned_number(extranonce2_size);
    if (!bytes || bytes->size() > 255 || !size || *size > 32) return {};
    return SetExtranonce{*std::move(bytes), static_cast<std::uint8_t>(*size)};
}

Parsed parse_request(std::string_view method, const std::vector<element>& params, std::string id) {
    if (method == "mining.notify") return parse_notify(params);
    if (method == "mining.set_difficulty") {
        const auto difficulty = params.empty() ? std::nullopt : json::positive_number(params[0]);
        if (!difficulty) return malformed(method, "the difficulty is not a positive number");
        return SetDifficulty{*difficulty};
    }
    if (method == "mining.set_extranonce") {
        auto extranonce = params.size() < 2 ? std::nullopt : read_extranonce(params[0], params[1]);
        if (!extranonce) return malformed(method, "expected extranonce1 as hex and a size from 0 to 32");
        return *std::move(extranonce);
    }
    if (method == "mining.set_version_mask") {
        const auto mask = params.empty() ? std::nullopt : json::hex_u32(params[0], 1);
        if (!mask) return malformed(method, "the mask is not up to 8 hex digits");
        return SetVersionMask{*mask};
    }
    if (method == "client.show_message") {
        const auto text = params.empty() ? std::nullopt : json::text(params[0]);
        if (!text) return malformed(method, "the message is not a string");
        return ShowMessage{std::string(*text)};
    }
    if (method == "client.reconnect") {
        Reconnect reconnect;
        if (params.size() >= 2) {
            reconnect.host = json::text(params[0]).value_or(std::string_view());
            const auto port = json::unsigned_number(params[1]);
            if (port && *port <= 65535) reconnect.port = static_cast<std::uint16_t>(*port);
        }
        return reconnect;
    }
    return ServerRequest{std::move(id), std::string(method)};
}

/// An error is `[code, text, ...]`, `{"code":, "message":}` or just a text, depending on the server.
void read_error(element error, ServerAnswer& answer) {
    std::optional<element> code, text;
    if (const auto list = json::list(error)) {
        std::size_t index = 0;
        for (element item : *list) {
            if (index == 0) code = item;
            if (index == 1) text = item;
            ++index;
        }
    } else if (const auto object = json::members(error)) {
        for (auto [key, value] : *object) {
            if (key == "code") code = value;
            if (key == "message") text = value;
        }
    } else {
        text = error;
    }
    std::int64_t number{};
    if (code && code->get(number) == simdjson::SUCCESS && number >= -1'000'000 && number <= 1'000'000)
        answer.error_code = static_cast<int>(number);
    answer.error_text = text ? json::text(*text).value_or("error without a text") : "error without a text";
}

void read_result(element result, ServerAnswer& answer) {
    if (result.is_null()) return;
    if (const auto yes = json::truth(result)) {
        answer.ok = *yes;
        return;
    }
    answer.ok = true;
    if (const auto list = json::list(result)) {
        std::vector<element> items(list->begin(), list->end());
        if (items.size() >= 3) answer.subscribed = read_extranonce(items[1], items[2]);
    } else if (const auto object = json::members(result)) {
        element rolling, mask;
        if (object->at_key("version-rolling").get(rolling) == simdjson::SUCCESS &&
            json::truth(rolling).value_or(false) &&
            object->at_key("version-rolling.mask").get(mask) == simdjson::SUCCESS)
            answer.version_mask = json::hex_u32(mask, 1);
    }
}

}  // namespace

bool read_id(element value, std::string_view line, std::string& out) {
    switch (value.type()) {
        case json::element_type::NULL_VALUE:
            out = "null";
            return true;
        case json::element_type::INT64:
            out = std::to_string(std::int64_t{value});
            return true;
        case json::element_type::UINT64:
            out = std::to_string(std::uint64_t{value});
            return true;
        case json::element_type::STRING: {
            const std::string_view text{value};
            if (text.size() > kIdBytesMax) return false;
            append_json_string(out, text);
            return true;
        }
        case json::element_type::DOUBLE:
            out = raw_number_id(line);
            return !out.empty() && out.size() <= kIdBytesMax;
        default:
            return false;
    }
}

Result<ServerMessage> parse_server(json::object members, std::string_view line) {
    std::optional<element> id, method_member, params_member, result, error;
    for (auto [key, value] : members) {
        auto* slot = key == "id"       ? &id
                     : key == "method" ? &method_member
                     : key == "params" ? &params_member
                     : key == "result" ? &result
                     : key == "error"  ? &error
                                       : nullptr;
        if (slot == nullptr) continue;
        if (slot->has_value()) return fail(Errc::protocol, "member '" + std::string(key) + "' appears twice");
        *slot = value;
    }
    if (method_member && !method_member->is_null()) {
        const auto method = json::text(*method_member);
        if (!method) return fail(Errc::protocol, "method is not a string");
        std::vector<element> params;
        if (params_member && !params_member->is_null()) {
            const auto list = json::list(*params_member);
            if (!list) return malformed(printable(*method, 64), "params is not a list");
            params.assign(list->begin(), list->end());
        }
        // A notification's id does not matter.
        std::string raw_id;
        if (!id || !read_id(*id, line, raw_id)) raw_id = "null";
        return parse_request(*method, params, std::move(raw_id));
    }
    if (!result && !error) return fail(Errc::protocol, "neither a request nor an answer");
    ServerAnswer answer;
    if (id) answer.id = json::unsigned_number(*id);
    if (error && !error->is_null()) {
        read_error(*error, answer);
    } else if (result) {
        read_result(*result, answer);
        if (!answer.ok) answer.error_text = "refused";
    }
    return answer;
}

}  // namespace hp::sv1
