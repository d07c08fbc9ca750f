// Found blocks as files, one each, in the form that nodes take: `hp-template submit FILE`, or
// `bitcoin-cli -stdin submitblock < FILE`.
#pragma once
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "bitcoin/header.hpp"

namespace hp::pool {

/// Files kept; the oldest go first.
inline constexpr std::size_t kBlockFilesMax = 64;

/// The serialized block. `transaction_data`: the payload of a RequestTransactionData.Success. Fails if these
/// are not the transactions that the header commits to.
Result<Bytes> whole_block(const bitcoin::HeaderBytes& header, ByteView coinbase, ByteView transaction_data);

/// FOLDER/HASH.hex, the hash as it is displayed.
std::string block_path(const std::string& folder, const Bytes32& hash);
/// Hex and a newline; atomic and synced. Then deletes the oldest beyond kBlockFilesMax.
Result<> write_block(const std::string& folder, const Bytes32& hash, ByteView block);
/// An error if it is not the block of that hash, whole (bitcoin::check_commitments).
Result<Bytes> read_block(const std::string& folder, const Bytes32& hash);

struct BlockFile {
    Bytes32 hash{};
    UnixMs found_ms{};  ///< when it was written
    friend bool operator==(const BlockFile&, const BlockFile&) = default;
};
/// The folder's blocks, oldest first; other files are left out. Creates the folder, mode 0700.
Result<std::vector<BlockFile>> list_blocks(const std::string& folder);

}  // namespace hp::pool
