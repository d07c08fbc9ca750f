#include "pool/refused_file.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

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

TEST_CASE("a place that cannot be written costs the lines and nothing else") {
    RefusedFile file{"/nonexistent/refused.jsonl"};
    for (std::uint32_t i = 0; i < 5000; ++i) file.add(numbered(i));
}
