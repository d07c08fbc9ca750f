#include "pool/refused_file.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <thread>

#include "store/temp_dir.hpp"

using namespace hp;
using namespace hp::pool;

namespace {

std::vector<std::string> lines_of(const std::string& path) {
    std::vector<std::string> out;
    std::ifstream in{path};
    for (std::string line; std::getline(in, line);) out.push_back(line);
    return out;
}

mining::RefusedShare numbered(std::uint32_t number) {
    return {.reason = wire::ShareRefusal::invalid_job_id, .worker = "rig1", .sequence_number = number};
}

}  // namespace

TEST_CASE("refused shares are in the file, and the file goes on after a restart") {
    test::TempDir dir;
    const std::string path = dir.file("refused.jsonl");
    for (std::uint32_t life = 0; life < 2; ++life) {
        RefusedFile file{path};
        for (std::uint32_t i = 0; i < 10; ++i) file.add(numbered(life * 10 + i));
    }
    const auto lines = lines_of(path);
    REQUIRE(lines.size() == 20);
    CHECK(lines[0].find(R"("sequence_number":0)") != std::string::npos);
    CHECK(lines[19].find(R"("sequence_number":19)") != std::string::npos);
    CHECK((std::filesystem::status(path).permissions() & std::filesystem::perms::others_read) ==
          std::filesystem::perms::none);
}

TEST_CASE("the files are bounded: the newest are in FILE, those before in FILE.1") {
    test::TempDir dir;
    const std::string path = dir.file("refused.jsonl");
    constexpr std::size_t kMax = 8'000;
    {
        RefusedFile file{path, kMax};
        for (std::uint32_t i = 0; i < 200; ++i) file.add(numbered(i));
    }
    CHECK(std::filesystem::file_size(path) <= kMax);
    CHECK(std::filesystem::file_size(older_refused_file(path)) <= kMax);
    auto lines = lines_of(older_refused_file(path));
    for (const auto& line : lines_of(path)) lines.push_back(line);
    for (std::size_t i = 0; i < lines.size(); ++i)
        CHECK(lines[lines.size() - 1 - i].find(R"("sequence_number":)" + std::to_string(199 - i) + ",") !=
              std::string::npos);
}

TEST_CASE("a place that cannot be written costs the lines, which are counted, and nothing else") {
    test::TempDir dir;
    std::string path = "/nonexistent/refused.jsonl";
    SUBCASE("no directory") {}
    SUBCASE("a FIFO without a reader") {
        path = dir.file("fifo");
        REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    }
    SUBCASE("a FIFO with a reader") {
        path = dir.file("fifo");
        REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
        REQUIRE(::open(path.c_str(), O_RDWR | O_CLOEXEC) >= 0);
    }
    SUBCASE("a device") { path = "/dev/null"; }
    RefusedFile file{path};
    for (std::uint32_t i = 0; i < 5000; ++i) file.add(numbered(i));
    while (file.left_out() < 5000) std::this_thread::yield();
}

TEST_CASE("a full FILE is not written further when FILE.1 cannot be replaced") {
    test::TempDir dir;
    const std::string path = dir.file("refused.jsonl");
    constexpr std::size_t kMax = 2'000;
    std::filesystem::create_directory(older_refused_file(path));
    for (int life = 0; life < 2; ++life) {
        RefusedFile file{path, kMax};
        for (std::uint32_t i = 0; i < 200; ++i) file.add(numbered(i));
    }
    CHECK(std::filesystem::file_size(path) <= kMax);
}

TEST_CASE("a disk that hangs does not keep the process at its end") {
    struct Disk {
        std::promise<void> is_asked, comes_back;
        std::atomic<int> lines{0};
    };
    const auto disk = std::make_shared<Disk>();
    {
        RefusedFile file{"hung", [disk](const std::string&) {
                             if (disk->lines++ == 0) disk->is_asked.set_value();
                             disk->comes_back.get_future().wait();
                             return std::string{};
                         }};
        for (std::uint32_t i = 0; i < 10; ++i) file.add(numbered(i));
        disk->is_asked.get_future().wait();
    }
    disk->comes_back.set_value();
    // The thread lets go of all, and writes no further line.
    while (disk.use_count() > 1) std::this_thread::yield();
    CHECK(disk->lines == 1);
}
