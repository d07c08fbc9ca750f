// A mint in memory, from the real checks of lib/cashu, that can misbehave: lose answers, forget that it has
// answered, rotate, refuse. It serves on the same loop as the wallet.
#pragma once
#include <doctest/doctest.h>

#include <deque>
#include <map>
#include <set>

#include "cashu/deciders.hpp"
#include "cashu/nut06.hpp"
#include "cashu/nut09.hpp"
#include "cashu/nut29.hpp"
#include "cashu/quote_lookup.hpp"
#include "net/http.hpp"

namespace hp::wallet::test {

using cashu::Answer;
using cashu::Code;

class FakeMint {
  public:
    enum class Next {
        serve,
        lose,    ///< do it, and then fail to answer
        away,    ///< 503, nothing done
        hold,    ///< do it, and say nothing for ever
        ignore,  ///< say nothing for ever, nothing done
        garble,  ///< 200 with something else
        spoil,   ///< sign, but with a DLEQ that does not verify
    };

    explicit FakeMint(net::Loop& loop, std::uint64_t input_fee_ppk = 0, std::uint8_t seed = 0x5a)
        : seed_(32, seed), fee_ppk_{input_fee_ppk} {
        add_keyset();
        auto server = net::HttpServer::listen(loop, {"127.0.0.1", 0}, {}, false,
                                              [this](const auto& request, auto reply) {
                                                  auto response = serve(request);
                                                  if (response.status != 0) return reply(response);
                                                  held_.push_back(reply);
                                              });
        REQUIRE(server.has_value());
        server_ = *std::move(server);
    }

    std::string url() const { return "http://" + server_->bound().text(); }
    void rotate() {
        keysets.set_active(active, false);
        add_keyset();
    }
    void add_quote(const std::string& id, std::uint64_t amount, const cashu::PublicKey33& key) {
        cashu::Quote quote;
        quote.id = id;
        quote.method = "ehash";
        quote.unit = "hash";
        quote.amount = quote.amount_paid = amount;
        quote.pubkey = key;
        quotes[id] = quote;
    }
    /// A proof that this mint really signed, of somebody else's money.
    cashu::Proof proof(std::uint64_t amount, const std::string& secret) const {
        const auto* keyset = keysets.find(active);
        const auto* key = keyset->key_for(amount);
        auto r = cashu::SecretKey::generate();
        auto B_ = cashu::blind(secret, r);
        auto C_ = cashu::sign_blinded(*key, *B_);
        return {amount, active, secret, *cashu::unblind(*C_, r, keyset->keyset.keys.at(amount))};
    }
    std::uint64_t issued() const {
        std::uint64_t sum = 0;
        for (const auto& [id, quote] : quotes) sum += quote.amount_issued;
        return sum;
    }
    /// Requests that a path has got.
    std::size_t count(const std::string& path) const {
        return static_cast<std::size_t>(
            std::count_if(seen.begin(), seen.end(), [&](const auto& one) { return one.first == path; }));
    }

    cashu::MintKeysets keysets;
    cashu::KeysetId active;
    std::map<std::string, cashu::Quote> quotes;
    std::map<cashu::PublicKey33, cashu::BlindSignature> signed_outputs;
    std::map<cashu::PublicKey33, bool> spent;
    bool replays{true};  ///< the same request is answered as before
    /// Whether what is signed for a request (its body; for a restore "") gets a DLEQ that does not verify.
    std::function<bool(const std::string& body)> lies;
    bool denies{false};             ///< restores nothing, and calls every quote open
    std::set<std::string> refused;  ///< bodies of signing requests
    std::size_t batch_max{100};
    std::deque<Next> next;                                  ///< for the next POSTs that sign
    std::vector<std::string> urls;                          ///< that it tells of itself
    std::size_t infos{0};                                   ///< how often it was asked for its info
    bool knows_held{true};                                  ///< and not all quotes, when asked for the held
    bool has_other_keys{false};                             ///< shows other keys under the ids of its keysets
    bool is_down{false};                                    ///< something in front of it answers 502
    std::string redirect;                                   ///< where every request is sent, when not empty
    std::vector<std::pair<std::string, std::string>> seen;  ///< path and body of the POSTs that sign

  private:
    static inline const cashu::PublicKey33 kMintKey =
        cashu::SecretKey::from_bytes(Bytes32{1, 2, 3})->public_key();

    void add_keyset() {
        auto made = cashu::derive_keyset(seed_, "hash", index_++, fee_ppk_, {}, 40);
        REQUIRE(made.has_value());
        active = made->keyset.id;
        REQUIRE(keysets.insert(*made).has_value());
    }

    net::HttpResponse serve(const net::HttpRequest& request) {
        if (request.path == "/v1/info") ++infos;
        if (is_down) return {502, "", "text/html"};
        if (!redirect.empty()) return {302, "", "text/html", {{"Location", redirect}}};
        const std::string& path = request.path;
        if (path == "/v1/info") {
            cashu::MintInfo info{
                .name = "fake", .description = "", .pubkey = kMintKey, .version = "fake/1.0.0"};
            info.batch_size_max = batch_max;
            info.urls = urls;
            return {200, cashu::to_json(info, 0)};
        }
        if (path == "/v1/keysets") return {200, cashu::keysets_json(keysets.all())};
        if (path.starts_with("/v1/keys/")) {
            auto id = cashu::KeysetId::from_hex(path.substr(9));
            cashu::Keyset keyset = keysets.find(*id)->keyset;
            if (has_other_keys) std::swap(keyset.keys.at(1), keyset.keys.at(2));
            const cashu::Keyset* one[] = {&keyset};
            return {200, cashu::keys_json(one)};
        }
        if (path == "/v1/restore") return respond(restore(request.body));
        if (path == "/v1/checkstate") return respond(states(request.body));
        if (path == "/v1/mint/quote/ehash/check") return respond(check_quotes(request.body));
        if (path == "/v1/mint/quote/pubkey") return respond(lookup(request.body));
        return serve_signing(path, request.body);
    }

    net::HttpResponse serve_signing(const std::string& path, const std::string& body) {
        seen.emplace_back(path, body);
        Next how = Next::serve;
        if (!next.empty()) {
            how = next.front();
            next.pop_front();
        }
        if (how == Next::away) return {503, ""};
        if (how == Next::ignore) return {0, ""};
        if (how == Next::garble) return {200, "<html>"};
        auto answer = sign(path, body);
        if (how == Next::lose) return {500, ""};
        if (how == Next::hold) return {0, ""};
        if (answer && (how == Next::spoil || (lies && lies(body))))
            for (auto& signature : *answer) signature.dleq->e[5] ^= 1;
        if (!answer) refused.insert(body);
        if (!answer) return respond(Answer<std::string>{tl::unexpected(answer.error())});
        return {200, cashu::signatures_json(*answer)};
    }

    static net::HttpResponse respond(const Answer<std::string>& answer) {
        if (!answer) return {400, cashu::to_json(answer.error())};
        return {200, *answer};
    }

    Answer<std::vector<cashu::BlindSignature>> sign(const std::string& path, const std::string& body) {
        if (replays && answers_.contains(body)) return answers_[body];
        HP_TRY(auto answer, path == "/v1/swap"         ? swap(body)
                            : path == "/v1/mint/ehash" ? mint(body)
                                                       : mint_batch(body));
        answers_[body] = answer;
        return answer;
    }

    Answer<std::vector<cashu::BlindSignature>> issue(const std::vector<cashu::BlindedMessage>& outputs) {
        std::vector<bool> before;
        for (const auto& output : outputs) before.push_back(signed_outputs.contains(output.B_));
        HP_DO(cashu::decide_outputs(before));
        HP_TRY(auto signatures, cashu::sign_outputs(outputs, keysets));
        for (std::size_t i = 0; i < outputs.size(); ++i) signed_outputs[outputs[i].B_] = signatures[i];
        return signatures;
    }

    Answer<std::vector<cashu::BlindSignature>> mint(const std::string& body) {
        HP_TRY(auto request, cashu::mint_request_from_json(body));
        if (!quotes.contains(request.quote)) return tl::unexpected(cashu::unknown_quote(request.quote));
        auto& quote = quotes[request.quote];
        HP_TRY(auto amount, cashu::check_mint(request, quote, keysets, {}, 0));
        HP_TRY(auto signatures, issue(request.outputs));
        quote.amount_issued += amount;
        return signatures;
    }

    Answer<std::vector<cashu::BlindSignature>> mint_batch(const std::string& body) {
        HP_TRY(auto request, cashu::batch_mint_request_from_json(body));
        cashu::MintPolicy policy;
        policy.batch_size_max = batch_max;
        HP_DO(cashu::check_batch_form(request, policy));
        std::vector<cashu::Quote> asked;
        for (const auto& id : request.quotes) {
            if (!quotes.contains(id)) return tl::unexpected(cashu::unknown_quote(id));
            asked.push_back(quotes[id]);
        }
        HP_TRY(auto amounts, cashu::check_batch_mint(request, asked, keysets, policy, 0));
        HP_TRY(auto signatures, issue(request.outputs));
        for (std::size_t i = 0; i < amounts.size(); ++i)
            quotes[request.quotes[i]].amount_issued += amounts[i];
        return signatures;
    }

    Answer<std::vector<cashu::BlindSignature>> swap(const std::string& body) {
        HP_TRY(auto request, cashu::swap_request_from_json(body));
        HP_TRY(auto checked, cashu::check_swap(request, keysets, 0));
        std::vector<cashu::ProofState> before;
        for (const auto& y : checked.ys)
            before.push_back(spent[y] ? cashu::ProofState::spent : cashu::ProofState::unspent);
        HP_DO(cashu::decide_inputs(before));
        HP_TRY(auto signatures, issue(request.outputs));
        for (const auto& y : checked.ys) spent[y] = true;
        return signatures;
    }

    Answer<std::string> restore(const std::string& body) {
        HP_TRY(auto request, cashu::restore_request_from_json(body));
        cashu::RestoreResponse response;
        for (const auto& output : request.outputs)
            if (auto at = signed_outputs.find(output.B_); at != signed_outputs.end() && !denies) {
                response.outputs.push_back(output);
                response.signatures.push_back(at->second);
            }
        if (lies && lies(""))
            for (auto& signature : response.signatures) signature.dleq->e[5] ^= 1;
        return cashu::to_json(response);
    }

    Answer<std::string> states(const std::string& body) {
        HP_TRY(auto request, cashu::check_state_request_from_json(body));
        std::vector<cashu::StateOfProof> out;
        for (const auto& y : request.Ys)
            out.push_back({y, spent[y] ? cashu::ProofState::spent : cashu::ProofState::unspent});
        return cashu::states_json(out);
    }

    Answer<std::string> check_quotes(const std::string& body) {
        HP_TRY(auto request, cashu::check_quotes_request_from_json(body, batch_max));
        std::vector<cashu::Quote> out;
        for (const auto& id : request.quotes) {
            if (!quotes.contains(id)) return tl::unexpected(cashu::unknown_quote(id));
            out.push_back(quotes[id]);
        }
        for (auto& quote : out)
            if (denies) quote.amount_issued = 0;
        return cashu::quotes_json(out);
    }

    Answer<std::string> lookup(const std::string& body) {
        HP_TRY(auto request, cashu::lookup_request_from_json(body));
        HP_DO(cashu::check_lookup(request, kMintKey, 0));
        std::vector<cashu::Quote> out;
        for (const auto& [id, quote] : quotes)
            if (quote.pubkey == request.pubkeys.front() && (!request.only_mintable || quote.mintable() > 0) &&
                (!request.only_held || !knows_held || quote.held_since))
                out.push_back(quote);
        return cashu::lookup_response_json(out);
    }

    Bytes seed_;
    std::uint64_t fee_ppk_;
    std::uint32_t index_{0};
    std::map<std::string, std::vector<cashu::BlindSignature>> answers_;
    std::unique_ptr<net::HttpServer> server_;
    std::vector<net::HttpServer::Reply> held_;
};

}  // namespace hp::wallet::test
