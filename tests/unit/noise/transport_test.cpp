#include "noise/transport.hpp"

#include "crypto/hex_field.hpp"
#include "crypto/random.hpp"
#include "crypto/sha256.hpp"

using namespace hp;
using namespace hp::noise;
using test::hex_array;
using test::hex_field;

namespace {

constexpr std::size_t kChunkEdges[] = {0, 1, 15, 16, 65518, 65519, 65520, 131038, 131039};

Bytes make_frame(std::uint16_t extension_field, std::uint8_t msg_type, const Bytes& payload) {
    Bytes frame(kHeaderSize + payload.size());
    put_le(frame.data(), extension_field);
    frame[2] = msg_type;
    for (std::size_t i = 0; i < 3; ++i) frame[3 + i] = static_cast<std::uint8_t>(payload.size() >> (8 * i));
    std::copy(payload.begin(), payload.end(), frame.begin() + kHeaderSize);
    return frame;
}

Bytes frame_of(std::size_t payload_size, std::uint8_t msg_type = 0x1a) {
    Bytes payload(payload_size);
    for (std::size_t i = 0; i < payload_size; ++i) payload[i] = static_cast<std::uint8_t>(i % 251);
    return make_frame(0x8000, msg_type, payload);
}

Bytes sealed(CipherState& cipher, const Bytes& frame) {
    Bytes out;
    seal_frame(cipher, frame, out);
    return out;
}

CipherState cipher(std::uint64_t nonce = 0) { return {.key = {1, 2, 3}, .nonce = nonce}; }

/// Takes every frame that is whole; fails the test on an error.
void take_all(FrameOpener& opener, std::vector<Bytes>& frames) {
    for (;;) {
        const auto frame = opener.next();
        REQUIRE(frame.has_value());
        if (!*frame) return;
        frames.emplace_back((*frame)->begin(), (*frame)->end());
    }
}

}  // namespace

TEST_CASE("sv2-noise.json: sizes on the wire") {
    test::for_each_vector(test::read_vectors("sv2-noise.json").at("payload_wire_size"),
                          [](const test::Json& entry) {
                              const auto plain = entry.at("plaintext").get<std::size_t>();
                              const auto wire = entry.at("wire").get<std::size_t>();
                              CHECK(sealed_payload_size(plain) == wire);
                              CHECK(wire - plain == 16 * entry.at("chunks").get<std::size_t>());
                              auto sender = cipher();
                              CHECK(sealed(sender, frame_of(plain)).size() == kSealedHeaderSize + wire);
                              CHECK(sender.nonce == 1 + entry.at("chunks").get<std::uint64_t>());
                          });
}

TEST_CASE("sv2-frames.json: encrypted frames") {
    const auto file = test::read_vectors("sv2-frames.json").at("encrypted_frames");
    CipherState sender{.key = hex_array<32>(file, "key"),
                       .nonce = file.at("first_nonce").get<std::uint64_t>()};
    FrameOpener opener{sender};
    test::for_each_vector(file.at("frames"), [&](const test::Json& entry) {
        Bytes payload(entry.at("payload_length").get<std::size_t>());
        if (entry.contains("payload")) {
            payload = hex_field(entry, "payload");
        } else {
            REQUIRE(entry.at("payload_rule") == "byte i is i mod 251");
            for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<std::uint8_t>(i % 251);
        }
        const auto extension_field = static_cast<std::uint16_t>(
            std::stoul(entry.at("header_extension_type_field").get<std::string>(), nullptr, 16));
        const Bytes frame = make_frame(extension_field, entry.at("msg_type").get<std::uint8_t>(), payload);

        CHECK(sender.nonce == entry.at("nonce_before").get<std::uint64_t>());
        const Bytes wire = sealed(sender, frame);
        CHECK(sender.nonce == entry.at("nonce_after").get<std::uint64_t>());
        CHECK(wire.size() == entry.at("wire_length").get<std::size_t>());
        CHECK(crypto::sha256(wire) == hex_array<32>(entry, "wire_sha256"));
        if (entry.contains("wire")) CHECK(to_hex(wire) == entry.at("wire").get<std::string>());
        if (entry.contains("wire_first_64")) {
            CHECK(to_hex(ByteView{wire}.first(64)) == entry.at("wire_first_64").get<std::string>());
            CHECK(to_hex(ByteView{wire}.last(32)) == entry.at("wire_last_32").get<std::string>());
        }

        opener.feed(wire);
        std::vector<Bytes> opened;
        take_all(opener, opened);
        REQUIRE(opened.size() == 1);
        CHECK(opened[0] == frame);
    });
}

TEST_CASE("frames at the edges of a chunk come back, all at once") {
    auto sender = cipher();
    Bytes wire;
    for (std::size_t size : kChunkEdges) seal_frame(sender, frame_of(size), wire);
    FrameOpener opener{cipher()};
    opener.feed(wire);
    std::vector<Bytes> opened;
    take_all(opener, opened);
    REQUIRE(opened.size() == std::size(kChunkEdges));
    for (std::size_t i = 0; i < opened.size(); ++i) CHECK(opened[i] == frame_of(kChunkEdges[i]));
}

TEST_CASE("frames at the edges of a chunk come back, in pieces of any size") {
    auto sender = cipher();
    Bytes wire;
    for (std::size_t size : kChunkEdges) seal_frame(sender, frame_of(size), wire);
    for (std::size_t step : {1, 7, 21, 22, 23, 4096, 65535, 65536, 100'000}) {
        CAPTURE(step);
        FrameOpener opener{cipher()};
        std::vector<Bytes> opened;
        for (std::size_t at = 0; at < wire.size(); at += step) {
            opener.feed(ByteView{wire}.subspan(at, std::min(step, wire.size() - at)));
            take_all(opener, opened);
        }
        REQUIRE(opened.size() == std::size(kChunkEdges));
        for (std::size_t i = 0; i < opened.size(); ++i) CHECK(opened[i] == frame_of(kChunkEdges[i]));
    }
}

TEST_CASE("a frame is whole with its last byte, not before") {
    auto sender = cipher();
    for (std::size_t size : {0, 1, 100, 65520}) {
        FrameOpener opener{sender};
        const Bytes wire = sealed(sender, frame_of(size));
        opener.feed(ByteView{wire}.first(wire.size() - 1));
        REQUIRE(opener.next().has_value());
        CHECK_FALSE(opener.next()->has_value());
        opener.feed(ByteView{wire}.last(1));
        REQUIRE(opener.next()->has_value());
        CHECK_FALSE(opener.next()->has_value());
    }
}

TEST_CASE("the largest payload") {
    auto sender = cipher();
    const Bytes frame = frame_of(kPayloadMax);
    FrameOpener opener{cipher()};
    opener.feed(sealed(sender, frame));
    const auto opened = opener.next();
    REQUIRE(opened.has_value());
    REQUIRE(opened->has_value());
    CHECK(std::equal((*opened)->begin(), (*opened)->end(), frame.begin(), frame.end()));
    CHECK(sender.nonce == 258);
}

TEST_CASE("sealing appends") {
    auto sender = cipher(), again = cipher();
    Bytes out{1, 2, 3};
    seal_frame(sender, frame_of(10), out);
    CHECK(ByteView{out}.size() == 3 + 22 + 26);
    CHECK(out[0] == 1);
    CHECK(out[2] == 3);
    CHECK(Bytes(out.begin() + 3, out.end()) == sealed(again, frame_of(10)));
}

TEST_CASE("AC-007: any flipped bit of the first frame ends the session") {
    auto sender = cipher();
    const Bytes wire = sealed(sender, frame_of(40));
    for (std::size_t bit = 0; bit < 8 * wire.size(); ++bit) {
        CAPTURE(bit);
        Bytes flipped = wire;
        flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
        FrameOpener opener{cipher()};
        opener.feed(flipped);
        const auto refused = opener.next();
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().code == Errc::protocol);
        // The right bytes afterwards do not revive it.
        opener.feed(wire);
        REQUIRE_FALSE(opener.next().has_value());
    }
}

TEST_CASE("AC-009: a dropped, repeated or swapped frame ends the session at the first wrong tag") {
    auto sender = cipher();
    const Bytes first = sealed(sender, frame_of(5)), second = sealed(sender, frame_of(6)),
                third = sealed(sender, frame_of(7));
    const auto delivered = [](std::initializer_list<Bytes> wire) {
        FrameOpener opener{cipher()};
        for (const Bytes& part : wire) opener.feed(part);
        std::size_t count = 0;
        for (;;) {
            const auto frame = opener.next();
            if (!frame) return count;
            REQUIRE(frame->has_value());
            ++count;
        }
    };
    CHECK(delivered({first, third}) == 1);
    CHECK(delivered({first, first}) == 1);
    CHECK(delivered({first, third, second}) == 1);
    CHECK(delivered({second}) == 0);
}

TEST_CASE("AC-010: the limit is decided from the header alone, for the type without the channel bit") {
    const auto limit = [](std::uint16_t extension_type, std::uint8_t msg_type) -> std::size_t {
        return extension_type == 0x0003 && msg_type == 0x21 ? 100 : 10;
    };
    const auto header_only = [&](std::uint16_t extension_field, std::uint8_t msg_type, std::size_t size) {
        auto sender = cipher();
        const Bytes wire = sealed(sender, make_frame(extension_field, msg_type, Bytes(size)));
        FrameOpener opener{cipher(), limit};
        opener.feed(ByteView{wire}.first(kSealedHeaderSize));
        return opener.next().has_value();
    };
    CHECK(header_only(0x8003, 0x21, 100));
    CHECK(header_only(0x0003, 0x21, 100));
    CHECK_FALSE(header_only(0x8003, 0x21, 101));
    CHECK(header_only(0x0000, 0x21, 10));
    CHECK_FALSE(header_only(0x0000, 0x21, 11));
    CHECK_FALSE(header_only(0x8003, 0x22, kPayloadMax));

    auto sender = cipher();
    FrameOpener opener{cipher(), limit};
    opener.feed(sealed(sender, make_frame(0x8000, 0x1e, Bytes(11))));
    const auto refused = opener.next();
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().what ==
          "message type 0x1e of extension 0x00 announces 11 bytes, at most 10 are allowed");
    opener.feed(Bytes(1000));
    CHECK_FALSE(opener.next().has_value());
}

TEST_CASE("a receiver whose counter is used up refuses") {
    auto sender = cipher(0xffff'ffff'ffff'fffc);
    FrameOpener opener{sender};
    opener.feed(sealed(sender, frame_of(1)));
    REQUIRE(opener.next().has_value());
    CHECK(sender.nonce == 0xffff'ffff'ffff'fffe);
    Bytes header(kSealedHeaderSize);
    REQUIRE(seal(sender, header, frame_of(0)));
    opener.feed(header);
    REQUIRE(opener.next()->has_value());
    opener.feed(Bytes(kSealedHeaderSize));
    CHECK_FALSE(opener.next().has_value());
}
