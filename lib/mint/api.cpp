#include "mint/api.hpp"

#include "base/crash_point.hpp"
#include "cashu/nut07.hpp"
#include "cashu/nut09.hpp"
#include "cashu/quote_lookup.hpp"
#include "config/limits.hpp"
#include "crypto/sha256.hpp"
#include "log/log.hpp"

namespace hp::mint {
namespace {

using cashu::CashuError;
using cashu::Code;
using net::HttpRequest;
using net::HttpResponse;

/// Requests waiting for the database; beyond this wallets are told to try again.
constexpr std::size_t kBacklogMax = 2000;

HttpResponse ok(std::string body) { return {200, std::move(body)}; }

HttpResponse refused(const CashuError& error) { return {400, cashu::to_json(error)}; }

/// 5xx, so that wallets try the same request again.
HttpResponse storage_failed(const Error& error) {
    static log::Limited complain{log::Level::error};
    complain("database: {}", error.what);
    return {503, R"({"detail":"the mint's storage failed, try again","code":50000})"};
}

HttpResponse signing_paused() {
    return {
        503,
        R"({"detail":"the mint does not sign until its operator has checked it, try again later","code":50000})",
        "application/json",
        {{"Retry-After", "30"}}};
}

HttpResponse not_found() { return {404, R"({"detail":"no such route","code":50000})"}; }

Bytes32 digest_of(const HttpRequest& request) {
    const std::uint8_t zero = 0;
    return crypto::sha256({as_bytes(request.path), ByteView{&zero, 1}, as_bytes(request.body)});
}

/// The rest of `path` after `prefix`, or nothing.
std::optional<std::string> after(const std::string& path, std::string_view prefix) {
    if (!path.starts_with(prefix)) return {};
    return path.substr(prefix.size());
}

}  // namespace

Result<std::unique_ptr<Api>> Api::listen(net::Loop& loop, Mint& mint, const net::Endpoint& endpoint) {
    std::unique_ptr<Api> api{new Api(mint)};
    const auto& port = config::kMintPort;
    const net::HttpLimits limits{.connections_max = port.connections,
                                 .strangers_max = port.strangers,
                                 .strangers_per_address_max = port.strangers_per_address};
    HP_TRY(api->server_, net::HttpServer::listen(loop, endpoint, limits, true,
                                                 [raw = api.get()](const HttpRequest& request, Reply reply) {
                                                     raw->handle(request, std::move(reply));
                                                 }));
    return api;
}

void Api::handle(const HttpRequest& request, Reply reply) {
    // Every refusal is counted by route and status; only the body tells the wallet why.
    auto counted = [this, path = request.path, reply = std::move(reply)](HttpResponse response) {
        if (response.status >= 400) mint_.events().request_refused(path, response.status, response.body);
        reply(std::move(response));
    };
    dispatch(request, std::move(counted));
}

void Api::dispatch(const HttpRequest& request, Reply reply) {
    if (mint_.backlog() > kBacklogMax)
        return reply({429,
                      R"({"detail":"busy, try again","code":50000})",
                      "application/json",
                      {{"Retry-After", "1"}}});
    if (request.method == "GET" || request.method == "HEAD") {
        if (!handle_get(request, reply)) reply(not_found());
    } else if (request.method == "POST") {
        if (!handle_post(request, reply)) reply(not_found());
    } else {
        reply({405,
               R"({"detail":"method not allowed","code":50000})",
               "application/json",
               {{"Allow", "GET, HEAD, POST, OPTIONS"}}});
    }
}

bool Api::handle_get(const HttpRequest& request, const Reply& reply) {
    const auto& path = request.path;
    if (path == "/v1/info") return reply(ok(cashu::to_json(mint_.info(), unix_ms_now() / 1000))), true;
    if (path == "/v1/keys") return reply(ok(cashu::keys_json(mint_.keysets().all_active()))), true;
    if (path == "/v1/keysets") return reply(ok(cashu::keysets_json(mint_.keysets().all()))), true;
    if (auto id_text = after(path, "/v1/keys/")) {
        auto id = cashu::KeysetId::from_hex(*id_text);
        const auto* keyset = id ? mint_.keysets().find(*id) : nullptr;
        if (!keyset) return reply(refused({Code::keyset_unknown, "keyset unknown"})), true;
        const cashu::Keyset* one[] = {&keyset->keyset};
        return reply(ok(cashu::keys_json(one))), true;
    }
    if (auto id = after(path, "/v1/mint/quote/ehash/")) return get_quote(*id, reply), true;
    return false;
}

bool Api::handle_post(const HttpRequest& request, const Reply& reply) {
    const auto& path = request.path;
    if (path == "/v1/swap") return swap(request, reply), true;
    if (path == "/v1/checkstate") return check_state(request.body, reply), true;
    if (path == "/v1/restore") return restore(request.body, reply), true;
    if (path == "/v1/mint/ehash") return mint_quote(request, reply), true;
    if (path == "/v1/mint/ehash/batch") return mint_batch(request, reply), true;
    if (path == "/v1/mint/quote/ehash/check") return check_quotes(request.body, reply), true;
    if (path == "/v1/mint/quote/pubkey" || path == "/v1/mint/quote/ehash/pubkey")
        return lookup(request.body, reply), true;
    // Only shares create quotes, and only through the pool's link.
    if (path == "/v1/mint/quote/ehash")
        return reply(refused({Code::disabled, "quotes of method ehash are created only by shares"})), true;
    if (path.starts_with("/v1/melt/")) return reply(refused({Code::disabled, "melting is disabled"})), true;
    if (path.starts_with("/v1/mint/"))
        return reply(refused({Code::unspecified, "this mint only serves the method ehash"})), true;
    return false;
}

void Api::answer(std::function<Answer<std::string>(Ledger&)> work, Reply reply) {
    mint_.transact<Answer<std::string>>(std::move(work),
                                        [reply = std::move(reply)](Result<Answer<std::string>> result) {
                                            if (!result) return reply(storage_failed(result.error()));
                                            if (!*result) return reply(refused(result->error()));
                                            reply(ok(std::move(**result)));
                                        });
}

void Api::get_quote(const std::string& id, Reply reply) {
    answer(
        [id](Ledger& ledger) -> Answer<std::string> {
            auto quote = ledger.find_quote(id);
            if (!quote) return tl::unexpected(cashu::unknown_quote(id));
            return cashu::to_json(*quote);
        },
        std::move(reply));
}

void Api::check_quotes(const std::string& body, Reply reply) {
    auto request = cashu::check_quotes_request_from_json(body, mint_.policy().batch_size_max);
    if (!request) return reply(refused(request.error()));
    answer(
        [ids = std::move(request->quotes)](Ledger& ledger) -> Answer<std::string> {
            std::vector<cashu::Quote> quotes;
            for (const auto& id : ids) {
                auto quote = ledger.find_quote(id);
                if (!quote) return tl::unexpected(cashu::unknown_quote(id));
                quotes.push_back(std::move(*quote));
            }
            return cashu::quotes_json(quotes);
        },
        std::move(reply));
}

void Api::lookup(const std::string& body, Reply reply) {
    auto request = cashu::lookup_request_from_json(body);
    if (!request) return reply(refused(request.error()));
    if (auto checked = cashu::check_lookup(*request, mint_.info().pubkey, unix_ms_now() / 1000); !checked)
        return reply(refused(checked.error()));
    answer(
        [request = std::move(*request)](Ledger& ledger) -> Answer<std::string> {
            // One more than fits an answer, to see whether there are more.
            const std::size_t limit = cashu::kLookupQuotesMax + 1;
            const auto which = request.only_mintable ? Ledger::Which::mintable
                               : request.only_held   ? Ledger::Which::held
                                                     : Ledger::Which::all;
            std::vector<cashu::Quote> quotes;
            for (const auto& key : request.pubkeys) {
                auto found = ledger.find_quotes_by_key(key, which, limit - quotes.size());
                quotes.insert(quotes.end(), std::make_move_iterator(found.begin()),
                              std::make_move_iterator(found.end()));
                if (quotes.size() >= limit) break;
            }
            return cashu::lookup_response_json(quotes);
        },
        std::move(reply));
}

void Api::sign(std::function<Answer<Signed>(Ledger&)> work, Kind kind, Reply reply) {
    if (!mint_.signing_paused_because().empty()) return reply(signing_paused());
    mint_.transact<Answer<Signed>>(
        std::move(work), [this, kind, reply = std::move(reply)](Result<Answer<Signed>> result) {
            if (!result) return reply(storage_failed(result.error()));
            if (!*result) return reply(refused(result->error()));
            if (kind == Kind::mint) {
                HP_CRASH_POINT("S6");
                HP_CRASH_IN_WRITE("S7");
            } else {
                HP_CRASH_POINT("W5");
            }
            const Signed& made = **result;
            if (!made.is_replay) {
                const auto amount = *cashu::sum_amounts(made.signatures);
                if (kind == Kind::mint)
                    mint_.events().tell(records::EhashIssued{amount, made.signatures.size()});
                else
                    mint_.events().tell(records::EhashSwapped{amount, made.signatures.size()});
            }
            reply(ok(cashu::signatures_json(made.signatures)));
        });
}

void Api::mint_quote(const HttpRequest& request, Reply reply) {
    auto parsed = cashu::mint_request_from_json(request.body);
    if (!parsed) return reply(refused(parsed.error()));
    HP_CRASH_POINT("S1");
    sign(
        [this, digest = digest_of(request), parsed = std::move(*parsed)](Ledger& ledger) {
            return ledger.mint(digest, parsed, mint_.keysets(), mint_.policy(), unix_ms_now());
        },
        Kind::mint, std::move(reply));
}

void Api::mint_batch(const HttpRequest& request, Reply reply) {
    auto parsed = cashu::batch_mint_request_from_json(request.body);
    if (!parsed) return reply(refused(parsed.error()));
    HP_CRASH_POINT("S1");
    sign(
        [this, digest = digest_of(request), parsed = std::move(*parsed)](Ledger& ledger) {
            return ledger.mint_batch(digest, parsed, mint_.keysets(), mint_.policy(), unix_ms_now());
        },
        Kind::mint, std::move(reply));
}

void Api::swap(const HttpRequest& request, Reply reply) {
    auto parsed = cashu::swap_request_from_json(request.body);
    if (!parsed) return reply(refused(parsed.error()));
    HP_CRASH_POINT("S1");
    auto digest = digest_of(request);
    // A repeated request gets its first answer even if the checks would now fail (an inactive keyset).
    // Otherwise proofs are verified here, off the writer's thread: that needs no database and is the
    // expensive part.
    auto checked = cashu::check_swap(*parsed, mint_.keysets(), unix_ms_now() / 1000);
    sign(
        [this, digest, parsed = std::move(*parsed),
         checked = std::move(checked)](Ledger& ledger) -> Answer<Signed> {
            if (!checked) {
                if (auto before = ledger.answered(digest)) return Signed{std::move(*before), true};
                return tl::unexpected(checked.error());
            }
            return ledger.swap(digest, parsed, *checked, mint_.keysets(), unix_ms_now());
        },
        Kind::swap, std::move(reply));
}

void Api::check_state(const std::string& body, Reply reply) {
    auto request = cashu::check_state_request_from_json(body);
    if (!request) return reply(refused(request.error()));
    answer([ys = std::move(request->Ys)](
               Ledger& ledger) -> Answer<std::string> { return cashu::states_json(ledger.states(ys)); },
           std::move(reply));
}

void Api::restore(const std::string& body, Reply reply) {
    auto request = cashu::restore_request_from_json(body);
    if (!request) return reply(refused(request.error()));
    answer([request = std::move(*request)](
               Ledger& ledger) -> Answer<std::string> { return cashu::to_json(ledger.restore(request)); },
           std::move(reply));
}

}  // namespace hp::mint
