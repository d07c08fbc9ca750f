// Merkle trees of transaction ids. All hashes in header byte order.
#pragma once
#include <span>
#include <vector>

#include "base/bytes.hpp"

namespace hp::bitcoin {

/// SHA-256 twice over left || right.
Bytes32 merkle_node(const Bytes32& left, const Bytes32& right);

/// The root above the first leaf (the coinbase's txid), given its siblings from the bottom up.
Bytes32 merkle_root_from_path(const Bytes32& leaf, std::span<const Bytes32> path);

/// The siblings of the first leaf, from the bottom up, given all the other leaves in block order.
std::vector<Bytes32> merkle_path_of_first(std::span<const Bytes32> others);

/// The root of a whole list. An odd level repeats its last node, so a list that ends in repeated leaves can
/// have the root of a shorter one (CVE-2012-2459): check for duplicates before trusting a root.
/// REQUIRES: leaves is not empty
Bytes32 merkle_root(std::span<const Bytes32> leaves);

}  // namespace hp::bitcoin
