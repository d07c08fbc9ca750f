#include "miner/sha_ni.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

// Only these functions are compiled for the extensions; the program checks the processor before calling them.
#define HP_SHA __attribute__((target("sha,sse4.1,ssse3")))
#define HP_SHA_INLINE HP_SHA __attribute__((always_inline)) inline

namespace hp::miner::sha_ni {
namespace {

alignas(16) constexpr std::uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
alignas(16) constexpr std::uint32_t kInitial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                                   0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

/// The state in the form of sha256rnds2: words F E B A and H G D C, lowest lane first.
struct State {
    __m128i feba, hgdc;
};
/// The state in its natural order.
struct Words {
    __m128i abcd, efgh;
};

HP_SHA_INLINE State to_state(Words words) {
    const __m128i badc = _mm_shuffle_epi32(words.abcd, 0xb1);
    const __m128i hgfe = _mm_shuffle_epi32(words.efgh, 0x1b);
    return {_mm_alignr_epi8(badc, hgfe, 8), _mm_blend_epi16(hgfe, badc, 0xf0)};
}
HP_SHA_INLINE Words to_words(State state) {
    const __m128i abef = _mm_shuffle_epi32(state.feba, 0x1b);
    const __m128i ghcd = _mm_shuffle_epi32(state.hgdc, 0xb1);
    return {_mm_blend_epi16(abef, ghcd, 0xf0), _mm_alignr_epi8(ghcd, abef, 8)};
}
HP_SHA_INLINE Words load(const std::uint32_t* words8) {
    return {_mm_loadu_si128(reinterpret_cast<const __m128i*>(words8)),
            _mm_loadu_si128(reinterpret_cast<const __m128i*>(words8 + 4))};
}

/// The 64 rounds over `Lanes` blocks at once; `message` is overwritten.
template <int Lanes>
HP_SHA_INLINE void compress(State (&state)[Lanes], __m128i (&message)[Lanes][4]) {
    State at[Lanes];
#pragma GCC unroll 2
    for (int lane = 0; lane < Lanes; ++lane) at[lane] = state[lane];
#pragma GCC unroll 16
    for (int group = 0; group < 16; ++group) {
        const __m128i constants = _mm_load_si128(reinterpret_cast<const __m128i*>(kRound + 4 * group));
#pragma GCC unroll 2
        for (int lane = 0; lane < Lanes; ++lane) {
            auto& m = message[lane];
            const __m128i current = m[group & 3];
            const __m128i low = _mm_add_epi32(current, constants);
            at[lane].hgdc = _mm_sha256rnds2_epu32(at[lane].hgdc, at[lane].feba, low);
            at[lane].feba = _mm_sha256rnds2_epu32(at[lane].feba, at[lane].hgdc, _mm_shuffle_epi32(low, 0x0e));
            if (group < 12) {
                const __m128i last = m[(group + 3) & 3];
                const __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(current, m[(group + 1) & 3]),
                                                  _mm_alignr_epi8(last, m[(group + 2) & 3], 4));
                m[group & 3] = _mm_sha256msg2_epu32(sum, last);
            }
        }
    }
#pragma GCC unroll 2
    for (int lane = 0; lane < Lanes; ++lane) {
        state[lane].feba = _mm_add_epi32(state[lane].feba, at[lane].feba);
        state[lane].hgdc = _mm_add_epi32(state[lane].hgdc, at[lane].hgdc);
    }
}

}  // namespace

bool is_available() {
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & bit_SHA)) return false;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSE4_1) && (c & bit_SSSE3);
}

HP_SHA void first_block(const std::uint8_t* block64, std::uint32_t* out) {
    std::uint32_t words[16];
    for (int i = 0; i < 16; ++i) words[i] = get_be<std::uint32_t>(block64 + 4 * i);
    State state[1] = {to_state(load(kInitial))};
    __m128i message[1][4];
    for (int i = 0; i < 4; ++i)
        message[0][i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(words + 4 * i));
    compress<1>(state, message);
    const Words result = to_words(state[0]);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), result.abcd);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 4), result.efgh);
}

HP_SHA std::uint64_t find(const std::uint32_t* midstate, const std::uint8_t* tail12, std::uint64_t first,
                          std::uint64_t count, std::uint32_t top_max) {
    HP_ASSERT(count % 2 == 0);
    const State start = to_state(load(midstate));
    const State initial = to_state(load(kInitial));
    const auto tail = [&](int i) { return static_cast<int>(get_be<std::uint32_t>(tail12 + 4 * i)); };
    const __m128i tail_words = _mm_set_epi32(0, tail(2), tail(1), tail(0));
    const __m128i zero = _mm_setzero_si128();
    // Padding: one bit, zeros, the length in bits: 80 bytes, then 32.
    const __m128i header_pad = _mm_set_epi32(0, 0, 0, static_cast<int>(0x8000'0000u));
    const __m128i header_length = _mm_set_epi32(640, 0, 0, 0);
    const __m128i digest_length = _mm_set_epi32(256, 0, 0, 0);

    for (std::uint64_t nonce = first, end = first + count; nonce < end; nonce += 2) {
        State state[2] = {start, start};
        __m128i message[2][4];
#pragma GCC unroll 2
        for (int lane = 0; lane < 2; ++lane) {
            const auto word =
                __builtin_bswap32(static_cast<std::uint32_t>(nonce) + static_cast<unsigned>(lane));
            message[lane][0] = _mm_insert_epi32(tail_words, static_cast<int>(word), 3);
            message[lane][1] = header_pad;
            message[lane][2] = zero;
            message[lane][3] = header_length;
        }
        compress<2>(state, message);
#pragma GCC unroll 2
        for (int lane = 0; lane < 2; ++lane) {
            const Words digest = to_words(state[lane]);
            message[lane][0] = digest.abcd;
            message[lane][1] = digest.efgh;
            message[lane][2] = header_pad;
            message[lane][3] = digest_length;
            state[lane] = initial;
        }
        compress<2>(state, message);
#pragma GCC unroll 2
        for (int lane = 0; lane < 2; ++lane) {
            // H is the lowest lane of hgdc; its bytes, reversed, are the most significant ones of the number.
            const auto h = static_cast<std::uint32_t>(_mm_cvtsi128_si32(state[lane].hgdc));
            if (__builtin_bswap32(h) <= top_max) return nonce + static_cast<unsigned>(lane);
        }
    }
    return first + count;
}

}  // namespace hp::miner::sha_ni

#else

namespace hp::miner::sha_ni {

bool is_available() { return false; }
void first_block(const std::uint8_t*, std::uint32_t*) { HP_ASSERT(!"no SHA extensions on this processor"); }
std::uint64_t find(const std::uint32_t*, const std::uint8_t*, std::uint64_t, std::uint64_t, std::uint32_t) {
    HP_ASSERT(!"no SHA extensions on this processor");
}

}  // namespace hp::miner::sha_ni

#endif
