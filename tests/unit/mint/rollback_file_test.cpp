// Old copies that were let in, kept beside the mark.
#include "mint/rollback_file.hpp"

#include <doctest/doctest.h>

#include <fstream>

#include "store/temp_dir.hpp"

using namespace hp;
using namespace hp::test;

namespace {

mint::Rollback let_in(UnixMs at_ms, std::uint64_t units) {
    mint::Rollback out{.at_ms = at_ms, .by = "uid 5", .lost = {}};
    auto& lost = out.lost.emplace();
    lost.quotes = 3;
    lost.operations = 4;
    lost.issued = ehash::Amount128{units} << 64;
    lost.spent = units;
    return out;
}

}  // namespace

TEST_CASE("rollbacks are kept by their time, each once, and a restored table takes none away") {
    TempDir dir;
    const std::string mark = dir.file("mint.mark");
    CHECK(mint::read_rollbacks(mark)->empty());
    CHECK(mint::add_rollbacks(mark, {}, {})->empty());
    CHECK_FALSE(std::ifstream(mint::rollback_path(mark)));
    CHECK(mint::add_rollbacks(mark, {let_in(20, 1)}, {})->size() == 1);
    CHECK(mint::add_rollbacks(mark, {let_in(10, 2), let_in(20, 1)}, {})->size() == 2);
    // The database knows only of its newest now.
    const auto all = mint::add_rollbacks(mark, {let_in(30, 5)}, {});
    REQUIRE(all);
    REQUIRE(all->size() == 3);
    CHECK(all->front().at_ms == 10);
    CHECK(all->front().by == "uid 5");
    CHECK(all->front().lost->quotes == 3);
    CHECK(all->front().lost->operations == 4);
    CHECK(all->front().lost->issued == ehash::Amount128{2} << 64);
    CHECK(all->back().lost->spent == 5);
    CHECK(mint::to_text(*mint::read_rollbacks(mark)) == mint::to_text(*all));
    // Of one there was no mark to say what it lacked.
    CHECK(mint::add_rollbacks(mark, {{.at_ms = 40, .by = "uid 5", .lost = {}}}, {})->size() == 4);
    CHECK_FALSE(mint::read_rollbacks(mark)->back().lost);
    CHECK(mint::read_rollbacks(mark)->back().by == "uid 5");
    CHECK(mint::read_rollbacks(mark)->front().lost);
}

TEST_CASE("a file of rollbacks that is not whole is refused, with the line") {
    const auto error = [](std::string_view text) { return mint::rollbacks_from_text(text).error().what; };
    CHECK(error("hashpool mint rollbacks 1\n5 1 1 1 1 me").ends_with("the file is truncated"));
    CHECK(error("") == "expected a newline at the end: the file is truncated");
    CHECK(error("something\n").starts_with("line 1: expected 'hashpool mint rollbacks 1'"));
    for (const std::string_view line :
         {"", "5 1 1 1 1", "5 1 1 1 1 ", "x 1 1 1 1 me", "5 -1 1 1 1 me", "5 1 1 1.5 1 me", "5  1 1 1 1 me",
          "5 - - - me", "5 - - - - ", "5 - - - -me"}) {
        CAPTURE(line);
        const std::string text = "hashpool mint rollbacks 1\n9 0 0 0 0 a b\n" + std::string(line) + "\n";
        CHECK(error(text).starts_with("line 3: expected AT_MS"));
    }
    CHECK(mint::rollbacks_from_text("hashpool mint rollbacks 1\n9 0 0 0 0 a b\n")->front().by == "a b");
}
