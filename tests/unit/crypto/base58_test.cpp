#include "crypto/base58.hpp"

#include "crypto/random.hpp"
#include "hex_field.hpp"

using namespace hp;
using namespace hp::crypto;

TEST_CASE("sv2-noise.json: authority keys") {
    const auto keys = test::read_vectors("sv2-noise.json").at("authority_key_text");
    test::for_each_vector(keys.at("valid"), [](const test::Json& entry) {
        const auto text = entry.at("text").get<std::string>();
        CHECK(authority_key_text(test::hex_array<32>(entry, "xonly")) == text);
        const auto key = authority_key_from_text(text);
        REQUIRE(key);
        CHECK(*key == test::hex_array<32>(entry, "xonly"));
    });
    test::for_each_vector(keys.at("invalid"), [](const test::Json& entry) {
        const auto key = authority_key_from_text(entry.at("text").get<std::string>());
        REQUIRE_FALSE(key);
        const auto& why = entry.at("why").get_ref<const std::string&>();
        // The cause that the file names, where it is one of these three; others are only refused.
        const std::string expected = why.starts_with("checksum")       ? "checksum"
                                     : why.starts_with("version ")     ? "has " + why + ", expected 1"
                                     : why.ends_with(" instead of 34") ? "expected 34"
                                                                       : "";
        CHECK_MESSAGE(key.error().what.find(expected) != std::string::npos, key.error().what);
    });
    test::for_each_vector(keys.at("secret_key_text"), [](const test::Json& entry) {
        const auto text = entry.at("text").get<std::string>();
        const auto key = secret_key_from_text(text);
        REQUIRE(key);
        CHECK(key->bytes() == test::hex_array<32>(entry, "secret"));
        CHECK(key->xonly() == test::hex_array<32>(entry, "xonly"));
        CHECK(secret_key_text(*key) == text);
    });
}

TEST_CASE("any bytes come back, leading zeros included") {
    for (std::size_t size = 0; size < 80; ++size)
        for (std::size_t zeros = 0; zeros <= size; zeros += 1 + size / 4) {
            Bytes payload(size);
            random_bytes(std::span{payload}.subspan(zeros));
            const auto back = base58check_decode(base58check_encode(payload));
            REQUIRE(back);
            CHECK(*back == payload);
        }
}

TEST_CASE("the genesis coinbase's address") {
    const auto payload = base58check_decode("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa");
    REQUIRE(payload);
    CHECK(to_hex(*payload) == "0062e907b15cbf27d5425399ebf6f0fb50ebb88f18");
}

TEST_CASE("malformed base58 is refused with its position, and never quoted") {
    for (std::string_view text : {"0", "O", "I", "l", "1 1", "ab\xff", "a+b"}) {
        const auto out = base58check_decode(text);
        REQUIRE_FALSE(out);
        CHECK(out.error().what.find("not a base58 character at position") == 0);
    }
    for (std::string_view text : {"", "1", "111", "abc"}) {
        const auto out = base58check_decode(text);
        REQUIRE_FALSE(out);
        CHECK(out.error().what.find("expected at least 4") != std::string::npos);
    }
    CHECK_FALSE(base58check_decode(std::string(257, '1')));
    CHECK_FALSE(base58check_decode(std::string(1'000'000, 'z')));
}

TEST_CASE("every change of one character is noticed") {
    const std::string text = "9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh";
    REQUIRE(authority_key_from_text(text));
    for (std::size_t i = 0; i < text.size(); ++i)
        for (char c : std::string_view{"123ABCXYZabcxyz"}) {
            if (c == text[i]) continue;
            std::string changed = text;
            changed[i] = c;
            CHECK_FALSE(authority_key_from_text(changed));
        }
}

TEST_CASE("an authority key off the curve and a secret key out of range are refused") {
    Bytes32 off_curve{};
    off_curve[31] = 5;
    CHECK_FALSE(authority_key_from_text(authority_key_text(off_curve)));
    CHECK_FALSE(secret_key_from_text(base58check_encode(Bytes32{})));
    CHECK_FALSE(secret_key_from_text(base58check_encode(Bytes(32, 0xff))));
    CHECK_FALSE(secret_key_from_text(base58check_encode(Bytes(31, 1))));
    CHECK_FALSE(secret_key_from_text(base58check_encode(Bytes(33, 1))));
}
