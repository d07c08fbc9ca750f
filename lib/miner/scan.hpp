// The search for a nonce: SHA-256 twice over an 80-byte header, of which only the last 4 bytes change. The
// first 64 bytes are hashed once (the midstate).
#pragma once
#include <optional>

#include "bitcoin/header.hpp"
#include "bitcoin/target.hpp"

namespace hp::miner {

enum class Engine {
    openssl,  ///< any processor
    sha_ni,   ///< x86-64 with the SHA extensions: two headers at once
};
bool is_available(Engine engine);
/// The fastest that this processor has.
Engine best_engine();
std::string_view engine_name(Engine engine);

struct Found {
    std::uint32_t nonce{};
    Bytes32 hash{};  ///< header byte order
};

class Scanner {
  public:
    /// REQUIRES: is_available(engine)
    Scanner(Engine engine, const bitcoin::HeaderBytes& header, const bitcoin::Target& target);

    /// The first nonce in [first, first + count) whose hash is at or below the target. `hashes_done` grows by
    /// the hashes computed, at least up to the found one. REQUIRES: first + count <= 2^32
    std::optional<Found> scan(std::uint32_t first, std::uint64_t count, std::uint64_t& hashes_done) const;

  private:
    std::optional<Found> scan_openssl(std::uint32_t first, std::uint64_t count,
                                      std::uint64_t& hashes_done) const;
    std::optional<Found> check(std::uint32_t nonce) const;

    Engine engine_;
    bitcoin::HeaderBytes header_;
    bitcoin::Target target_;
    ByteArray<32> midstate_{};  ///< SHA-256 state after the first 64 bytes, eight native words
};

}  // namespace hp::miner
