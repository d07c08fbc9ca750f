#include "sv1/parse.hpp"

#include "sv1/build.hpp"
#include "sv1/configure.hpp"
#include "sv1/json.hpp"
#include "sv1/parse_server.hpp"

namespace hp::sv1 {
namespace {

using json::element;

/// Positional parameters, at most as many as any of our methods has; further ones are only counted.
struct Params {
    static constexpr std::size_t kKept = 6;
    element items[kKept];
    std::size_t count{0};

    Params() = default;
    explicit Params(json::array list) {
        for (element item : list) {
            if (count < kKept) items[count] = item;
            ++count;
        }
    }
};

using Body = decltype(ClientMessage::body);
using ParsedBody = tl::expected<Body, std::string>;

tl::unexpected<std::string> wrong(std::string_view method, std::string_view what) {
    return tl::unexpected(std::string(method) + ": " + std::string(what));
}

/// Optional text at `index`; empty if there is none or the miner sent another type.
std::string_view optional_text(const Params& params, std::size_t index) {
    if (index >= params.count) return {};
    return json::text(params.items[index]).value_or(std::string_view());
}

ParsedBody parse_submit(const Params& params) {
    constexpr std::string_view method = "mining.submit";
    if (params.count < 5) return wrong(method, "expected 5 or 6 params, got " + std::to_string(params.count));
    Submit submit;
    const auto worker = json::text(params.items[0]);
    const auto job_id = json::text(params.items[1]);
    const auto extranonce2 = json::text(params.items[2]);
    if (!worker) return wrong(method, "worker is not a string");
    if (!job_id) return wrong(method, "job_id is not a string");
    if (!extranonce2) return wrong(method, "extranonce2 is not a string");
    submit.worker = *worker;
    submit.job_id = *job_id;
    if (extranonce2->size() > 64 || extranonce2->size() % 2 != 0)
        return wrong(method, "extranonce2 is not whole bytes of hex, at most 32");
    submit.extranonce2.size = static_cast<std::uint8_t>(extranonce2->size() / 2);
    if (!from_hex_into(*extranonce2, std::span(submit.extranonce2.bytes).first(submit.extranonce2.size)))
        return wrong(method, "extranonce2 is not hex");
    const auto ntime = json::hex_u32(params.items[3]);
    const auto nonce = json::hex_u32(params.items[4]);
    if (!ntime) return wrong(method, "ntime is not 8 hex digits");
    if (!nonce) return wrong(method, "nonce is not 8 hex digits");
    submit.ntime = *ntime;
    submit.nonce = *nonce;
    // null and "" mean none; further parameters are ignored.
    if (params.count >= 6 && !params.items[5].is_null() && json::text(params.items[5]) != "") {
        submit.version_bits = json::hex_u32(params.items[5]);
        submit.version_bits_malformed = !submit.version_bits;
    }
    return submit;
}

ParsedBody parse_subscribe(const Params& params) {
    return Subscribe{optional_text(params, 0), optional_text(params, 1)};
}

ParsedBody parse_authorize(const Params& params) {
    if (params.count < 1) return wrong("mining.authorize", "the user is missing");
    const auto user = json::text(params.items[0]);
    if (!user) return wrong("mining.authorize", "the user is not a string");
    return Authorize{*user, optional_text(params, 1)};
}

ParsedBody parse_suggest_target(const Params& params) {
    const auto hex = params.count > 0 ? json::text(params.items[0]) : std::nullopt;
    SuggestTarget suggest;
    if (!hex || !from_hex_into(*hex, suggest.target))
        return wrong("mining.suggest_target", "the target is not 64 hex digits");
    std::reverse(suggest.target.begin(), suggest.target.end());
    return suggest;
}

ParsedBody parse_configure_params(const Params& params) {
    const auto extensions = params.count > 0 ? json::list(params.items[0]) : std::nullopt;
    if (!extensions) return wrong("mining.configure", "expected a list of extensions");
    return read_configure(*extensions, params.count > 1 ? json::members(params.items[1]) : std::nullopt);
}

/// Methods that need parameters; those of others may have any type.
bool needs_params(std::string_view method) {
    return method == "mining.submit" || method == "mining.configure" || method == "mining.authorize" ||
           method == "mining.suggest_difficulty" || method == "mining.suggest_target";
}

ParsedBody parse_body(std::string_view method, const Params& params) {
    if (method == "mining.submit") return parse_submit(params);
    if (method == "mining.configure") return parse_configure_params(params);
    if (method == "mining.subscribe") return parse_subscribe(params);
    if (method == "mining.authorize") return parse_authorize(params);
    if (method == "mining.suggest_difficulty") {
        const auto difficulty = params.count > 0 ? json::positive_number(params.items[0]) : std::nullopt;
        if (!difficulty) return wrong(method, "the difficulty is not a positive number");
        return SuggestDifficulty{*difficulty};
    }
    if (method == "mining.suggest_target") return parse_suggest_target(params);
    if (method == "mining.extranonce.subscribe") return ExtranonceSubscribe{};
    if (method == "mining.multi_version") return MultiVersion{};
    if (method == "pong") return Pong{};
    return UnknownMethod{method};
}

}  // namespace

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r\n") == std::string_view::npos; }

struct Parser::Impl {
    json::Document document{kLineBytesMax, kDepthMax};
    std::string id;  // of the line being parsed, as raw JSON
};

Parser::Parser() : impl_{std::make_unique<Impl>()} {}
Parser::~Parser() = default;
Parser::Parser(Parser&&) noexcept = default;
Parser& Parser::operator=(Parser&&) noexcept = default;

tl::expected<ClientMessage, BadLine> Parser::from_client(std::string_view line) {
    std::string& id = impl_->id;
    id = "null";
    // Until the id is known an error is sent with null: never with an id that the miner did not send.
    const auto bad = [&](ErrorCode code, std::string text) {
        return tl::unexpected(BadLine{id, code, std::move(text)});
    };
    auto members = impl_->document.read(line);
    if (!members) return bad(ErrorCode::parse, std::move(members).error());

    std::optional<element> id_member, method_member, params_member, result_member, error_member;
    for (auto [key, value] : *members) {
        auto* slot = key == "id"       ? &id_member
                     : key == "method" ? &method_member
                     : key == "params" ? &params_member
                     : key == "result" ? &result_member
                     : key == "error"  ? &error_member
                                       : nullptr;
        if (slot == nullptr) continue;
        if (slot->has_value())
            return bad(ErrorCode::parse, "member '" + std::string(key) + "' appears twice");
        *slot = value;
    }

    if (!id_member) return bad(ErrorCode::other, "id is missing");
    std::string raw_id;
    if (!read_id(*id_member, line, raw_id))
        return bad(ErrorCode::other, "id is not null, a number, or a string, of at most " +
                                         std::to_string(kIdBytesMax) + " bytes");
    id = std::move(raw_id);

    if (!method_member && (result_member || error_member)) {
        ClientAnswer answer;
        answer.is_error = error_member && !error_member->is_null();
        if (result_member) answer.text = json::text(*result_member).value_or(std::string_view());
        return ClientMessage{id, answer};
    }
    const auto method = method_member ? json::text(*method_member) : std::nullopt;
    if (!method) return bad(ErrorCode::other, "method is not a string");
    Params params;
    if (params_member && !params_member->is_null()) {
        const auto list = json::list(*params_member);
        if (!list && needs_params(*method))
            return bad(ErrorCode::other, printable(*method, 64) + ": params is not a list");
        if (list) params = Params(*list);
    }
    auto body = parse_body(*method, params);
    if (!body) return bad(ErrorCode::other, std::move(body).error());
    return ClientMessage{id, *std::move(body)};
}

Result<ServerMessage> Parser::from_server(std::string_view line) {
    auto members = impl_->document.read(line);
    if (!members) return fail(Errc::protocol, std::move(members).error());
    return parse_server(*members, line);
}

}  // namespace hp::sv1
