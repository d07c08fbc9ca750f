#include "cashu/tokens.hpp"

#include "cashu/base64url.hpp"
#include "cashu/cbor.hpp"
#include "fixtures.hpp"
#include "token_vectors.hpp"

using namespace hp;
using namespace hp::cashu;
using namespace hp::cashu::test;

TEST_CASE("NUT-00: cashuA tokens read as published") {
    for_each_vector(read_vectors("cashu/nut00_token_v3.json")["vectors"], [](const Json& v) {
        auto token = decode_token(v["encoded"].get<std::string>());
        REQUIRE(token.has_value() == v["valid"].get<bool>());
        if (token) CHECK(*token == token_of_v3(v.contains("token") ? v["token"] : v["decoded"]));
    });
}

TEST_CASE("NUT-00: cashuB tokens and the raw form read as published, and write so that they read the same") {
    for_each_vector(read_vectors("cashu/nut00_token_v4.json")["vectors"], [](const Json& v) {
        auto token = v["kind"] == "raw" ? decode_token_raw(bytes_of(v["encoded_hex"]))
                                        : decode_token(v["encoded"].get<std::string>());
        REQUIRE(token.has_value() == v.value("valid", true));
        if (!token) return;
        Token expected = token_of_v4(v["token"]);
        CHECK(*token == expected);
        CHECK(decode_token(encode_token(expected, TokenIds::full)) == expected);
        Bytes raw = encode_token_raw(expected, TokenIds::full);
        CHECK(decode_token_raw(raw) == expected);
        if (v["kind"] == "raw") CHECK(to_hex(raw) == v["encoded_hex"]);
    });
}

namespace {

Token sample() {
    KeysetId a = keyset_id("01" + std::string(64, 'a')), b = keyset_id("009a1f293253e41e");
    Proof one{1, a, "first", y_of("1")}, two{std::uint64_t{1} << 63, b, "\xc3\xa9\n", y_of("2")},
        three{4, a, "third", y_of("3")};
    two.witness = "{\"signatures\":[]}";
    three.dleq = ProofDleq{};
    three.dleq->r[31] = 9;
    return {"https://mint.example/hp", "hash", "for you", {one, three, two}};
}

}  // namespace

TEST_CASE("a token survives writing and reading; short ids are resolved") {
    Token token = sample();
    CHECK(decode_token(encode_token(token, TokenIds::full)) == token);
    auto short_token = decode_token(encode_token(token));
    REQUIRE(short_token.has_value());
    CHECK(short_token->proofs[0].id.is_short());
    std::vector<KeysetId> known{token.proofs[0].id, token.proofs[2].id};
    REQUIRE(resolve_ids(*short_token, known).has_value());
    CHECK(*short_token == token);
    Token unresolved = *decode_token(encode_token(token));
    Token before = unresolved;
    CHECK(!resolve_ids(unresolved, std::vector{token.proofs[2].id}).has_value());
    CHECK(unresolved == before);
    auto without = decode_token(encode_token(token, TokenIds::full, WithDleq::no));
    CHECK(without->proofs[1].dleq == std::nullopt);
}

TEST_CASE("tokens survive the cashu: scheme and wrapped lines (AC-312)") {
    Token token = sample();
    std::string text = encode_token(token, TokenIds::full);
    CHECK(decode_token("cashu:" + text) == token);
    CHECK(decode_token("cashu://" + text) == token);
    CHECK(decode_token("  \n" + text + "\r\n") == token);
    std::string wrapped;
    for (std::size_t i = 0; i < text.size(); ++i) {
        wrapped += text[i];
        if (i % 7 == 2) wrapped += i % 2 ? "\r\n" : "\n  ";
    }
    CHECK(decode_token(wrapped) == token);
    CHECK(decode_token(text + std::string((4 - (text.size() - 6) % 4) % 4, '=')) == token);
}

TEST_CASE("every truncation of a token is refused with a position (AC-312)") {
    std::string text = encode_token(sample(), TokenIds::full);
    for (std::size_t size = 0; size < text.size(); ++size) {
        CAPTURE(size);
        auto cut = decode_token(std::string_view(text).substr(0, size));
        REQUIRE(!cut.has_value());
        bool has_position = cut.error().what.find("position ") != std::string::npos ||
                            cut.error().what.find("byte ") != std::string::npos;
        CHECK(has_position);
    }
    text[20] = '!';
    CHECK(decode_token(text).error().what == "token: position 20: not a base64 character");
    CHECK(decode_token("bitcoin:x").error().what == "token: position 0: expected 'cashuA' or 'cashuB'");
    CHECK(decode_token("cashuC").error().what == "token: position 5: expected version 'A' or 'B'");
    CHECK(!decode_token(std::string(kTokenSizeMax + 1, ' ')).has_value());
}

TEST_CASE("a V3 token of several mints is refused; one without unit is of sat") {
    auto v3 = [](const std::string& json) {
        return decode_token("cashuA" + base64url_encode(as_bytes(json)));
    };
    CHECK(v3(R"({"token":[{"mint":"https://a/","proofs":[]}]})")->unit == "sat");
    CHECK(v3(R"({"token":[{"mint":"https://a/","proofs":[]}]})")->mint == "https://a");
    CHECK(
        v3(R"({"token":[{"mint":"https://a","proofs":[]},{"mint":"https://a/","proofs":[]}],"unit":"hash"})")
            ->unit == "hash");
    auto two = v3(R"({"token":[{"mint":"https://a","proofs":[]},{"mint":"https://b","proofs":[]}]})");
    REQUIRE(!two.has_value());
    CHECK(two.error().code == Errc::refused);
    CHECK(!v3(R"({"token":[]})").has_value());
}

TEST_CASE("V4: what is missing, doubled or left over is refused; unknown keys are skipped") {
    auto raw = [](const std::string& cbor_hex) {
        return decode_token_raw(bytes_of(to_hex(as_bytes("crawB")) + cbor_hex)).has_value();
    };
    const std::string mint = "616d6161", unit = "61756162", empty_list = "617480";  // "m":"a" "u":"b" "t":[]
    CHECK(raw("a3" + empty_list + mint + unit));
    CHECK(raw("a3" + unit + mint + empty_list));
    CHECK(raw("a4" + empty_list + mint + unit + "617a" + "a16161f6"));  // "z":{"a":null}
    CHECK_FALSE(raw("a2" + empty_list + mint));
    CHECK_FALSE(raw("a4" + empty_list + mint + unit + unit));
    CHECK_FALSE(raw("a3" + empty_list + mint + unit + "00"));
    CHECK_FALSE(raw("bf" + empty_list + mint + unit + "ff"));      // indefinite map
    CHECK_FALSE(raw("a3" + empty_list + mint + "6175" + "61ff"));  // not UTF-8
    CHECK_FALSE(raw("a3" + empty_list + mint + "6175" + "4162"));  // bytes where text must be
    CHECK_FALSE(raw("a3" + mint + unit + "6174" + "9bffffffffffffffff"));
    CHECK_FALSE(raw("a3" + mint + unit + "6174" + "81a0"));
    CHECK_FALSE(raw(""));
}

TEST_CASE("CBOR: heads of every size, and failures with their offset") {
    for (std::uint64_t value : {std::uint64_t{0}, std::uint64_t{23}, std::uint64_t{24}, std::uint64_t{255},
                                std::uint64_t{256}, std::uint64_t{65535}, std::uint64_t{65536},
                                std::uint64_t{0xffffffff}, std::uint64_t{0x100000000}, UINT64_MAX}) {
        Bytes bytes;
        cbor::put_head(bytes, cbor::Major::unsigned_int, value);
        cbor::Reader in{bytes};
        CHECK(in.unsigned_int() == value);
        CHECK(in.ok());
        CHECK(in.at_end());
    }
    Bytes text = bytes_of("6161");
    cbor::Reader in{text};
    CHECK(in.unsigned_int() == 0);
    CHECK(in.error() == "byte 0: expected an unsigned integer, got a text string");
    CHECK(in.text().empty());
    Bytes deep(100, 0x81);
    cbor::Reader nested{deep};
    nested.skip();
    CHECK(!nested.ok());
    Bytes tags(100, 0xc0);
    cbor::Reader tagged{tags};
    tagged.skip();
    CHECK(!tagged.ok());
}

TEST_CASE("base64url: every length there and back; both alphabets; strict ends") {
    for (std::size_t size = 0; size < 40; ++size) {
        Bytes bytes(size);
        crypto::random_bytes(bytes);
        CHECK(base64url_decode(base64url_encode(bytes)) == bytes);
    }
    CHECK(base64url_encode(bytes_of("fbff")) == "-_8");
    CHECK(*base64url_decode("-_8") == *base64url_decode("+/8="));
    CHECK(base64url_decode("TQ==").has_value());
    for (const char* bad : {"T", "TQ=", "TQ===", "T===", "TQ==TQ==", "TR", "TWF=", "=", "T*"}) {
        CAPTURE(bad);
        CHECK(!base64url_decode(bad).has_value());
    }
}
