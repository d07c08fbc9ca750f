#include "miner/scan.hpp"

#include "crypto/sha256.hpp"
#include "miner/sha_ni.hpp"

namespace hp::miner {

bool is_available(Engine engine) { return engine == Engine::openssl || sha_ni::is_available(); }
Engine best_engine() { return sha_ni::is_available() ? Engine::sha_ni : Engine::openssl; }
std::string_view engine_name(Engine engine) { return engine == Engine::sha_ni ? "sha-ni" : "openssl"; }

Scanner::Scanner(Engine engine, const bitcoin::HeaderBytes& header, const bitcoin::Target& target)
    : engine_{engine}, header_{header}, target_{target} {
    HP_ASSERT(is_available(engine));
    if (engine_ == Engine::sha_ni) {
        std::uint32_t state[8];
        sha_ni::first_block(header_.data(), state);
        std::memcpy(midstate_.data(), state, sizeof state);
    }
}

std::optional<Found> Scanner::check(std::uint32_t nonce) const {
    bitcoin::HeaderBytes header = header_;
    put_le(header.data() + 76, nonce);
    const Bytes32 hash = bitcoin::header_hash(header);
    if (!bitcoin::meets(hash, target_)) return {};
    return Found{nonce, hash};
}

std::optional<Found> Scanner::scan(std::uint32_t first, std::uint64_t count,
                                   std::uint64_t& hashes_done) const {
    HP_ASSERT(first + count <= std::uint64_t{1} << 32);
    if (engine_ == Engine::openssl) return scan_openssl(first, count, hashes_done);

    std::uint32_t state[8];
    std::memcpy(state, midstate_.data(), sizeof state);
    const std::uint32_t top_max = get_le<std::uint32_t>(target_.data() + 28);
    std::uint64_t nonce = first;
    const std::uint64_t end = first + count;
    while (nonce < end) {
        // The engine checks pairs, and 32 bits of the hash; check() decides.
        const std::uint64_t pairs = (end - nonce) & ~std::uint64_t{1};
        const std::uint64_t candidate =
            pairs == 0 ? nonce : sha_ni::find(state, header_.data() + 64, nonce, pairs, top_max);
        if (pairs != 0 && candidate == nonce + pairs) {
            hashes_done += pairs;
            nonce = candidate;
            continue;
        }
        hashes_done += candidate + 1 - nonce;
        if (auto found = check(static_cast<std::uint32_t>(candidate))) return found;
        nonce = candidate + 1;
    }
    return {};
}

std::optional<Found> Scanner::scan_openssl(std::uint32_t first, std::uint64_t count,
                                           std::uint64_t& hashes_done) const {
    crypto::Sha256 midstate;
    midstate.update(ByteView(header_).first(64));
    ByteArray<16> tail = to_array<16>(ByteView(header_).subspan(64));
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto nonce = static_cast<std::uint32_t>(first + i);
        put_le(tail.data() + 12, nonce);
        crypto::Sha256 rest = midstate;
        const Bytes32 inner = rest.update(tail).finish();
        const Bytes32 hash = crypto::sha256(inner);
        if (bitcoin::meets(hash, target_)) {
            hashes_done += i + 1;
            return Found{nonce, hash};
        }
    }
    hashes_done += count;
    return {};
}

}  // namespace hp::miner
