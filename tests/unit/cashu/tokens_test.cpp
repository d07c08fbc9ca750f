#include "cashu/tokens.hpp"

#include "cashu/cbor.hpp"
#include "crypto/base64url.hpp"
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
        return decode_token("cashuA" + crypto::base64url_encode(as_bytes(json)));
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
    CHECK(raw("bf" + empty_list + mint + unit + "ff"));            // indefinite map
    CHECK_FALSE(raw("bf" + empty_list + mint + unit));             // without its end
    CHECK_FALSE(raw("a3" + empty_list + mint + unit + "ff"));      // an end of nothing
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
        CHECK(crypto::base64url_decode(crypto::base64url_encode(bytes)) == bytes);
    }
    CHECK(crypto::base64url_encode(bytes_of("fbff")) == "-_8");
    CHECK(*crypto::base64url_decode("-_8") == *crypto::base64url_decode("+/8="));
    CHECK(crypto::base64url_decode("TQ==").has_value());
    for (const char* bad : {"T", "TQ=", "TQ===", "T===", "TQ==TQ==", "TR", "TWF=", "=", "T*"}) {
        CAPTURE(bad);
        CHECK(!crypto::base64url_decode(bad).has_value());
    }
    const std::string_view nul{"TQ\0=", 4};
    CHECK(!crypto::base64url_decode(nul).has_value());
    CHECK(crypto::base64url_decode(" T\nQ ").has_value());
    CHECK(crypto::base64url_decode("TWF\nh*").error().what == "position 5: not a base64 character");
    CHECK(crypto::base64url_decode("TR\n").error().what ==
          "position 3: truncated: the last character has bits left over");
}

namespace {

const std::string kMintUnit =
    "616d616d"
    "61756168";  // "m":"m" "u":"h"
const std::string kPointCbor = "5821035015e6d7ade60ba8426cefaf1832bbd27257636e44a76b922d78e79b47cb689d";
const std::string kProof =
    "6161"
    "04"
    "6173"
    "6173"
    "6163" +
    kPointCbor;  // "a":4 "s":"s" "c":...

/// A token of one proof: `more` are pairs behind a, s and c of its map of `pairs`.
Result<Token> with_proof(const std::string& pairs_head, const std::string& more,
                         const std::string& top = "") {
    const std::string head = top.empty() ? "a3" : "a4";
    return decode_token_raw(bytes_of(to_hex(as_bytes("crawB")) + head + kMintUnit + top +
                                     "6174"
                                     "81"
                                     "a2"
                                     "6169"
                                     "48009a1f293253e41e"
                                     "6170"
                                     "81" +
                                     pairs_head + kProof + more));
}

}  // namespace

TEST_CASE("C6: null is the same as absent for memo, witness and DLEQ") {
    const auto read = with_proof("a3", "");
    REQUIRE(read.has_value());
    const Token& plain = *read;
    for (const char* nothing : {"f6", "f7"}) {
        CHECK(with_proof("a4", std::string("6177") + nothing) == plain);
        CHECK(with_proof("a4", std::string("6164") + nothing) == plain);
        CHECK(with_proof("a5", std::string("6164") + nothing + "6177" + nothing) == plain);
        CHECK(with_proof("a3", "", std::string("6164") + nothing) == plain);
        // What a proof needs may not be null.
        CHECK_FALSE(with_proof("a4", std::string("6161") + nothing).has_value());
    }
    CHECK(plain.dleqs_dropped == 0);
}

TEST_CASE("C6: a DLEQ without r is left out and counted, one without e or s is refused") {
    const std::string scalar = "5820" + std::string(64, '1');
    auto e = "6165" + scalar, s = "6173" + scalar, r = "6172" + scalar;
    auto whole = with_proof("a4",
                            "6164"
                            "a3" +
                                e + s + r);
    REQUIRE(whole.has_value());
    CHECK(whole->proofs[0].dleq.has_value());
    CHECK(whole->dleqs_dropped == 0);
    for (const std::string& lacking : {"a2" + e + s, "a3" + e + s + "6172f6"}) {
        auto token = with_proof("a4", "6164" + lacking);
        REQUIRE(token.has_value());
        CHECK(token->proofs[0].dleq == std::nullopt);
        CHECK(token->dleqs_dropped == 1);
    }
    CHECK_FALSE(with_proof("a4",
                           "6164"
                           "a2" +
                               e + r)
                    .has_value());
    CHECK_FALSE(with_proof("a4",
                           "6164"
                           "a0")
                    .has_value());

    const std::string number(64, '1');
    auto v3 = decode_token(
        "cashuA" +
        crypto::base64url_encode(as_bytes(
            R"({"token":[{"mint":"https://m","proofs":[{"amount":4,"id":"009a1f293253e41e","secret":"s","C":")" +
            to_hex(y_of("1")) + R"(","witness":null,"dleq":{"e":")" + number + R"(","s":")" + number +
            R"("}}]}],"memo":null})")));
    REQUIRE_MESSAGE(v3.has_value(), (v3 ? "" : v3.error().what));
    CHECK(v3->dleqs_dropped == 1);
    CHECK(v3->proofs[0].dleq == std::nullopt);
}

TEST_CASE("C6: lengths may be indefinite everywhere, strings in chunks") {
    auto raw = [](const std::string& cbor_hex) {
        return decode_token_raw(bytes_of(to_hex(as_bytes("crawB")) + cbor_hex));
    };
    auto plain = with_proof("a3", "");
    auto id = std::string(
        "5f"
        "42009a"
        "40"
        "461f293253e41e"
        "ff");
    auto chunked =
        raw("bf"
            "616d"
            "7f616dff"
            "6175"
            "7f60"
            "6168"
            "ff"
            "6174"
            "9f"
            "bf"
            "6169" +
            id +
            "6170"
            "9f"
            "bf" +
            kProof +
            "617a"
            "9fbf616101ff7f6161ffff"
            "ff"
            "ff"
            "ff"
            "ff"
            "ff");
    REQUIRE_MESSAGE(chunked.has_value(), (chunked ? "" : chunked.error().what));
    CHECK(*chunked == *plain);
    for (const char* bad :
         {"bf", "bf616d7f616d", "bf616d5f416dff", "bf616d7f5f416dffff", "bf616d7f7f616dffff", "bf616dff",
          "9fff", "5fff", "1f", "3f", "df", "ffff", "bf7f61ff61ffff"}) {
        CAPTURE(bad);
        CHECK_FALSE(raw(bad).has_value());
    }
    Bytes deep;
    for (int i = 0; i < 100; ++i) deep.push_back(0x9f);
    cbor::Reader nested{deep};
    nested.skip();
    CHECK(nested.error().find("nested more than 16 deep") != std::string::npos);
}

TEST_CASE("C6: what pasting puts around a token and into it is skipped") {
    Token token = sample();
    const std::string text = encode_token(token, TokenIds::full);
    for (const char* blank :
         {"\xef\xbb\xbf", "\xc2\xa0", "\xe2\x80\x8b", "\xe2\x80\xaf", "\xe2\x80\x89", "\xe3\x80\x80",
          "\xe2\x81\xa0", "\xc2\xad", "\xc2\x85", "\xe2\x80\xa8", "\v", "\f", "\t \r\n"}) {
        CAPTURE(blank);
        CHECK(decode_token(blank + text + blank) == token);
        CHECK(decode_token(std::string(blank) + "cashu:" + blank + text.substr(0, 3) + blank +
                           text.substr(3, 40) + blank + text.substr(43)) == token);
    }
    for (const char* scheme : {"CASHU:", "Cashu:", "CASHU://", "cashu://", "web+cashu://", "Web+Cashu:",
                               "\xef\xbb\xbf"
                               "CASHU: "})
        CHECK(decode_token(scheme + text) == token);
    CHECK(decode_token("CASHU" + text.substr(5)) == token);
    // Browsers hand a page the scheme that it registered, escaped or not; "web+" alone is not a scheme.
    CHECK_FALSE(decode_token("web+" + text).has_value());
    for (auto [other, what] : {std::pair{"creqApWF0", "a payment request (NUT-18)"},
                               {"cashu:creqAo2Fp", "a payment request (NUT-18)"},
                               {"CREQB1QYQQ", "a payment request (NUT-26)"},
                               {"ur:bytes/1-9/lpad", "one part of an animated QR code (NUT-16)"},
                               {"lnbc10n1p", "a Lightning invoice"}})
        CHECK(decode_token(other).error().what.find(what) != std::string::npos);
    // Positions are those of what was given.
    CHECK(decode_token("\xc2\xa0"
                       "bitcoin")
              .error()
              .what == "token: position 0: expected 'cashuA' or 'cashuB'");
    std::string broken = "\xef\xbb\xbf" + text;
    broken[23] = '!';
    CHECK(decode_token(broken).error().what == "token: position 23: not a base64 character");
    CHECK_FALSE(decode_token("cashuB\xe2\x82\xac").has_value());  // a euro sign is not a blank
    CHECK_FALSE(decode_token("cashuB\xe2").has_value());
}
