#include "share_job.hpp"

#include "bitcoin/header.hpp"
#include "bitcoin/merkle.hpp"
#include "crypto/sha256.hpp"

namespace hp::hp_quote {

std::optional<ShareJob> share_job(store::Database& outbox, std::uint64_t seq) {
    auto row = outbox.prepare(
        "SELECT header, coinbase_prefix, extranonce, coinbase_suffix, merkle_path FROM share JOIN job ON "
        "job.id = job "
        "WHERE seq = ?");
    if (!row.bind(seq).step()) return {};
    ShareJob out;
    for (int column : {1, 2, 3}) append(out.coinbase_tx, row.view(column));
    for (ByteView path = row.view(4); path.size() >= 32; path = path.subspan(32))
        out.merkle_path.push_back(to_array<32>(path.first(32)));
    const Bytes32 root = bitcoin::merkle_root_from_path(crypto::sha256d(out.coinbase_tx), out.merkle_path);
    out.matches_header = bitcoin::BlockHeader::decode(row.array<80>(0)).merkle_root == root;
    if (auto parsed = bitcoin::parse_transaction(out.coinbase_tx)) out.outputs = std::move(parsed->outputs);
    return out;
}

}  // namespace hp::hp_quote
