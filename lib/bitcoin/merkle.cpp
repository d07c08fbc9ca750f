#include "bitcoin/merkle.hpp"

#include "crypto/sha256.hpp"

namespace hp::bitcoin {
namespace {

/// Replaces a level by the one above it.
void rise(std::vector<Bytes32>& level) {
    if (level.size() % 2 != 0) level.push_back(level.back());
    for (std::size_t i = 0; i < level.size() / 2; ++i) level[i] = merkle_node(level[2 * i], level[2 * i + 1]);
    level.resize(level.size() / 2);
}

}  // namespace

Bytes32 merkle_node(const Bytes32& left, const Bytes32& right) {
    ByteArray<64> both;
    std::ranges::copy(left, both.begin());
    std::ranges::copy(right, both.begin() + 32);
    return crypto::sha256d(both);
}

Bytes32 merkle_root_from_path(const Bytes32& leaf, std::span<const Bytes32> path) {
    Bytes32 node = leaf;
    for (const Bytes32& sister : path) node = merkle_node(node, sister);
    return node;
}

std::vector<Bytes32> merkle_path_of_first(std::span<const Bytes32> others) {
    // The first node is unknown and not needed: use a placeholder. It is never paired with itself, because a
    // level of more than one node has a second.
    std::vector<Bytes32> level{Bytes32{}};
    level.insert(level.end(), others.begin(), others.end());
    std::vector<Bytes32> path;
    while (level.size() > 1) {
        path.push_back(level[1]);
        rise(level);
    }
    return path;
}

Bytes32 merkle_root(std::span<const Bytes32> leaves) {
    HP_ASSERT(!leaves.empty());
    std::vector<Bytes32> level(leaves.begin(), leaves.end());
    while (level.size() > 1) rise(level);
    return level.front();
}

}  // namespace hp::bitcoin
