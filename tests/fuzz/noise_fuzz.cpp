// Bytes from a peer or a person for the noise and crypto rooms: a stream of sealed frames, a certificate,
// base58 text, a mnemonic. The first byte chooses.
#include <cstdint>

#include "crypto/base58.hpp"
#include "crypto/bip32.hpp"
#include "noise/certificate.hpp"
#include "noise/transport.hpp"

using namespace hp;

namespace {

/// Small enough for the fuzzer to reach both sides of it.
std::size_t payload_limit(std::uint16_t, std::uint8_t msg_type) { return msg_type * std::size_t{1024}; }

/// Feeds in pieces of the given size and takes frames until the stream ends or fails. Returns the bytes
/// delivered.
std::size_t open_stream(const noise::CipherState& cipher, ByteView wire, std::size_t piece_size) {
    noise::FrameOpener opener{cipher, payload_limit};
    std::size_t delivered = 0;
    for (std::size_t at = 0; at < wire.size(); at += piece_size) {
        opener.feed(wire.subspan(at, std::min(piece_size, wire.size() - at)));
        for (;;) {
            const auto frame = opener.next();
            if (!frame) {
                HP_ASSERT(!opener.next());  // A dead session stays dead.
                return delivered;
            }
            if (!*frame) break;
            HP_ASSERT((*frame)->size() >= noise::kHeaderSize);
            delivered += (*frame)->size();
        }
    }
    return delivered;
}

/// Bytes not sealed by any key: nothing may come out.
void fuzz_stream(ByteView input) {
    if (input.empty()) return;
    const std::size_t piece_size = std::size_t{input[0]} + 1;
    HP_ASSERT(open_stream({.key = {1}}, input.subspan(1), piece_size) == 0);
}

/// A frame that we sealed, with one byte changed by the input: only an unchanged frame comes out.
void fuzz_damaged_frame(ByteView input) {
    if (input.size() < 5) return;
    const std::size_t piece_size = std::size_t{input[0]} + 1;
    const std::size_t damage_at = get_le<std::uint16_t>(input.data() + 1);
    const std::uint8_t damage = input[3];
    const std::uint8_t msg_type = input[4];
    const ByteView payload = input.subspan(5);
    if (payload.size() > noise::kPayloadMax) return;

    Bytes frame(noise::kHeaderSize + payload.size());
    frame[2] = msg_type;
    for (std::size_t i = 0; i < 3; ++i) frame[3 + i] = static_cast<std::uint8_t>(payload.size() >> (8 * i));
    std::copy(payload.begin(), payload.end(), frame.begin() + noise::kHeaderSize);
    noise::CipherState sender{.key = {1}};
    Bytes wire;
    noise::seal_frame(sender, frame, wire);
    HP_ASSERT(wire.size() == noise::kSealedHeaderSize + noise::sealed_payload_size(payload.size()));
    wire[damage_at % wire.size()] ^= damage;

    const bool expected = damage == 0 && payload.size() <= payload_limit(0, msg_type);
    const std::size_t delivered = open_stream({.key = {1}}, wire, piece_size);
    HP_ASSERT(delivered == (expected ? frame.size() : 0));
}

void fuzz_certificate(ByteView input) {
    if (input.size() < noise::Certificate::kSize + 32 + 8) return;
    const auto bytes = to_array<noise::Certificate::kSize>(input.first(noise::Certificate::kSize));
    const auto certificate = noise::Certificate::decode(bytes);
    HP_ASSERT(certificate.encode() == bytes);
    const auto authority = to_array<32>(input.subspan(noise::Certificate::kSize, 32));
    const auto now = get_le<std::uint32_t>(input.data() + noise::Certificate::kSize + 32);
    // A signature cannot be guessed.
    HP_ASSERT(!noise::check_certificate(certificate, Bytes32{1}, authority, UnixSeconds{now}));
}

void fuzz_base58(ByteView input) {
    const auto payload = crypto::base58check_decode(as_text(input));
    if (payload) HP_ASSERT(crypto::base58check_encode(*payload) == as_text(input));
    if (const auto key = crypto::authority_key_from_text(as_text(input)))
        HP_ASSERT(crypto::authority_key_text(*key) == as_text(input));
    // Any bytes round-trip through their text.
    if (input.size() < 128) {
        const auto back = crypto::base58check_decode(crypto::base58check_encode(input));
        HP_ASSERT(back && std::equal(back->begin(), back->end(), input.begin(), input.end()));
    }
}

void fuzz_mnemonic(ByteView input) {
    (void)crypto::bip39_check(as_text(input));
    if (input.size() == 16 || input.size() == 32)
        HP_ASSERT(crypto::bip39_check(crypto::bip39_mnemonic(input)).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const ByteView input{data + 1, size - 1};
    switch (data[0] % 5) {
        case 0:
            fuzz_stream(input);
            break;
        case 1:
            fuzz_damaged_frame(input);
            break;
        case 2:
            fuzz_certificate(input);
            break;
        case 3:
            fuzz_base58(input);
            break;
        case 4:
            fuzz_mnemonic(input);
            break;
    }
    return 0;
}
