#include "templates/sim_file.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "chain_blocks.hpp"

using namespace hp;
using namespace hp::templates;
using hp::test::kEasyBits;
using hp::test::kNow;

namespace {

namespace fs = std::filesystem;

struct Folder {
    fs::path path;
    Folder() {
        std::string name = (fs::temp_directory_path() / "hp-sim-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()));
        path = name;
    }
    ~Folder() { fs::remove_all(path); }
    std::string file() const { return (path / "data" / "chain.dat").string(); }
};

/// Three blocks; returns the file's size after each.
std::vector<std::uintmax_t> write_three(const std::string& file, SimChain& chain) {
    auto kept = SimFile::open(file, chain, kNow);
    REQUIRE(kept);
    std::vector<std::uintmax_t> sizes;
    for (int i = 0; i < 3; ++i) {
        Bytes block = test::mine_next(chain, static_cast<std::size_t>(i));
        auto checked = chain.check(block, kNow);
        REQUIRE(checked);
        REQUIRE((*kept)->append(block));
        chain.extend(*checked);
        sizes.push_back(fs::file_size(file));
    }
    return sizes;
}

void flip_byte(const std::string& file, std::uintmax_t offset) {
    std::fstream out{file, std::ios::in | std::ios::out | std::ios::binary};
    out.seekg(static_cast<std::streamoff>(offset));
    int byte = out.get();
    out.seekp(static_cast<std::streamoff>(offset));
    out.put(static_cast<char>(byte ^ 1));
}

}  // namespace

TEST_CASE("a chain comes back from its file") {
    Folder folder;
    SimChain first{kEasyBits};
    write_three(folder.file(), first);
    SimChain second{kEasyBits};
    REQUIRE(SimFile::open(folder.file(), second, kNow));
    CHECK(second.height() == 3);
    CHECK(second.tip_hash() == first.tip_hash());
}

TEST_CASE("a file that ends anywhere inside its last block loses that block and nothing else") {
    Folder folder;
    SimChain chain{kEasyBits};
    auto sizes = write_three(folder.file(), chain);
    for (auto size = sizes[2] - 1; size > sizes[1]; --size) {
        fs::resize_file(folder.file(), size);
        SimChain again{kEasyBits};
        REQUIRE(SimFile::open(folder.file(), again, kNow));
        CHECK(again.height() == 2);
        CHECK(fs::file_size(folder.file()) == sizes[1]);
        if (size > sizes[1] + 40) size -= 37;  // not every length of a long block
        fs::resize_file(folder.file(), sizes[1]);
        auto kept = SimFile::open(folder.file(), *std::make_unique<SimChain>(kEasyBits), kNow);
        REQUIRE(kept);
        REQUIRE((*kept)->append(test::mine_next(again, 2)));
    }
    // What was cut off can be written again.
    SimChain last{kEasyBits};
    REQUIRE(SimFile::open(folder.file(), last, kNow));
    CHECK(last.height() == 3);
}

TEST_CASE("a damaged file is refused, not repaired") {
    Folder folder;
    SimChain chain{kEasyBits};
    auto sizes = write_three(folder.file(), chain);
    std::string expected;
    SUBCASE("a block's byte") {
        flip_byte(folder.file(), sizes[0] + 8 + 100);
        expected = "checksum is wrong";
    }
    SUBCASE("the last block's last byte") {
        flip_byte(folder.file(), sizes[2] - 1);
        expected = "checksum is wrong";
    }
    SUBCASE("a length") {
        flip_byte(folder.file(), sizes[0] + 3);  // the length's highest byte: 16 MB
        expected = "block length";
    }
    SUBCASE("the name at the front") {
        flip_byte(folder.file(), 0);
        expected = "is not a simulated chain";
    }
    const auto size_before = fs::file_size(folder.file());
    SimChain again{kEasyBits};
    auto opened = SimFile::open(folder.file(), again, kNow);
    REQUIRE_FALSE(opened);
    INFO(opened.error().what);
    CHECK(opened.error().what.find(expected) != std::string::npos);
    CHECK(fs::file_size(folder.file()) == size_before);
}

TEST_CASE("blocks that break a rule are not taken from a file either") {
    Folder folder;
    SimChain chain{kEasyBits};
    {
        auto kept = SimFile::open(folder.file(), chain, kNow);
        REQUIRE(kept);
        Bytes block =
            test::changed(test::mine_next(chain), chain, [](auto& b) { b.header.prev_hash[0] ^= 1; });
        REQUIRE((*kept)->append(block));
    }
    auto opened = SimFile::open(folder.file(), chain, kNow);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().what.find("at offset 12: the block breaks the rules: bad-prevblk") !=
          std::string::npos);
}

TEST_CASE("another difficulty and a second process are refused with a remedy") {
    Folder folder;
    SimChain chain{kEasyBits}, harder{kEasyBits + 1};
    auto kept = SimFile::open(folder.file(), chain, kNow);
    REQUIRE(kept);
    auto second = SimFile::open(folder.file(), chain, kNow);
    REQUIRE_FALSE(second);
    CHECK(second.error().what.find("in use") != std::string::npos);
    kept->reset();
    auto other = SimFile::open(folder.file(), harder, kNow);
    REQUIRE_FALSE(other);
    CHECK(other.error().code == Errc::usage);
    CHECK(other.error().hint.find("sim_block_bits") != std::string::npos);
}
