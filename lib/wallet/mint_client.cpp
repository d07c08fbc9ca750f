#include "wallet/mint_client.hpp"

namespace hp::wallet {
namespace {

using Kind = MintFailure::Kind;

MintFailure garbled(std::string what) {
    return {Kind::garbled, cashu::Code::unspecified, {Errc::protocol, "the mint " + std::move(what), {}}};
}

std::string header_of(const net::HttpResponse& response, std::string_view name) {
    for (const auto& [key, value] : response.headers)
        if (std::equal(key.begin(), key.end(), name.begin(), name.end(),
                       [](char a, char b) { return (a | 0x20) == (b | 0x20); }))
            return value;
    return {};
}

MintFailure failure_of(const net::HttpResponse& response) {
    std::string status = std::to_string(response.status);
    if (response.status >= 500 || response.status == 429 || response.status == 408)
        return {Kind::away, cashu::Code::unspecified, {Errc::io, "the mint answered HTTP " + status, {}}};
    if (response.status >= 300 && response.status < 400)
        return garbled("answered HTTP " + status + ", a redirect to '" +
                       printable(header_of(response, "Location")) + "', which is not followed");
    auto said = cashu::error_from_json(response.body);
    if (response.status != 400 || !said) return garbled("answered HTTP " + status + " without a Cashu error");
    return {Kind::refused, said->code, {Errc::refused, text_of(*said), {}}};
}

}  // namespace

std::string text_of(const cashu::CashuError& error) {
    auto number = static_cast<unsigned>(error.code);
    std::string meaning{cashu::text(error.code)};
    if (!error.detail.empty()) meaning = printable(error.detail, 256);
    return "the mint refused: " + meaning + " (" + std::to_string(number) + ")";
}

Result<std::unique_ptr<MintClient>> MintClient::create(net::Loop& loop, const std::string& mint_url,
                                                       std::int64_t request_ms, std::size_t body_bytes_max) {
    net::HttpClient::Options options;
    options.request_ms = request_ms;
    options.body_bytes_max = body_bytes_max;
    HP_TRY(auto http, net::HttpClient::create(loop, mint_url, std::move(options)));
    return std::unique_ptr<MintClient>(new MintClient(std::move(http)));
}

void MintClient::hear(const Result<net::HttpResponse>& answer) const {
    // 5xx come from a proxy in front of a mint that is down.
    if (on_word) on_word(answer && answer->status < 500);
}

void MintClient::probe(std::int64_t limit_ms) {
    http_->request(
        "GET", "/v1/info", {}, [this](const Result<net::HttpResponse>& answer) { hear(answer); }, limit_ms);
}

template <class T>
void MintClient::call(std::string_view method, const std::string& path, const std::string& body,
                      std::function<Result<T>(const std::string&)> parse, OnReply<T> done) {
    http_->request(
        method, path, body,
        [this, path, parse = std::move(parse), done = std::move(done)](Result<net::HttpResponse> answer) {
            hear(answer);
            if (!answer)
                return done(tl::unexpected(
                    MintFailure{Kind::away, cashu::Code::unspecified,
                                Error{answer.error().code, "cannot reach the mint: " + answer.error().what,
                                      answer.error().hint}}));
            if (answer->status != 200) return done(tl::unexpected(failure_of(*answer)));
            auto parsed = parse(answer->body);
            if (!parsed)
                return done(tl::unexpected(garbled("answered " + path + " with an unexpected body: " +
                                                   printable(parsed.error().what, 256))));
            done(*std::move(parsed));
        });
}

void MintClient::info(OnReply<cashu::MintInfoSeen> done) {
    call<cashu::MintInfoSeen>(
        "GET", "/v1/info", {}, [](const std::string& body) { return cashu::mint_info_from_json(body); },
        std::move(done));
}

void MintClient::keysets(OnReply<std::vector<cashu::Keyset>> done) {
    call<std::vector<cashu::Keyset>>(
        "GET", "/v1/keysets", {}, [](const std::string& body) { return cashu::keysets_from_json(body); },
        std::move(done));
}

void MintClient::keys(const cashu::KeysetId& id, OnReply<cashu::Keyset> done) {
    call<cashu::Keyset>(
        "GET", "/v1/keys/" + id.hex(), {},
        [id](const std::string& body) -> Result<cashu::Keyset> {
            HP_TRY(auto keysets, cashu::keysets_with_keys_from_json(body));
            if (keysets.size() != 1 || keysets.front().id != id)
                return fail(Errc::protocol, "expected keyset '" + id.hex() + "' alone");
            return std::move(keysets.front());
        },
        std::move(done));
}

void MintClient::sign(const std::string& path, const std::string& body,
                      OnReply<std::vector<cashu::BlindSignature>> done) {
    call<std::vector<cashu::BlindSignature>>(
        "POST", path, body, [](const std::string& text) { return cashu::signatures_from_json(text); },
        std::move(done));
}

void MintClient::restore(const cashu::RestoreRequest& request, OnReply<cashu::RestoreResponse> done) {
    call<cashu::RestoreResponse>(
        "POST", "/v1/restore", cashu::to_json(request),
        [](const std::string& text) { return cashu::restore_response_from_json(text); }, std::move(done));
}

void MintClient::check_states(const std::vector<cashu::PublicKey33>& ys,
                              OnReply<std::vector<cashu::ProofState>> done) {
    call<std::vector<cashu::ProofState>>(
        "POST", "/v1/checkstate", cashu::to_json(cashu::CheckStateRequest{ys}),
        [ys](const std::string& text) -> Result<std::vector<cashu::ProofState>> {
            HP_TRY(auto states, cashu::states_from_json(text));
            if (states.size() != ys.size())
                return fail(Errc::protocol, std::to_string(states.size()) + " states for " +
                                                std::to_string(ys.size()) + " Ys");
            std::vector<cashu::ProofState> out;
            for (std::size_t i = 0; i < ys.size(); ++i) {
                if (states[i].Y != ys[i])
                    return fail(Errc::protocol, "states[" + std::to_string(i) + "] is for another Y");
                out.push_back(states[i].state);
            }
            return out;
        },
        std::move(done));
}

void MintClient::check_quotes(const std::vector<std::string>& ids, OnReply<std::vector<cashu::Quote>> done) {
    call<std::vector<cashu::Quote>>(
        "POST", "/v1/mint/quote/ehash/check", cashu::to_json(cashu::CheckQuotesRequest{ids}),
        [ids](const std::string& text) -> Result<std::vector<cashu::Quote>> {
            HP_TRY(auto quotes, cashu::quotes_from_json(text));
            if (!std::equal(ids.begin(), ids.end(), quotes.begin(), quotes.end(),
                            [](const std::string& id, const cashu::Quote& quote) { return id == quote.id; }))
                return fail(Errc::protocol, "quotes other than those requested");
            return quotes;
        },
        std::move(done));
}

void MintClient::find_quotes(const cashu::LookupRequest& request, OnReply<cashu::LookupResponse> done) {
    call<cashu::LookupResponse>(
        "POST", "/v1/mint/quote/pubkey", cashu::to_json(request),
        [](const std::string& text) { return cashu::lookup_response_from_json(text); }, std::move(done));
}

}  // namespace hp::wallet
