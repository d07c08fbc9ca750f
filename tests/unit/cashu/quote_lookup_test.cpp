#include "cashu/quote_lookup.hpp"

#include <fstream>
#include <sstream>

#include "crypto/sha256.hpp"
#include "fixtures.hpp"

using namespace hp;
using namespace hp::cashu;
using namespace hp::cashu::test;

namespace {

const SecretKey kMint = *SecretKey::from_bytes(Bytes(32, 0x11));
const PublicKey33 kMintKey = kMint.public_key();

LookupRequest ask(const std::vector<SecretKey>& keys, std::optional<UnixSeconds> timestamp = {}) {
    LookupRequest out;
    out.timestamp = timestamp;
    for (const SecretKey& key : keys) {
        out.pubkeys.push_back(key.public_key());
        out.pubkey_signatures.push_back(to_hex(sign_lookup(key, kMintKey, timestamp, Bytes32{})));
    }
    return out;
}

}  // namespace

TEST_CASE("lookup: the published message") {
    for_each_vector(read_vectors("cashu/nutxx_quote_lookup_message.json")["vectors"], [](const Json& v) {
        CHECK(lookup_message(point(v["mint_pubkey"]), point(v["pubkey"]), std::nullopt) == v["msg_utf8"]);
        CHECK(secret_key(v["mint_private_key"]).public_key() == point(v["mint_pubkey"]));
        CHECK(secret_key(v["wallet_private_key"]).public_key() == point(v["pubkey"]));
    });
}

TEST_CASE("lookup: docs/mint-api.md's example is what this mint takes and this wallet sends") {
    std::ifstream file{HP_SOURCE_DIR "/docs/mint-api.md"};
    REQUIRE(file);
    std::stringstream page;
    page << file.rdbuf();
    const std::string text = page.str();
    const auto begin = text.find("```json\n");
    REQUIRE(begin != std::string::npos);
    const Json example = Json::parse(text.substr(begin + 8, text.find("```", begin + 8) - begin - 8));
    const SecretKey key = secret_key(example["secret_key"]);
    const PublicKey33 mint_key = point(example["mint_pubkey"]);
    CHECK(key.public_key() == point(example["pubkey"]));
    const std::string message = lookup_message(mint_key, key.public_key(), {});
    CHECK(message == example["message"]);
    CHECK(to_hex(crypto::sha256(as_bytes(message))) == example["sha256"]);
    CHECK(to_hex(sign_lookup(key, mint_key, {}, Bytes32{})) == example["signature"]);
    const auto request = lookup_request_from_json(example["request"].dump());
    REQUIRE(request.has_value());
    CHECK(request->only_mintable);
    CHECK(check_lookup(*request, mint_key, kNow).has_value());

    const UnixSeconds timestamp = example["timestamp"];
    const auto timed = lookup_message(mint_key, key.public_key(), timestamp);
    CHECK(to_hex(crypto::sha256(as_bytes(timed))) == example["sha256_with_timestamp"]);
    CHECK(to_hex(sign_lookup(key, mint_key, timestamp, Bytes32{})) == example["signature_with_timestamp"]);
}

TEST_CASE("lookup: only the keys' owners may ask, and only this mint (AC-186)") {
    SecretKey a = SecretKey::generate(), b = SecretKey::generate();
    CHECK(check_lookup(ask({a, b}), kMintKey, kNow).has_value());
    CHECK(code_of(check_lookup(ask({a, b}), a.public_key(), kNow)) == Code::signature_invalid);
    LookupRequest request = ask({a, b});
    std::swap(request.pubkey_signatures[0], request.pubkey_signatures[1]);
    CHECK(code_of(check_lookup(request, kMintKey, kNow)) == Code::signature_invalid);
    request = ask({a, b});
    request.pubkey_signatures[1] = "";
    CHECK(code_of(check_lookup(request, kMintKey, kNow)) == Code::signature_invalid);
    request.pubkey_signatures.pop_back();
    CHECK(code_of(check_lookup(request, kMintKey, kNow)) == Code::unspecified);
    CHECK(code_of(check_lookup({}, kMintKey, kNow)) == Code::unspecified);
    CHECK(code_of(check_lookup(ask(std::vector(51, a)), kMintKey, kNow)) == Code::batch_too_large);
    CHECK(code_of(lookup_request_from_json(to_json(ask(std::vector(51, a))))) == Code::batch_too_large);
}

TEST_CASE("lookup: a timestamp that is sent is part of the message and near the clock") {
    SecretKey a = SecretKey::generate();
    for (UnixSeconds good : {kNow, kNow - 300, kNow + 300})
        CHECK(check_lookup(ask({a}, good), kMintKey, kNow).has_value());
    for (UnixSeconds bad : {kNow - 301, kNow + 301, UnixSeconds{0}, UnixSeconds{INT64_MAX}})
        CHECK(code_of(check_lookup(ask({a}, bad), kMintKey, kNow)) == Code::unspecified);
    LookupRequest moved = ask({a}, kNow);
    moved.timestamp = kNow + 1;
    CHECK(code_of(check_lookup(moved, kMintKey, kNow)) == Code::signature_invalid);
    moved.timestamp.reset();
    CHECK(code_of(check_lookup(moved, kMintKey, kNow)) == Code::signature_invalid);
}

TEST_CASE("lookup: requests and answers survive writing and reading") {
    LookupRequest request = ask({SecretKey::generate()}, kNow);
    request.only_mintable = true;
    auto read = lookup_request_from_json(to_json(request));
    REQUIRE(read.has_value());
    CHECK(read->pubkeys == request.pubkeys);
    CHECK(read->pubkey_signatures == request.pubkey_signatures);
    CHECK(read->only_mintable);
    CHECK(read->timestamp == request.timestamp);
    Quote quote{.id = "a", .request = "b", .method = "ehash", .unit = "hash", .amount_paid = 1};
    CHECK(lookup_response_from_json(lookup_response_json(std::vector{quote}))->quotes == std::vector{quote});
    quote.held_since = kNow;
    CHECK(lookup_response_from_json(lookup_response_json(std::vector{quote}))->quotes == std::vector{quote});
    request.only_mintable = false;
    request.only_held = true;
    read = lookup_request_from_json(to_json(request));
    REQUIRE(read.has_value());
    CHECK(read->only_held);
    CHECK_FALSE(read->only_mintable);
    CHECK(lookup_response_json(std::vector<Quote>{}) == R"({"quotes":[]})");
    for (const char* bad : {R"({"pubkeys":[1],"pubkey_signatures":["a"]})", R"({"pubkeys":[]})",
                            R"({"pubkeys":[],"pubkey_signatures":[],"only_mintable":1})",
                            R"({"pubkeys":[],"pubkey_signatures":[],"only_held":"true"})",
                            R"({"pubkeys":[],"pubkey_signatures":[],"only_held":true,"only_mintable":true})",
                            R"({"pubkeys":[],"pubkey_signatures":[],"timestamp":-1})",
                            R"({"pubkeys":[],"pubkey_signatures":[],"timestamp":18446744073709551615})"})
        CHECK(code_of(lookup_request_from_json(bad)) == Code::unspecified);
}

TEST_CASE("C6: an answer that does not hold all of a key's quotes says so") {
    for (std::size_t count : {kLookupQuotesMax - 1, kLookupQuotesMax, kLookupQuotesMax + 1}) {
        const std::vector<Quote> quotes(count,
                                        Quote{.id = "q", .request = "", .method = "ehash", .unit = "hash"});
        auto read = lookup_response_from_json(lookup_response_json(quotes));
        REQUIRE(read.has_value());
        CHECK(read->quotes.size() == std::min(count, kLookupQuotesMax));
        CHECK(read->more == (count > kLookupQuotesMax));
        CHECK((lookup_response_json(quotes).find("\"more\"") != std::string::npos) ==
              (count >= kLookupQuotesMax));
    }
    // A mint that does not know the member.
    std::string old =
        "{\"quotes\":" +
        quotes_json(std::vector<Quote>(kLookupQuotesMax,
                                       Quote{.id = "q", .request = "", .method = "ehash", .unit = "hash"})) +
        "}";
    CHECK(lookup_response_from_json(old)->more);
    CHECK_FALSE(lookup_response_from_json(R"({"quotes":[]})")->more);
    CHECK_FALSE(lookup_response_from_json(R"({"quotes":[],"more":1})").has_value());
}
