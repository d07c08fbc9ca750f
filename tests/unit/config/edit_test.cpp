// A key changed in the text of a file that people write.
#include "config/edit.hpp"

#include <doctest/doctest.h>

using namespace hp;
using config::with_list;

namespace {

std::string edited(const std::string& text) {
    const auto out = with_list(text, "list", {"a", "b"});
    return out ? *out : std::to_string(out.error().line) + ": " + out.error().what;
}

}  // namespace

TEST_CASE("a list on one line is changed in its place, and all else stays as it is") {
    CHECK(edited("list = []\n") == "list = [\"a\", \"b\"]\n");
    CHECK(edited("x = 1 # ]\n  list=[\"a\"]# [wiki] \n y = 2") ==
          "x = 1 # ]\n  list=[\"a\", \"b\"]# [wiki] \n y = 2");
    CHECK(edited("list = [\"]\", '#'] # é]\r\nx = 1\r\n") == "list = [\"a\", \"b\"] # é]\r\nx = 1\r\n");
    CHECK(edited("'list' = [ \"é\" ] # c\n") == "'list' = [\"a\", \"b\"] # c\n");
    CHECK(edited("\"é\" = \"é\"\nlist = [\"x\"]") == "\"é\" = \"é\"\nlist = [\"a\", \"b\"]");
}

TEST_CASE("a list on several lines is left to a person, whatever its comments say") {
    for (const char* text :
         {"x = 1\nlist = [\n  \"a\",\n]\n", "x = 1\nlist = [  # names: see [wiki]\n  \"a\",\n]\n",
          "x = 1\nlist = [ \"a\", # ]\n\"]\" ] # list = []\n"})
        CHECK(edited(text) == "2: is written on several lines");
    CHECK_FALSE(with_list("list = [\n", "list", {"a"}));
}

TEST_CASE("a list that is not there takes the place of its commented example, or comes at the end") {
    CHECK(edited("x = 1\n#list = [\"c\"]\ny = 2\n") == "x = 1\nlist = [\"a\", \"b\"]\ny = 2\n");
    CHECK(edited("#list = []") == "list = [\"a\", \"b\"]");
    CHECK(edited("x = 1\n#listed = []") == "x = 1\n#listed = []\nlist = [\"a\", \"b\"]\n");
    CHECK(edited("") == "list = [\"a\", \"b\"]\n");
    // What looks like the example is inside a text.
    CHECK(edited("x = '''\n#list = []\n'''\n") == "x = '''\n#list = []\n'''\nlist = [\"a\", \"b\"]\n");
    // Behind a table's head it would be the table's.
    CHECK(edited("[t]\nx = 1\n") == "1: the list cannot be changed in this text");
}
