#include "pool/block_folder.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "bitcoin/block.hpp"
#include "bitcoin/merkle.hpp"
#include "pool/whole_file.hpp"
#include "sv2/blocks.hpp"
#include "sv2/codec.hpp"
#include "sv2/frame.hpp"
#include "sv2/templates.hpp"

namespace hp::pool {
namespace {

constexpr const char* kBlockSuffix = ".hex";

}  // namespace

Result<Bytes> whole_block(const bitcoin::HeaderBytes& header, ByteView coinbase, ByteView transaction_data) {
    HP_TRY(auto data, sv2::decode<sv2::templates::RequestTransactionDataSuccess>(transaction_data));
    bitcoin::Block block;
    block.header = bitcoin::BlockHeader::decode(header);
    HP_TRY(const auto first, bitcoin::parse_transaction(coinbase));
    std::vector<Bytes32> txids{first.txid()};
    block.transactions.emplace_back(coinbase.begin(), coinbase.end());
    for (auto& item : data.transaction_list.items) {
        HP_TRY(const auto transaction, bitcoin::parse_transaction(item.value));
        txids.push_back(transaction.txid());
        block.transactions.push_back(std::move(item.value));
    }
    if (bitcoin::merkle_root(txids) != block.header.merkle_root)
        return fail(Errc::protocol, "the transactions of template " + std::to_string(data.template_id) +
                                        " are not those that its merkle path commits to");
    return bitcoin::serialize_block(block);
}

std::string block_path(const std::string& folder, const Bytes32& hash) {
    return folder + "/" + to_hex_reversed(hash) + kBlockSuffix;
}

Result<> write_block(const std::string& folder, const Bytes32& hash, ByteView block) {
    HP_DO(write_whole_file(block_path(folder, hash), to_hex(block) + "\n"));
    HP_TRY(const auto all, list_blocks(folder));
    std::error_code ignored;
    for (std::size_t i = 0; i + kBlockFilesMax < all.size(); ++i)
        std::filesystem::remove(block_path(folder, all[i].hash), ignored);
    return {};
}

Result<Bytes> read_block(const std::string& folder, const Bytes32& hash) {
    const std::string path = block_path(folder, hash);
    std::ifstream in{path, std::ios::binary};
    std::string text(2 * sv2::blocks::kBlockSizeMax + 2, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!in && !in.eof()) return fail(Errc::io, "cannot read '" + path + "': " + std::strerror(errno));
    text.resize(static_cast<std::size_t>(in.gcount()));
    while (text.ends_with('\n')) text.pop_back();
    const auto is_not = [&](const std::string& why) {
        return fail(Errc::invalid, "'" + path + "' is not its block: " + why);
    };
    auto raw = from_hex(text);
    if (!raw) return is_not(raw.error().what);
    const auto block = bitcoin::parse_block(*raw);
    if (!block) return is_not(block.error().what);
    if (block->header.hash() != hash)
        return is_not("expected hash " + to_hex_reversed(hash) + ", got " +
                      to_hex_reversed(block->header.hash()));
    if (const auto fits = bitcoin::check_commitments(*block); !fits) return is_not(fits.error().what);
    return raw;
}

Result<std::vector<BlockFile>> list_blocks(const std::string& folder) {
    namespace fs = std::filesystem;
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
        return fail(Errc::io, "cannot create '" + folder + "': " + std::strerror(errno));
    std::vector<BlockFile> out;
    std::error_code error;
    for (fs::directory_iterator it{folder, error}, end; !error && it != end; it.increment(error)) {
        const auto hash = array_from_hex<32>(it->path().stem().string());
        struct stat file {};
        if (!hash || it->path().extension() != kBlockSuffix || ::stat(it->path().c_str(), &file) != 0)
            continue;
        Bytes32 in_order = *hash;
        std::ranges::reverse(in_order);
        out.push_back({in_order, UnixMs{file.st_mtim.tv_sec} * 1000 + file.st_mtim.tv_nsec / 1'000'000});
    }
    if (error) return fail(Errc::io, "cannot read the folder '" + folder + "': " + error.message());
    std::ranges::sort(out, {}, &BlockFile::found_ms);
    return out;
}

}  // namespace hp::pool
