// NUT-04, NUT-20 and NUT-29: minting quotes, one or many.
#include "cashu/nut20.hpp"
#include "cashu/nut29.hpp"
#include "crypto/bip32.hpp"
#include "crypto/sha256.hpp"
#include "fixtures.hpp"

using namespace hp;
using namespace hp::cashu;
using namespace hp::cashu::test;

namespace {

const Bytes32 kNoAux{};

std::vector<BlindedMessage> outputs_of(const Json& request) {
    auto outputs = blinded_messages_from_json(parsed(request), "outputs");
    REQUIRE(outputs.has_value());
    return *outputs;
}

struct Mint {
    MintKeyset hash = make_keyset("hash", 0);
    MintKeyset sat = make_keyset("sat", 0);
    MintKeysets keysets;
    SecretKey lock = SecretKey::generate();
    MintPolicy policy;
    Mint() {
        for (const MintKeyset* keyset : {&hash, &sat}) REQUIRE(keysets.insert(*keyset).has_value());
    }
    Quote quote(std::uint64_t paid, std::uint64_t issued = 0,
                std::string id = "019e6d5a-2347-7000-8850-39c85ed1b5d3") const {
        return {.id = std::move(id),
                .request = std::string(64, 'a'),
                .method = "ehash",
                .unit = "hash",
                .amount = paid,
                .amount_paid = paid,
                .amount_issued = issued,
                .updated_at = kNow,
                .pubkey = lock.public_key()};
    }
    std::vector<BlindedMessage> outputs(std::vector<std::uint64_t> amounts) const {
        std::vector<BlindedMessage> out;
        for (std::uint64_t amount : amounts) out.push_back(make_output(hash.keyset.id, amount).output);
        return out;
    }
    std::string sign(const Quote& quote, std::span<const BlindedMessage> outputs,
                     MintMessageForm form = MintMessageForm::v1) const {
        return to_hex(sign_mint(lock, quote.id, outputs, kNoAux, form));
    }
    MintRequest request(const Quote& quote, std::vector<std::uint64_t> amounts,
                        MintMessageForm form = MintMessageForm::v1) const {
        MintRequest out{quote.id, outputs(std::move(amounts)), {}};
        out.signature = sign(quote, out.outputs, form);
        return out;
    }
    Answer<std::uint64_t> check(const MintRequest& request, const Quote& quote) const {
        return check_mint(request, quote, keysets, policy, kNow);
    }
};

}  // namespace

TEST_CASE("NUT-20: published legacy signatures verify or not") {
    for_each_vector(read_vectors("cashu/nut20_mint_signature_legacy.json")["vectors"], [](const Json& v) {
        const Json& request = v["request"];
        auto outputs = outputs_of(request);
        if (v.contains("msg_utf8")) {
            Bytes message =
                mint_message(MintMessageForm::legacy, request["quote"].get<std::string>(), outputs);
            CHECK(as_text(message) == v["msg_utf8"].get<std::string>());
        }
        CHECK(verify_mint(point(v["pubkey"]), hex_array<64>(request["signature"]),
                          request["quote"].get<std::string>(), outputs,
                          MintMessageForm::legacy) == v["valid"].get<bool>());
    });
}

TEST_CASE("NUT-20: published v1 messages and signatures") {
    for_each_vector(read_vectors("cashu/nut20_mint_signature_v1.json")["vectors"], [](const Json& v) {
        const Json& request = v["request"];
        auto outputs = outputs_of(request);
        Bytes message = mint_message(MintMessageForm::v1, request["quote"].get<std::string>(), outputs);
        CHECK(to_hex(message) == v["msg_hex"]);
        CHECK(to_hex(crypto::sha256(message)) == v["msg_sha256"]);
        CHECK(verify_mint(point(v["pubkey"]), hex_array<64>(request["signature"]),
                          request["quote"].get<std::string>(), outputs,
                          MintMessageForm::v1) == v["valid"].get<bool>());
        // Another amount among the outputs is another message; the legacy form did not see that.
        REQUIRE(!outputs.empty());
        outputs[0].amount += 1;
        CHECK(mint_message(MintMessageForm::v1, request["quote"].get<std::string>(), outputs) != message);
    });
}

TEST_CASE("NUT-29: the published batch signature verifies") {
    for_each_vector(read_vectors("cashu/nut29_signature_legacy.json")["vectors"], [](const Json& v) {
        const Json& request = v["request"];
        auto outputs = outputs_of(request);
        std::string quote = request["quotes"][0];
        Bytes message = mint_message(MintMessageForm::legacy, quote, outputs);
        CHECK(as_text(message) == v["msg_utf8"].get<std::string>());
        CHECK(to_hex(crypto::sha256(message)) == v["msg_sha256"]);
        CHECK(verify_mint(point(v["pubkey"]), hex_array<64>(request["signatures"][0]), quote, outputs,
                          MintMessageForm::legacy) == v["valid"].get<bool>());
        CHECK(secret_key(v["private_key"]).public_key() == point(v["pubkey"]));
    });
}

TEST_CASE("NUT-20: lock keys derive as published") {
    Json file = read_vectors("cashu/nut20_lock_keys.json");
    auto seed = crypto::bip39_seed(file["mnemonic"].get<std::string>());
    REQUIRE(seed.has_value());
    for_each_vector(file["vectors"], [&](const Json& v) {
        auto key = lock_key(*seed, v["counter"].get<std::uint32_t>());
        REQUIRE(key.has_value());
        CHECK(to_hex(key->public_key()) == v["pubkey"]);
    });
    CHECK(!lock_key(*seed, 0x8000'0000).has_value());
}

TEST_CASE("a quote's JSON is the one that cashu-ts, CDK and the earlier poller read") {
    Mint mint;
    Quote quote = mint.quote(256);
    quote.request = std::string(64, '9');
    CHECK(to_json(quote) ==
          R"({"quote":"019e6d5a-2347-7000-8850-39c85ed1b5d3","request":")" + std::string(64, '9') +
              R"(","method":"ehash","unit":"hash","amount":256,"amount_paid":256,"amount_issued":0,)"
              R"("updated_at":1800000000,"expiry":null,"pubkey":")" +
              to_hex(*quote.pubkey) + R"("})");
    CHECK(quote_from_json(to_json(quote)) == quote);
    Quote open = quote;
    open.pubkey.reset();
    open.expiry = 5;
    CHECK(to_json(open).find("pubkey") == std::string::npos);
    CHECK(quotes_from_json(quotes_json(std::vector{quote, open})) == std::vector{quote, open});
    CHECK(quotes_json(std::vector<Quote>{}) == "[]");
    // CDK sends an empty key for none.
    CHECK(quote_from_json(R"({"quote":"x","amount_paid":1,"amount_issued":0,"pubkey":""})")->pubkey ==
          std::nullopt);
    CHECK(!quote_from_json(R"({"quote":"x","amount_paid":1})").has_value());
}

TEST_CASE("a quote's state follows from its amounts") {
    Mint mint;
    CHECK(state_of(mint.quote(0)) == QuoteState::unpaid);
    CHECK(state_of(mint.quote(5)) == QuoteState::paid);
    CHECK(state_of(mint.quote(5, 4)) == QuoteState::paid);
    CHECK(state_of(mint.quote(5, 5)) == QuoteState::issued);
    CHECK(mint.quote(5, 4).mintable() == 1);
    CHECK(mint.quote(5, 6).mintable() == 0);
}

TEST_CASE("a locked and paid quote is minted whole or in part, never beyond") {
    Mint mint;
    Quote quote = mint.quote(13);
    CHECK(mint.check(mint.request(quote, {1, 4, 8}), quote) == 13u);
    CHECK(mint.check(mint.request(quote, {4}), quote) == 4u);
    CHECK(code_of(mint.check(mint.request(quote, {2, 4, 8}), quote)) == Code::not_balanced);
    Quote half = mint.quote(13, 12);
    CHECK(mint.check(mint.request(half, {1}), half) == 1u);
    CHECK(code_of(mint.check(mint.request(half, {2}), half)) == Code::not_balanced);
    MintRequest request = mint.request(quote, {1, 4, 8});
    CHECK(mint_request_from_json(to_json(request)) == request);
}

TEST_CASE("each fault of a mint request has its code; the quote's state comes before its signature") {
    Mint mint;
    Quote quote = mint.quote(8);
    auto code = [&](const Quote& q) {
        MintRequest request = mint.request(quote, {8});
        request.signature = std::string(128, '0');
        return code_of(mint.check(request, q));
    };
    CHECK(code(mint.quote(0)) == Code::quote_not_paid);
    CHECK(code(mint.quote(8, 8)) == Code::quote_already_issued);
    Quote expired = mint.quote(0);
    expired.expiry = kNow;
    CHECK(code(expired) == Code::quote_expired);
    CHECK(code(quote) == Code::signature_invalid);
    Quote other_unit = quote;
    other_unit.unit = "sat";
    CHECK(code(other_unit) == Code::unit_not_supported);
    // Paid value never disappears: a paid quote past its expiry is still minted (AC-193).
    Quote paid_and_expired = quote;
    paid_and_expired.expiry = kNow - 1;
    CHECK(mint.check(mint.request(quote, {8}), paid_and_expired) == 8u);
    CHECK(code_of(mint.check({quote.id, {}, {}}, quote)) == Code::not_balanced);
    MintRequest twice = mint.request(quote, {4});
    twice.outputs.push_back(twice.outputs[0]);
    CHECK(code_of(mint.check(twice, quote)) == Code::duplicate_outputs);
}

TEST_CASE("a quote found under another spelling of its id is not known") {
    Mint mint;
    Quote quote = mint.quote(8);
    MintRequest request = mint.request(quote, {8});
    for (char& c : request.quote) c = static_cast<char>(std::toupper(c));
    CHECK(mint.check(request, quote).error() == unknown_quote(request.quote));
}

TEST_CASE("only the key's signature over exactly these outputs and amounts mints (I20)") {
    Mint mint;
    Quote quote = mint.quote(12);
    MintRequest good = mint.request(quote, {4, 8});
    auto verdict = [&](auto change) {
        MintRequest request = good;
        change(request);
        return code_of(mint.check(request, quote));
    };
    CHECK(mint.check(good, quote).has_value());
    CHECK(verdict([](MintRequest& r) { r.signature.reset(); }) == Code::signature_invalid);
    CHECK(verdict([](MintRequest& r) { r.signature = ""; }) == Code::signature_invalid);
    CHECK(verdict([](MintRequest& r) { r.signature = "zz"; }) == Code::signature_invalid);
    CHECK(verdict([](MintRequest& r) { r.signature->front() = r.signature->front() == '0' ? '1' : '0'; }) ==
          Code::signature_invalid);
    CHECK(verdict([](MintRequest& r) { std::swap(r.outputs[0], r.outputs[1]); }) == Code::signature_invalid);
    CHECK(verdict([](MintRequest& r) { std::swap(r.outputs[0].amount, r.outputs[1].amount); }) ==
          Code::signature_invalid);
    CHECK(verdict([](MintRequest& r) { r.outputs.pop_back(); }) == Code::signature_invalid);
    Quote other = mint.quote(12, 0, "019e6d5a-2347-7000-8850-000000000000");
    MintRequest elsewhere = good;
    elsewhere.quote = other.id;
    CHECK(code_of(mint.check(elsewhere, other)) == Code::signature_invalid);
    // The key's prefix is not part of the signer.
    Quote flipped = quote;
    (*flipped.pubkey)[0] ^= 1;
    CHECK(mint.check(good, flipped).has_value());
    Quote open = quote;
    open.pubkey.reset();
    CHECK(code_of(mint.check(good, open)) == Code::signature_invalid);
}

TEST_CASE("the legacy message is taken behind its switch alone") {
    Mint mint;
    Quote quote = mint.quote(8);
    MintRequest legacy = mint.request(quote, {8}, MintMessageForm::legacy);
    CHECK(code_of(mint.check(legacy, quote)) == Code::signature_invalid);
    mint.policy.legacy_signatures = true;
    CHECK(mint.check(legacy, quote) == 8u);
    CHECK(mint.check(mint.request(quote, {8}), quote) == 8u);
}

namespace {

struct Batch : Mint {
    std::vector<Quote> quotes{quote(5, 0, "q-0"), quote(4, 1, "q-1")};
    BatchMintRequest batch(std::vector<std::uint64_t> amounts) const {
        BatchMintRequest out;
        out.outputs = outputs(std::move(amounts));
        for (const Quote& q : quotes) {
            out.quotes.push_back(q.id);
            out.signatures.push_back(sign(q, out.outputs));
        }
        return out;
    }
    Answer<std::vector<std::uint64_t>> check_all(const BatchMintRequest& request) const {
        return check_batch_mint(request, quotes, keysets, policy, kNow);
    }
};

}  // namespace

TEST_CASE("NUT-29: a batch takes all that is mintable, or the amounts it names, exactly") {
    Batch mint;
    CHECK(mint.check_all(mint.batch({8})) == std::vector<std::uint64_t>{5, 3});
    CHECK(code_of(mint.check_all(mint.batch({4}))) == Code::not_balanced);
    CHECK(code_of(mint.check_all(mint.batch({8, 1}))) == Code::not_balanced);
    BatchMintRequest part = mint.batch({4});
    part.quote_amounts = {1, 3};
    CHECK(mint.check_all(part) == std::vector<std::uint64_t>{1, 3});
    part.quote_amounts = {0, 4};
    CHECK(code_of(mint.check_all(part)) == Code::not_balanced);
    part.quote_amounts = {4, 0};
    CHECK(code_of(mint.check_all(part)) == Code::not_balanced);
    part.quote_amounts = {5, UINT64_MAX};
    CHECK(code_of(mint.check_all(part)) == Code::not_balanced);
    part.quote_amounts = {4};
    CHECK(code_of(mint.check_all(part)) == Code::unspecified);
    BatchMintRequest request = mint.batch({8});
    request.quote_amounts = {5, 3};
    request.signatures[1].reset();
    CHECK(batch_mint_request_from_json(to_json(request)) == request);
}

TEST_CASE("NUT-29: one bad quote refuses the whole batch (AC-187)") {
    Batch mint;
    auto refused = [&](auto change) {
        BatchMintRequest request = mint.batch({8});
        change(request);
        return code_of(mint.check_all(request));
    };
    CHECK(refused([](auto& r) {
              r.quotes.clear();
              r.signatures.clear();
          }) == Code::not_balanced);
    CHECK(refused([](auto& r) { r.quotes[1] = r.quotes[0]; }) == Code::duplicate_quotes);
    CHECK(refused([](auto& r) { r.quotes.resize(101); }) == Code::batch_too_large);
    CHECK(refused([](auto& r) { r.signatures.pop_back(); }) == Code::signature_invalid);
    CHECK(refused([](auto& r) { r.signatures.clear(); }) == Code::signature_invalid);
    CHECK(refused([](auto& r) { r.signatures[1].reset(); }) == Code::signature_invalid);
    CHECK(refused([](auto& r) { std::swap(r.signatures[0], r.signatures[1]); }) == Code::signature_invalid);

    BatchMintRequest request = mint.batch({8});
    mint.quotes[1].amount_issued = 4;
    CHECK(code_of(mint.check_all(request)) == Code::quote_already_issued);
    mint.quotes[1].amount_paid = 0;
    mint.quotes[1].amount_issued = 0;
    CHECK(code_of(mint.check_all(request)) == Code::quote_not_paid);
    mint.quotes[1] = mint.quote(3, 0, "q-1");
    CHECK(mint.check_all(request).has_value());
    mint.quotes[1].unit = "sat";
    CHECK(code_of(mint.check_all(request)) == Code::unit_mismatch);
    mint.quotes[0].unit = "sat";
    CHECK(code_of(mint.check_all(request)) == Code::unit_not_supported);
    mint.quotes[0].unit = mint.quotes[1].unit = "hash";
    mint.quotes[1].pubkey.reset();
    CHECK(code_of(mint.check_all(request)) == Code::signature_invalid);
    request.signatures[1].reset();
    CHECK(mint.check_all(request).has_value());
}

TEST_CASE("NUT-29: the published behaviour, as far as it needs no server") {
    for_each_vector(read_vectors("cashu/nut29_behaviour.json")["vectors"], [](const Json& v) {
        Batch mint;
        mint.quotes = {mint.quote(5, 0, "q-0"), mint.quote(3, 0, "q-1")};
        BatchMintRequest request = mint.batch({8});
        std::string id = v["id"];
        if (id == "nut29-ok") {
            CHECK(mint.check_all(request).has_value());
            CHECK(sign_outputs(request.outputs, mint.keysets)->size() == 1);
        } else if (id == "nut29-empty") {
            request.quotes.clear();
            CHECK(!mint.check_all(request).has_value());
            CHECK(!check_quotes_request_from_json(R"({"quotes":[]})", 100).has_value());
        } else if (id == "nut29-duplicate") {
            request.quotes[1] = request.quotes[0];
            CHECK(static_cast<int>(code_of(mint.check_all(request))) == v["code"].get<int>());
        } else {
            // An unknown quote, or one of another method, is the database's "not there".
            CHECK((id == "nut29-check-unknown" || id == "nut29-mixed-methods"));
            CHECK(unknown_quote("x\ny").code == Code::unspecified);
            CHECK(unknown_quote("x\ny").detail == "quote 'x\\x0ay' is unknown");
        }
    });
}

TEST_CASE("checks of many quotes are bounded and name no quote twice") {
    CHECK(check_quotes_request_from_json(R"({"quotes":["a","b"]})", 2)->quotes ==
          std::vector<std::string>{"a", "b"});
    CHECK(code_of(check_quotes_request_from_json(R"({"quotes":["a","b","c"]})", 2)) == Code::batch_too_large);
    CHECK(code_of(check_quotes_request_from_json(R"({"quotes":["a","a"]})", 2)) == Code::duplicate_quotes);
    CHECK(code_of(check_quotes_request_from_json(R"({"quotes":[1]})", 2)) == Code::unspecified);
    CHECK(to_json(CheckQuotesRequest{{"a", "b"}}) == R"({"quotes":["a","b"]})");
}
