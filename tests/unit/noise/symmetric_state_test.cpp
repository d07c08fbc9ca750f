#include "noise/symmetric_state.hpp"

#include "crypto/hex_field.hpp"

using namespace hp;
using namespace hp::noise;
using test::hex_array;
using test::hex_field;

namespace {

Bytes sealed(SymmetricState& state, const Bytes& plaintext) {
    Bytes out(plaintext.size() + 16);
    state.encrypt_and_hash(out, plaintext);
    return out;
}

}  // namespace

TEST_CASE("noise-nx-25519-symmetric.json") {
    test::for_each_vector(
        test::read_vectors("noise-nx-25519-symmetric.json").at("vectors"), [](const test::Json& entry) {
            const auto& states = entry.at("states");
            std::size_t at = 0;
            // The file lists every value that h takes, and after each mix_key ck and k, which only show in
            // what follows.
            const auto expect_hash = [&](const SymmetricState& state) {
                while (at < states.size() && states[at][0] != "h") ++at;
                REQUIRE(at < states.size());
                CHECK(to_hex(state.handshake_hash()) == states[at++][1].get<std::string>());
            };

            const Bytes message1 = hex_field(entry, "message1"), message2 = hex_field(entry, "message2");
            SymmetricState state{entry.at("protocol_name").get<std::string>()};
            state.mix_hash(hex_field(entry, "prologue"));
            expect_hash(state);
            state.mix_hash(hex_field(entry, "e_initiator_pub"));
            expect_hash(state);
            state.mix_hash(hex_field(entry, "payload1"));
            expect_hash(state);
            state.mix_hash(hex_field(entry, "e_responder_pub"));
            expect_hash(state);
            state.mix_key(hex_array<32>(entry, "dh_ee"));
            Bytes expected_message2 = hex_field(entry, "e_responder_pub");
            append(expected_message2, sealed(state, hex_field(entry, "s_responder_pub")));
            expect_hash(state);
            state.mix_key(hex_array<32>(entry, "dh_es"));
            append(expected_message2, sealed(state, hex_field(entry, "payload2")));
            expect_hash(state);
            CHECK(message2 == expected_message2);
            CHECK(state.handshake_hash() == hex_array<32>(entry, "handshake_hash"));

            // The initiator's side, which opens where the other seals.
            SymmetricState peer{entry.at("protocol_name").get<std::string>()};
            peer.mix_hash(hex_field(entry, "prologue"));
            peer.mix_hash(ByteView{message1}.first(32));
            peer.mix_hash(ByteView{message1}.subspan(32));
            peer.mix_hash(ByteView{message2}.first(32));
            peer.mix_key(hex_array<32>(entry, "dh_ee"));
            Bytes32 static_key;
            REQUIRE(peer.decrypt_and_hash(static_key, ByteView{message2}.subspan(32, 48)));
            CHECK(static_key == hex_array<32>(entry, "s_responder_pub"));
            peer.mix_key(hex_array<32>(entry, "dh_es"));
            Bytes payload2(message2.size() - 32 - 48 - 16);
            REQUIRE(peer.decrypt_and_hash(payload2, ByteView{message2}.subspan(80)));
            CHECK(payload2 == hex_field(entry, "payload2"));
            CHECK(peer.handshake_hash() == state.handshake_hash());

            auto ciphers = state.split();
            CHECK(ciphers.initiator_to_responder.key == hex_array<32>(entry, "k_initiator_to_responder"));
            CHECK(ciphers.responder_to_initiator.key == hex_array<32>(entry, "k_responder_to_initiator"));
            test::for_each_vector(entry.at("transport"), [&](const test::Json& message) {
                auto& cipher = message.at("from") == "initiator" ? ciphers.initiator_to_responder
                                                                 : ciphers.responder_to_initiator;
                const Bytes plaintext = hex_field(message, "plaintext");
                Bytes ciphertext(plaintext.size() + 16);
                REQUIRE(seal(cipher, ciphertext, plaintext));
                CHECK(to_hex(ciphertext) == message.at("ciphertext").get<std::string>());
            });
        });
}

TEST_CASE("a wrong tag leaves the hash and the counter where they were") {
    SymmetricState one{"name"}, other{"name"};
    one.mix_key(Bytes32{1});
    other.mix_key(Bytes32{1});
    Bytes ciphertext = sealed(one, Bytes{1, 2, 3});
    const Bytes32 before = other.handshake_hash();
    Bytes out(3);
    ciphertext[0] ^= 1;
    CHECK_FALSE(other.decrypt_and_hash(out, ciphertext));
    CHECK(other.handshake_hash() == before);
    ciphertext[0] ^= 1;
    CHECK(other.decrypt_and_hash(out, ciphertext));
    CHECK(out == Bytes{1, 2, 3});
    CHECK(other.handshake_hash() == one.handshake_hash());
}

TEST_CASE("the counter moves by one for each success only, and 2^64-1 is never used") {
    CipherState sender{.key = {9}}, receiver{.key = {9}};
    Bytes sealed_text(17), opened(1);
    for (std::uint64_t count = 1; count < 4; ++count) {
        REQUIRE(seal(sender, sealed_text, Bytes{5}));
        CHECK(sender.nonce == count);
        auto damaged = sealed_text;
        damaged[16] ^= 0x80;
        CHECK_FALSE(open(receiver, opened, damaged));
        CHECK_FALSE(open(receiver, opened, ByteView{sealed_text}.first(15)));
        CHECK(receiver.nonce == count - 1);
        REQUIRE(open(receiver, opened, sealed_text));
        CHECK(receiver.nonce == count);
    }

    sender.nonce = receiver.nonce = 0xffff'ffff'ffff'fffe;
    REQUIRE(seal(sender, sealed_text, Bytes{5}));
    REQUIRE(open(receiver, opened, sealed_text));
    const Bytes last = sealed_text;
    CHECK_FALSE(seal(sender, sealed_text, Bytes{5}));
    CHECK(sealed_text == last);
    CHECK_FALSE(open(receiver, opened, sealed_text));
    CHECK(sender.nonce == 0xffff'ffff'ffff'ffff);
    CHECK(receiver.nonce == 0xffff'ffff'ffff'ffff);
}
