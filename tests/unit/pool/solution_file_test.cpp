#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "pool/solution_file.hpp"
#include "sv2/frame.hpp"
#include "sv2/templates.hpp"

using namespace hp;
using namespace hp::pool;

namespace {

struct SolutionFolder {
    std::string path;
    SolutionFolder() {
        char name[] = "/tmp/hp-solution-test-XXXXXX";
        REQUIRE(::mkdtemp(name) != nullptr);
        path = name;
    }
    ~SolutionFolder() { std::filesystem::remove_all(path); }
};

KeptSolution solution(UnixMs found_ms) {
    sv2::templates::SubmitSolution message;
    message.template_id = static_cast<std::uint64_t>(found_ms);
    message.coinbase_tx.value = Bytes(200, 7);
    return {found_ms, sv2::encode_frame(message), found_ms};
}

}  // namespace

TEST_CASE("solutions come back as they were written; no file is none") {
    SolutionFolder folder;
    const std::string path = folder.path + "/s";
    CHECK(read_solutions(path)->empty());
    const std::vector<KeptSolution> all{solution(1), solution(2)};
    REQUIRE(write_solutions(path, all));
    CHECK(*read_solutions(path) == all);
    REQUIRE(write_solutions(path, {}));
    CHECK(read_solutions(path)->empty());
    CHECK_FALSE(std::filesystem::exists(path + ".new"));
}

TEST_CASE("a damaged file is an error that names the line: it may be a block's reward") {
    SolutionFolder folder;
    const std::string path = folder.path + "/s";
    const std::string good = "5 " + to_hex(solution(5).frame);
    const std::string setup = "5 000000010000";  // a SetupConnection
    for (const std::string& bad : {std::string("5"), std::string("x 00"), std::string("5 0"), setup,
                                   "-1" + good.substr(1), good.substr(0, good.size() - 2), good + "00"}) {
        std::ofstream{path} << good << "\n" << bad << "\n";
        const auto read = read_solutions(path);
        CAPTURE(bad);
        REQUIRE_FALSE(read);
        CHECK(read.error().what.find(path + ":2: ") == 0);
    }
    CHECK_FALSE(read_solutions(folder.path));
    CHECK_FALSE(write_solutions(folder.path + "/none/s", {}));
}

TEST_CASE("a system clock that is set costs no block: its age is told by the other one") {
    std::vector<KeptSolution> all{solution(10'000)};
    constexpr SteadyMs kSteady = 500;
    age(all, 12'000, kSteady);
    prune(all, kSteady + kSolutionKeptMs - 2'000);
    CHECK(all.size() == 1);
    prune(all, kSteady + kSolutionKeptMs - 1'999);
    CHECK(all.empty());
    // Found at a time that is to come, by a clock that was set back since: as new.
    all = {solution(10'000)};
    age(all, 5'000, kSteady);
    CHECK(all[0].since_ms == kSteady);
}

TEST_CASE("an hour, and the newest 64") {
    std::vector<KeptSolution> all;
    for (UnixMs at = 0; at < 100; ++at) all.push_back(solution(at));
    prune(all, kSolutionKeptMs + 50);
    CHECK(all.front().found_ms == 50);
    CHECK(all.size() == 50);
    for (UnixMs at = 100; at < 200; ++at) all.push_back(solution(at));
    prune(all, kSolutionKeptMs + 50);
    CHECK(all.size() == kSolutionsKeptMax);
    CHECK(all.back().found_ms == 199);
}
