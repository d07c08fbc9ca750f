#include "pool/found_blocks.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "bitcoin/block.hpp"
#include "bitcoin/coinbase.hpp"
#include "bitcoin/merkle.hpp"
#include "net/net_fixture.hpp"
#include "pool/block_folder.hpp"
#include "sv2/frame.hpp"

using namespace hp;
using namespace hp::pool;

namespace {

struct BlocksFolder {
    std::string path;
    BlocksFolder() {
        char name[] = "/tmp/hp-blocks-test-XXXXXX";
        REQUIRE(::mkdtemp(name) != nullptr);
        path = name;
    }
    ~BlocksFolder() { std::filesystem::remove_all(path); }
    FoundBlocks::Options options() const { return {path + "/solutions", path + "/blocks"}; }
};

bitcoin::Transaction transaction(std::uint8_t n) {
    bitcoin::Transaction out;
    bitcoin::TxIn& input = out.inputs.emplace_back();
    input.prev_txid.fill(n);
    input.witness = {Bytes(64, n)};
    out.outputs.push_back({1000, Bytes{0x51}});
    return out;
}

/// A template's transactions, and a block of it.
struct Found {
    FoundBlock block;
    Bytes transaction_data;
    Bytes raw;
};
Found found(std::uint64_t template_id, std::uint32_t nonce = 0) {
    bitcoin::Transaction coinbase;
    coinbase.inputs.emplace_back().prev_index = 0xffff'ffff;
    coinbase.inputs[0].script_sig = Bytes{0x51, 0x00};
    coinbase.inputs[0].witness = {Bytes(32, 0)};
    coinbase.outputs.push_back({5'000'000'000, Bytes{0x51}});
    std::vector<Bytes32> wtxids(1);
    for (std::uint8_t n = 1; n < 4; ++n) wtxids.push_back(transaction(n).wtxid());
    coinbase.outputs.push_back(
        bitcoin::witness_commitment_output(bitcoin::witness_commitment(bitcoin::merkle_root(wtxids))));
    bitcoin::Block block;
    block.transactions.push_back(coinbase.serialize(bitcoin::WitnessForm::full));
    std::vector<Bytes32> txids{coinbase.txid()};
    sv2::templates::RequestTransactionDataSuccess data;
    data.template_id = template_id;
    for (std::uint8_t n = 1; n < 4; ++n) {
        block.transactions.push_back(transaction(n).serialize(bitcoin::WitnessForm::full));
        txids.push_back(transaction(n).txid());
        data.transaction_list.items.push_back({block.transactions.back()});
    }
    block.header.merkle_root = bitcoin::merkle_root(txids);
    block.header.nonce = nonce;
    Found out;
    out.block.header = block.header.encode();
    out.block.hash = block.header.hash();
    out.block.solution.template_id = template_id;
    out.block.solution.header_nonce = nonce;
    out.block.solution.coinbase_tx.value = block.transactions[0];
    const Bytes frame = sv2::encode_frame(data);
    out.transaction_data.assign(frame.begin() + 6, frame.end());
    out.raw = bitcoin::serialize_block(block);
    return out;
}

/// FoundBlocks on a loop, whose disk is waited for.
struct OnDisk {
    net::Loop loop;
    std::vector<FoundBlocks::Kept> completed;
    FoundBlocks blocks;
    explicit OnDisk(FoundBlocks::Options options)
        : blocks{std::move(options), [this](auto call) { loop.post(std::move(call)); },
                 [this](const Bytes32&, const FoundBlocks::Kept& kept) { completed.push_back(kept); }} {}
    FoundBlocks::Kept keep(const Found& one, bool is_given = false, SteadyMs now = 1000) {
        std::optional<FoundBlocks::Kept> out;
        blocks.keep(one.block, is_given, 1'000'000 + now, now, [&](const auto& kept) { out = kept; });
        REQUIRE(test::run_until(loop, [&] { return out.has_value(); }));
        return *out;
    }
    std::optional<Bytes> next(SteadyMs now = 1000) {
        std::optional<Bytes> out;
        if (!blocks.next(now, [&](const Bytes32&, Result<Bytes> block) { out = block.value(); })) return {};
        REQUIRE(test::run_until(loop, [&] { return out.has_value(); }));
        return out;
    }
};

}  // namespace

TEST_CASE("a block is put together from its template's transactions, or not at all") {
    const Found one = found(7);
    CHECK(whole_block(one.block.header, one.block.solution.coinbase_tx.value, one.transaction_data).value() ==
          one.raw);
    auto header = one.block.header;
    header[40] ^= 1;  // the merkle root
    CHECK_FALSE(whole_block(header, one.block.solution.coinbase_tx.value, one.transaction_data));
    CHECK_FALSE(whole_block(one.block.header, Bytes{1, 2}, one.transaction_data));
    CHECK_FALSE(whole_block(one.block.header, one.block.solution.coinbase_tx.value,
                            ByteView(one.transaction_data).first(20)));
}

TEST_CASE("a block's file is hex under its hash; the newest are kept, and other files stay") {
    BlocksFolder folder;
    const std::string path = folder.path + "/blocks";
    CHECK(list_blocks(path)->empty());
    std::ofstream{path + "/notes.txt"} << "mine";
    const Found one = found(7);
    REQUIRE(write_block(path, one.block.hash, one.raw));
    CHECK(block_path(path, one.block.hash).ends_with(to_hex_reversed(one.block.hash) + ".hex"));
    CHECK(read_block(path, one.block.hash).value() == one.raw);
    std::filesystem::last_write_time(block_path(path, one.block.hash),
                                     std::filesystem::file_time_type::clock::now() - std::chrono::hours{2});
    for (std::uint32_t n = 1; n <= kBlockFilesMax; ++n)
        REQUIRE(write_block(path, found(7, n).block.hash, one.raw));
    const auto left = list_blocks(path).value();
    CHECK(left.size() == kBlockFilesMax);
    CHECK(std::ranges::find(left, one.block.hash, &BlockFile::hash) == left.end());
    CHECK(std::filesystem::exists(path + "/notes.txt"));
    CHECK_FALSE(list_blocks(folder.path + "/none/blocks"));
}

TEST_CASE(
    "a found block is given once, again after a lost connection or a restart, and no more once settled") {
    BlocksFolder folder;
    const Found one = found(7);
    {
        OnDisk disk{folder.options()};
        REQUIRE(disk.blocks.open(1'001'000, 1000));
        disk.blocks.on_transactions(7, one.transaction_data);
        const auto kept = disk.keep(one, true);
        CHECK(kept.file == block_path(folder.path + "/blocks", one.block.hash));
        CHECK(kept.why_not.empty());
        CHECK(kept.solution_error.empty());
        CHECK_FALSE(disk.next());  // the provider that has the solution will say what becomes of it
        disk.blocks.nobody_has_them();
        CHECK(disk.next() == one.raw);
        CHECK_FALSE(disk.next());
        CHECK(disk.blocks.on_verdict(one.block.hash, false));
        CHECK(disk.next() == one.raw);
        CHECK(disk.blocks.on_verdict(one.block.hash, true));
        disk.blocks.nobody_has_them();
        CHECK_FALSE(disk.next());
        CHECK_FALSE(disk.blocks.on_verdict(found(7, 1).block.hash, true));
    }
    OnDisk disk{folder.options()};
    REQUIRE(disk.blocks.open(unix_ms_now(), 50));
    CHECK(disk.blocks.solutions(50).size() == 0);  // the test's clock is of 1970
    CHECK(disk.next(50) == one.raw);
    disk.blocks.nobody_has_them();
    CHECK_FALSE(disk.next(50 + kSolutionKeptMs + 1));
}

TEST_CASE("what has no verdict after a while is given whole, and does not stand before others") {
    BlocksFolder folder;
    OnDisk disk{folder.options()};
    REQUIRE(disk.blocks.open(1'001'000, 1000));
    const Found one = found(7), other = found(7, 1);
    disk.blocks.on_transactions(7, one.transaction_data);
    disk.keep(one, true);
    constexpr SteadyMs kLate = 1000 + FoundBlocks::kVerdictLimitMs;
    CHECK_FALSE(disk.next(kLate - 1));
    CHECK(disk.next(kLate) == one.raw);
    CHECK_FALSE(disk.next(kLate));
    disk.keep(other, false, kLate);
    CHECK(disk.next(2 * kLate) == other.raw);
    CHECK(disk.next(2 * kLate) == one.raw);
    CHECK_FALSE(disk.next(2 * kLate));
    CHECK(disk.blocks.on_verdict(one.block.hash, true));
    CHECK(disk.next(4 * kLate) == other.raw);
}

TEST_CASE("a file that is not its block is told once, and not given, nor for the next connection") {
    const Found one = found(7), other = found(7, 1);
    Bytes rotten = one.raw;
    rotten[rotten.size() - 70] ^= 1;  // in the last witness
    for (const std::string& text : {std::string("00112233\n"), std::string("no hex\n"), std::string(),
                                    to_hex(other.raw) + "\n", to_hex(rotten) + "\n"}) {
        BlocksFolder folder;
        std::filesystem::create_directory(folder.path + "/blocks");
        std::ofstream{block_path(folder.path + "/blocks", one.block.hash)} << text;
        OnDisk disk{folder.options()};
        REQUIRE(disk.blocks.open(unix_ms_now(), 1000));
        std::optional<Error> why;
        REQUIRE(disk.blocks.next(1000, [&](const Bytes32&, Result<Bytes> block) { why = block.error(); }));
        REQUIRE(test::run_until(disk.loop, [&] { return why.has_value(); }));
        CHECK(why->what.find("is not its block: ") != std::string::npos);
        disk.blocks.nobody_has_them();
        CHECK_FALSE(disk.next());
    }
}

TEST_CASE("without its transactions a block is not whole, and says why; its solution is kept") {
    BlocksFolder folder;
    OnDisk disk{folder.options()};
    REQUIRE(disk.blocks.open(1'001'000, 1000));
    const Found one = found(7);
    disk.blocks.on_transactions(6, found(6).transaction_data);
    CHECK(disk.keep(one).why_not == "its template's transactions had not come yet");
    CHECK(read_solutions(folder.path + "/solutions")->size() == 1);
    CHECK_FALSE(disk.next());
    // Those of templates before the previous tip are gone.
    disk.blocks.on_transactions(7, one.transaction_data);
    REQUIRE(test::run_until(disk.loop, [&] { return disk.completed.size() == 1; }));
    disk.blocks.on_tip(8);
    CHECK(disk.keep(one).why_not.empty());
    disk.blocks.on_tip(9);
    CHECK_FALSE(disk.keep(one).why_not.empty());
    disk.blocks.on_transactions(8, found(8).transaction_data);
    for (std::uint64_t id = 9; id < 9 + FoundBlocks::kTemplatesMax; ++id)
        disk.blocks.on_transactions(id, found(id).transaction_data);
    CHECK_FALSE(disk.keep(found(8)).why_not.empty());
    CHECK(disk.keep(found(9)).why_not.empty());
}

TEST_CASE("transactions that come after their block complete it, once; it can be given then") {
    BlocksFolder folder;
    OnDisk disk{folder.options()};
    REQUIRE(disk.blocks.open(1'001'000, 1000));
    const Found one = found(7), twin = found(7, 1), other = found(8, 2);
    CHECK_FALSE(disk.keep(one).why_not.empty());
    CHECK_FALSE(disk.keep(twin, true).why_not.empty());
    CHECK_FALSE(disk.keep(other).why_not.empty());
    disk.blocks.on_tip(9);
    disk.blocks.on_tip(10);  // late, but still wanted
    disk.blocks.on_transactions(7, one.transaction_data);
    REQUIRE(test::run_until(disk.loop, [&] { return disk.completed.size() == 2; }));
    CHECK(disk.completed[0].file == block_path(folder.path + "/blocks", one.block.hash));
    CHECK(disk.completed[1].file == block_path(folder.path + "/blocks", twin.block.hash));
    CHECK(disk.next() == one.raw);
    CHECK_FALSE(disk.next());  // the twin was given by its solution, the other is not whole
    disk.blocks.on_transactions(7, one.transaction_data);
    // What is not the template's says so, and is no block.
    disk.blocks.on_transactions(8, ByteView(other.transaction_data).first(20));
    REQUIRE(test::run_until(disk.loop, [&] { return disk.completed.size() == 3; }));
    CHECK(disk.completed[2].file.empty());
    CHECK_FALSE(disk.completed[2].why_not.empty());
    CHECK_FALSE(disk.next());
}

TEST_CASE("a full disk costs no solution, and is told") {
    BlocksFolder folder;
    OnDisk disk{{folder.path + "/none/solutions", folder.path + "/blocks"}};
    REQUIRE(disk.blocks.open(1'001'000, 1000));
    const Found one = found(7);
    disk.blocks.on_transactions(7, one.transaction_data);
    std::filesystem::remove_all(folder.path + "/blocks");
    const auto kept = disk.keep(one);
    CHECK(kept.solution_error.find("cannot write") == 0);
    CHECK(kept.why_not.find("cannot write") == 0);
    CHECK(disk.blocks.solutions(1000).size() == 1);
}
