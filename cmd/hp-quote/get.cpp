// hp-quote get: the current state of a quote at the mint.
#include <cstdio>

#include "cashu/nut04.hpp"
#include "config/load.hpp"
#include "ehash/quote_request.hpp"
#include "net/http.hpp"
#include "places.hpp"

namespace hp::hp_quote {
namespace {

struct GetOptions {
    std::string id;
    std::string mint_url;
    std::string config_dir;
    bool json{false};
};

constexpr std::size_t kAnswerSizeMax = 64 * 1024;

const char* state_text(const cashu::Quote& quote) {
    if (quote.held_since) return "HELD";
    switch (cashu::state_of(quote)) {
        case cashu::QuoteState::unpaid:
            return "UNPAID";
        case cashu::QuoteState::paid:
            return "PAID";
        case cashu::QuoteState::issued:
            return "ISSUED";
    }
    return "";
}

void print(const cashu::Quote& quote) {
    std::printf("quote %s\nstate %s\namount %llu\nissued %llu\nunit %s\nshare_hash %s\n",
                printable(quote.id).c_str(), state_text(quote), static_cast<unsigned long long>(quote.amount),
                static_cast<unsigned long long>(quote.amount_issued), printable(quote.unit).c_str(),
                printable(quote.request).c_str());
    if (quote.pubkey) std::printf("pubkey %s\n", to_hex(*quote.pubkey).c_str());
}

Result<> run_get(const GetOptions& options) {
    if (!ehash::is_uuid(options.id))
        return fail(Errc::usage, "'" + printable(options.id, 80) + "' is not a quote id",
                    "8-4-4-4-12 lower-case hex digits");
    HP_TRY(const auto mint_url, mint_url_of(options.mint_url, options.config_dir));
    net::Loop loop;
    HP_TRY(auto client, net::HttpClient::create(loop, mint_url, {.body_bytes_max = kAnswerSizeMax}));
    const auto response = client->request_and_wait(loop, "GET", "/v1/mint/quote/ehash/" + options.id, "");
    if (!response)
        return fail(response.error().code, mint_url + ": " + response.error().what,
                    response.error().hint.empty() ? "--mint URL asks another mint" : response.error().hint);
    if (response->status != 200) {
        const auto error = cashu::error_from_json(response->body);
        return fail(Errc::refused, "the mint at " + mint_url + " answers " +
                                       std::to_string(response->status) +
                                       (error ? ": " + printable(error->detail, 200) + " (code " +
                                                    std::to_string(static_cast<unsigned>(error->code)) + ")"
                                              : std::string()));
    }
    auto quote = cashu::quote_from_json(response->body);
    if (!quote)
        return fail(Errc::protocol, "the answer from " + mint_url + " is not a quote: " + quote.error().what,
                    "is this the mint's Cashu API?");
    if (options.json)
        std::printf("%s\n", cashu::to_json(*quote).c_str());
    else
        print(*quote);
    return {};
}

}  // namespace

cli::Verb get() {
    return {
        .name = "get",
        .summary = "ask the mint for a quote",
        .examples = {"hp-quote get 01890a5d-ac96-774b-bcce-b302099a8057 --mint http://127.0.0.1:3338"},
        .declare = [](cli::Options& add) -> cli::Action {
            auto options = std::make_shared<GetOptions>();
            add.text("ID", options->id, "quote id").required();
            add.text("--mint", options->mint_url, "the mint's Cashu API [http://127.0.0.1:3338]")
                .value_name("URL");
            add_config_dir(add, options->config_dir, "take the mint's address from shared/proxy.toml there");
            add.json(options->json, "print the quote object");
            return [options] { return run_get(*options); };
        },
    };
}

}  // namespace hp::hp_quote
