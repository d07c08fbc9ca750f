#include "crypto/aead.hpp"
#include "crypto/random.hpp"
#include "hex_field.hpp"

using namespace hp;
using namespace hp::crypto;
using test::hex_array;
using test::hex_field;

TEST_CASE("chacha20-poly1305.json") {
    test::for_each_vector(
        test::read_vectors("chacha20-poly1305.json").at("vectors"), [](const test::Json& entry) {
            const auto key = hex_array<32>(entry, "key");
            const auto nonce = hex_array<12>(entry, "nonce");
            const Bytes ad = hex_field(entry, "aad"), plaintext = hex_field(entry, "plaintext");
            Bytes ciphertext = hex_field(entry, "ciphertext");
            append(ciphertext, hex_field(entry, "tag"));
            const bool valid = entry.at("valid").get<bool>();

            Bytes opened(plaintext.size());
            CHECK(open(opened, ciphertext, ad, nonce, key) == valid);
            if (valid) CHECK(opened == plaintext);

            Bytes sealed(plaintext.size() + kTagSize);
            seal(sealed, plaintext, ad, nonce, key);
            CHECK((sealed == ciphertext) == valid);
        });
}

TEST_CASE("sealing and opening in place") {
    const auto key = random_array<32>();
    const ByteArray<12> nonce{1};
    for (std::size_t size : {0, 1, 63, 64, 65, 1000}) {
        Bytes buffer(size, 0x5a);
        const Bytes plaintext = buffer;
        buffer.resize(size + kTagSize);
        seal(buffer, ByteView{buffer}.first(size), as_bytes("ad"), nonce, key);
        Bytes apart(size + kTagSize);
        seal(apart, plaintext, as_bytes("ad"), nonce, key);
        CHECK(buffer == apart);
        REQUIRE(open(buffer, buffer, as_bytes("ad"), nonce, key));
        buffer.resize(size);
        CHECK(buffer == plaintext);
    }
}

TEST_CASE("a text shorter than a tag does not open") {
    for (std::size_t size = 0; size < kTagSize; ++size)
        CHECK_FALSE(open({}, Bytes(size), {}, ByteArray<12>{}, Bytes32{}));
}

TEST_CASE("randomness differs from call to call, and wiped memory is zero") {
    auto a = random_array<32>();
    CHECK(a != random_array<32>());
    wipe(a);
    CHECK(a == Bytes32{});
    random_bytes({});
    wipe({});
}
