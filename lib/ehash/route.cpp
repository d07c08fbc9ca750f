#include "ehash/route.hpp"

#include "crypto/sha256.hpp"

namespace hp::ehash {

std::size_t route_by_key(std::span<const std::string> names, const crypto::PublicKey33& locking_key) {
    HP_ASSERT(!names.empty());
    const std::uint8_t zero = 0;
    std::size_t best = 0;
    Bytes32 highest{};
    for (std::size_t i = 0; i < names.size(); ++i) {
        Bytes32 weight =
            crypto::sha256({as_bytes(names[i]), ByteView{&zero, 1}, ByteView{locking_key}.subspan(1)});
        if (i == 0 || weight > highest) {
            best = i;
            highest = weight;
        }
    }
    return best;
}

}  // namespace hp::ehash
