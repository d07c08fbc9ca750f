#include "config/load.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "config/declared.hpp"
#include "config/documentation.hpp"
#include "config/parse.hpp"

namespace {

using namespace hp::config;
namespace fs = std::filesystem;

/// A few keys of every type, so that the tests do not move when a tool gets a key.
struct Sample {
    static constexpr std::string_view file = "sample.toml";
    std::string place = "127.0.0.1:34254";
    std::string word;
    std::string note;
    std::int64_t count = 7;
    double rate = 20;
    bool open = true;
    std::vector<std::string> keys;
    std::string token_file;

    template <class V>
    void describe(V&& v) {
        v("place", place, "where it listens", endpoint());
        v("word", word, "a word", pattern("[a-z]+").and_required());
        v("note", note, "a remark", any().or_empty());
        v("count", count, "how many", range(0, 200));
        v("rate", rate, "how fast", range(0.1, 100));
        v("open", open, "whether it is open", any());
        v("keys", keys, "who may come", mint_key().or_empty());
        v("token_file", token_file, "what opens it", secret_file());
    }
};

/// Keys whose names other files have too.
struct Shared {
    static constexpr std::string_view file = "sample.toml";
    std::string database = "a.db";
    std::int64_t count = 7;

    template <class V>
    void describe(V&& v) {
        v("database", database, "the sample's file", path().in_variable("HP_SAMPLE_DATABASE"));
        v("count", count, "how many", range(0, 200));
    }
};

class Directory {
  public:
    Directory() {
        char name[] = "/tmp/hp-config-test-XXXXXX";
        REQUIRE(::mkdtemp(name) != nullptr);
        path_ = name;
    }
    ~Directory() { fs::remove_all(path_); }
    std::string path() const { return path_; }
    std::string write(const std::string& text, const std::string& name = "sample.toml") const {
        std::ofstream(path_ + "/" + name, std::ios::binary) << text;
        return path_ + "/" + name;
    }

  private:
    std::string path_;
};

/// All problems of one file's text, one a line, with the directory's name taken out.
std::string problems_of(const std::string& text, std::map<std::string, std::string> flags = {},
                        std::map<std::string, std::string> environment = {}) {
    const Directory dir;
    dir.write(text);
    Sample sample;
    Loader loader{dir.path(), std::move(flags), std::move(environment)};
    loader.load(sample);
    std::string out;
    for (const auto& problem : loader.problems()) out += problem.text() + "\n";
    for (auto at = out.find(dir.path() + "/"); at != std::string::npos; at = out.find(dir.path() + "/")) {
        out.erase(at, dir.path().size() + 1);
    }
    return out;
}

constexpr const char* kGood = "word = \"abc\"\n";

}  // namespace

TEST_CASE("a table without a name is an error, and does not end the program") {
    for (const char* text : {"[ = 1\n", "[[ = 1\n", "[#\n", "[.\n", "[", "[[", "a.= 1\n"}) {
        const auto entries = parse_toml(text);
        REQUIRE(!entries.has_value());
        CHECK(entries.error().line == 1);
    }
}

// toml++ 3.3 says of these letters that they cannot come where it looks for blanks: what it is compiled to
// decides.
TEST_CASE("letters that toml++ calls impossible are an error at their place, and stay in a text") {
    for (unsigned point = 0xa1; point < 0x500; ++point) {
        CAPTURE(point);
        const std::string letter{static_cast<char>(0xc0 | point >> 6),
                                 static_cast<char>(0x80 | (point & 63))};
        const auto behind = parse_toml("a = 1 " + letter + "\n");
        REQUIRE_FALSE(behind.has_value());
        CHECK(behind.error().column == 7);
        CHECK_FALSE(parse_toml(letter + " = 1\n").has_value());
        const auto folded = parse_toml("a = \"\"\"x\\\n  " + letter + "\"\"\"\n");
        REQUIRE(folded.has_value());
        CHECK(folded->front().value == Setting{"x" + letter});
    }
}

TEST_CASE("letters that are not ASCII, where no text is: an error at their place") {
    for (const char* text :
         {"a = \u00e9\n", "\u00e9 = 1\n", "a = \u0416\n", "a\u00e9 = 1\n", "a = 1 \u2003\u03b1\n"}) {
        const auto entries = parse_toml(text);
        REQUIRE(!entries.has_value());
        CHECK(entries.error().line == 1);
    }
    CHECK(parse_toml("a = \"\u00e9\"  # \u0416\n").has_value());
}

TEST_CASE("a file's values arrive with their origins") {
    const Directory dir;
    const std::string path = dir.write("# remark\nword = \"abc\"\n  rate = 5\nkeys = []\n");
    Sample sample;
    Loader loader{dir.path(), {}, {}};
    loader.load(sample);
    CHECK(loader.finish().has_value());
    CHECK(sample.word == "abc");
    CHECK(sample.rate == 5.0);
    CHECK(sample.count == 7);
    REQUIRE(loader.shown().size() == 8);
    CHECK(loader.shown()[0].origin == "default");
    CHECK(loader.shown()[0].value == "\"127.0.0.1:34254\"");
    CHECK(loader.shown()[1].origin == path + ":2:1");
    CHECK(loader.shown()[4].origin == path + ":3:3");
    CHECK(loader.shown()[4].value == "5");
}

TEST_CASE("a flag wins over a variable, a variable over the file, the file over the default") {
    const Directory dir;
    dir.write("word = \"file\"\ncount = 1\n");
    const auto count = [&](std::map<std::string, std::string> flags,
                           std::map<std::string, std::string> environment) {
        Sample sample;
        Loader loader{dir.path(), std::move(flags), std::move(environment)};
        loader.load(sample);
        CHECK(loader.problems().empty());
        return std::pair{sample.count, loader.shown()[3].origin};
    };
    CHECK(count({}, {}) == std::pair{std::int64_t{1}, dir.path() + "/sample.toml:2:1"});
    CHECK(count({}, {{"HP_COUNT", "2"}}) == std::pair{std::int64_t{2}, std::string("HP_COUNT")});
    CHECK(count({{"count", "3"}}, {{"HP_COUNT", "2"}}) == std::pair{std::int64_t{3}, std::string("--count")});
}

TEST_CASE("all problems are found, each with file, line, column, key and what is allowed") {
    CHECK(problems_of("place = \"x\"\nword = 5\ncount = 201\nopen = 1\n") ==
          "sample.toml:1:1: place: is 'x': the port is missing, allowed: HOST:PORT with a port from 1 to "
          "65535\n"
          "sample.toml:2:1: word: is an integer, allowed: a quoted string; text matching [a-z]+\n"
          "sample.toml:3:1: count: is 201, allowed: a number from 0 to 200\n"
          "sample.toml:4:1: open: is an integer, allowed: true or false\n");
}

TEST_CASE("a required key that is missing or empty") {
    CHECK(problems_of("count = 1\n") == "sample.toml:1:1: word: is missing, allowed: text matching [a-z]+\n");
    CHECK(problems_of("word = \"\"\n") == "sample.toml:1:1: word: is empty, allowed: text matching [a-z]+\n");
    CHECK(problems_of("count = 1\n", {{"word", "abc"}}).empty());
    CHECK(problems_of("count = 1\n", {}, {{"HP_WORD", "abc"}}).empty());
    // Empty is an error, as of a script's unset variable, unless the key says what it means.
    CHECK(problems_of(std::string(kGood) + "place = \"\"\n") ==
          "sample.toml:2:1: place: is empty, allowed: HOST:PORT with a port from 1 to 65535\n");
    CHECK(problems_of(std::string(kGood) + "note = \"\"\nkeys = []\n").empty());
    const std::string unset =
        "token_file: is empty, allowed: the path of a file of mode 0600; leave it out for the default\n";
    CHECK(problems_of(std::string(kGood) + "token_file = \"\"\n") == "sample.toml:2:1: " + unset);
    const std::string elsewhere = unset.substr(std::string_view("token_file").size());
    CHECK(problems_of(kGood, {{"token-file", ""}}) == "--token-file" + elsewhere);
    CHECK(problems_of(kGood, {}, {{"HP_TOKEN_FILE", ""}}) == "HP_TOKEN_FILE" + elsewhere);
    CHECK(problems_of(kGood, {{"note", ""}, {"keys", ""}}).empty());
}

TEST_CASE("an unknown key names the nearest known one, or the file where it belongs") {
    CHECK(problems_of(std::string(kGood) + "cuont = 1\n") ==
          "sample.toml:2:1: cuont: unknown key, the nearest known one is count\n");
    CHECK(problems_of(std::string(kGood) + "shares_per_minute = 1\n") ==
          "sample.toml:2:1: shares_per_minute: unknown key, it belongs in pool.toml\n");
    CHECK(problems_of(std::string(kGood) + "[count]\nx = 1\n")
              .starts_with("sample.toml:2:2: count: is a table"));
}

TEST_CASE("every key refuses every wrong type") {
    const std::vector<std::string> literals = {"\"0x10\"", "1.5",  "-1", "nan",  "inf",        "[1]",
                                               "{a = 1}",  "true", "3",  "[[]]", "1979-05-27", "[\"x\"]"};
    const auto passes = [&](const std::string& key, const std::string& literal) {
        return problems_of((key == "word" ? "" : std::string(kGood)) + key + " = " + literal + "\n").empty();
    };
    const std::map<std::string, std::vector<std::string>> allowed = {
        {"place", {}},      {"word", {}}, {"note", {"\"0x10\""}}, {"count", {"3"}}, {"rate", {"1.5", "3"}},
        {"open", {"true"}}, {"keys", {}}};
    for (const auto& [key, good] : allowed) {
        for (const auto& literal : literals) {
            CAPTURE(key);
            CAPTURE(literal);
            CHECK(passes(key, literal) == (std::find(good.begin(), good.end(), literal) != good.end()));
        }
        // Does not fit into 64 bits, so it is not a TOML integer.
        CHECK_FALSE(passes(key, "18446744073709551616"));
    }
}

TEST_CASE("flags and variables are checked like the file") {
    CHECK(problems_of(kGood, {{"count", "x"}}) == "--count: is 'x', allowed: an integer\n");
    CHECK(problems_of(kGood, {{"count", "0x10"}}) == "--count: is '0x10', allowed: an integer\n");
    CHECK(problems_of(kGood, {{"count", "-1"}}) == "--count: is -1, allowed: a number from 0 to 200\n");
    CHECK(problems_of(kGood, {}, {{"HP_RATE", "nan"}}) ==
          "HP_RATE: is nan, allowed: a number from 0.1 to 100\n");
    CHECK(problems_of(kGood, {{"open", "yes"}}) == "--open: is 'yes', allowed: true or false\n");
    CHECK_FALSE(problems_of(kGood, {{"keys", "aa,"}}).empty());
}

TEST_CASE("what is no file to read is a problem that says what it is") {
    const Directory dir;
    const auto said = [&](const std::string& path) {
        Sample sample;
        Loader loader{dir.path(), {}, {}};
        loader.load(sample, path);
        REQUIRE(loader.problems().size() == 1);
        CHECK(loader.problems()[0].file == path);
        return loader.problems()[0].what;
    };
    CHECK(said(dir.path() + "/none.toml") == "cannot be read: no such file or directory");
    CHECK(said(dir.path()) == "cannot be read: is a directory");
    CHECK(said("/dev/zero") == "cannot be read: is a device");
    REQUIRE(::mkfifo((dir.path() + "/fifo").c_str(), 0600) == 0);
    CHECK(said(dir.path() + "/fifo") == "cannot be read: is a pipe");
    fs::create_symlink(dir.path() + "/loop", dir.path() + "/loop");
    CHECK(said(dir.path() + "/loop") == "cannot be read: too many levels of symbolic links");
    CHECK(said(dir.write("", "empty")) == "cannot be read: is empty");
    CHECK(said(dir.write(std::string(kFileSizeMax + 1, '#'), "big")) ==
          "cannot be read: is larger than 1 MiB");
    CHECK(said(dir.write(std::string("a = \"\xff\xfe\"\n"), "binary")).starts_with("not TOML: "));
    CHECK(said(dir.write("a = 1\na = 2\n", "twice")).starts_with("not TOML: "));
}

TEST_CASE("exactly 1 MiB is read") {
    std::string text = std::string(kGood) + "#";
    text.resize(kFileSizeMax, 'x');
    CHECK(problems_of(text).empty());
}

TEST_CASE("a file may be missing only under the default directory, when flags say all that is required") {
    const Directory dir;
    const auto problems = [&](Loader::MissingFile missing, std::map<std::string, std::string> flags) {
        Sample sample;
        Loader loader{dir.path(), std::move(flags), {}, missing};
        loader.load(sample);
        return loader.problems().size();
    };
    CHECK(problems(Loader::MissingFile::refused, {{"word", "abc"}}) == 1);
    CHECK(problems(Loader::MissingFile::optional_when_complete, {}) == 1);
    CHECK(problems(Loader::MissingFile::optional_when_complete, {{"word", "abc"}}) == 0);
}

TEST_CASE("a million bad lines give a list of bounded length") {
    std::string text;
    for (int i = 0; i < 10000; ++i) text += "k" + std::to_string(i) + " = 1\n";
    const std::string out = problems_of(text);
    CHECK(static_cast<std::size_t>(std::count(out.begin(), out.end(), '\n')) == kProblemsMax + 1);
    CHECK(out.find("and 9901 more problems") != std::string::npos);
}

TEST_CASE("paths start at the configuration directory") {
    Loader loader{"/etc/hashpool", {}, {}};
    CHECK(loader.resolve("data/x.db") == "/etc/hashpool/data/x.db");
    CHECK(loader.resolve("/var/x.db") == "/var/x.db");
    CHECK(loader.resolve("../x") == "/etc/x");
    CHECK(loader.resolve("").empty());
}

TEST_CASE("no program has two keys of one name in its files") {
    const std::vector<std::vector<std::string>> programs = {
        {"shared/network.toml", "template.toml"},
        {"shared/network.toml", "shared/pool.toml", "pool.toml"},
        {"shared/network.toml", "shared/pool.toml", "mint.toml"},
        {"shared/network.toml", "shared/proxy.toml", "proxy.toml"},
        {"shared/network.toml", "stats.toml"}};
    for (const auto& files : programs) {
        std::vector<std::string> names;
        for (const auto& file : declared()) {
            if (std::find(files.begin(), files.end(), file.file) == files.end()) continue;
            for (const auto& key : file.keys) names.push_back(key.name);
        }
        CHECK(names.size() >= 6);
        std::sort(names.begin(), names.end());
        CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
    }
}

TEST_CASE("every default passes its own rule, and says it in words") {
    for (const auto& file : declared()) {
        CHECK_FALSE(file.keys.empty());
        for (const auto& key : file.keys) {
            CAPTURE(file.file + ": " + key.name);
            CHECK(check(key.rule, key.current()).has_value());
            CHECK_FALSE(key.allowed().empty());
            CHECK_FALSE(key.doc.empty());
        }
    }
}

TEST_CASE("example files are TOML, and their comments hold every key") {
    for (const auto& file : declared()) {
        const std::string text = example_file(file);
        CHECK(parse_toml(text).has_value());
        for (const auto& key : file.keys) CHECK(text.find("\n#" + key.name + " = ") != std::string::npos);
    }
}

TEST_CASE("one change of a byte in a file never crashes") {
    const Directory dir;
    std::string good;
    for (const auto& file : declared()) {
        if (file.file == "pool.toml") good = example_file(file);
    }
    for (auto at = good.find("\n#s"); at != std::string::npos; at = good.find("\n#s")) good.erase(at + 1, 1);
    unsigned state = 1;
    unsigned refused = 0;
    for (int round = 0; round < 3000; ++round) {
        std::string text = good;
        for (int change = 0; change < 3; ++change) {
            state = state * 1664525u + 1013904223u;
            text[(state >> 8) % text.size()] = static_cast<char>(state >> 24);
        }
        const auto entries = parse_toml(text);
        refused += entries.has_value() ? 0 : 1;
    }
    CHECK(refused > 0);
    CHECK(refused < 3000);
}

TEST_CASE("a variable has one meaning: keys that share one are the same key, for each program") {
    struct Meaning {
        std::string doc, allowed, where;
    };
    std::map<std::string, Meaning> meanings;
    std::size_t shared = 0;
    for (const auto& file : declared()) {
        for (const auto& key : file.keys) {
            const std::string where = file.file + ":" + key.name;
            const auto [known, is_new] =
                meanings.try_emplace(key.variable(), Meaning{key.doc, key.allowed(), where});
            shared += !is_new;
            INFO(key.variable(), " of ", where, " and ", known->second.where);
            CHECK(key.variable().starts_with("HP_"));
            CHECK(known->second.doc == key.doc);
            CHECK(known->second.allowed == key.allowed());
        }
    }
    CHECK(shared >= 20);  // the log's and the event records', in each service's file
    // Variables that are no keys'.
    for (const char* other :
         {"HP_CONFIG_DIR", "HP_CHECK_PING", "HP_CHECK_STATE", "HP_CHECK_BEFORE", "HP_CHECK_TEXT"})
        CHECK_FALSE(meanings.contains(other));
}

TEST_CASE("the name of two keys is no variable, and an error says which one is meant") {
    const auto load = [](std::map<std::string, std::string> environment) {
        const Directory dir;
        dir.write("count = 3\n");
        Shared out;
        Loader loader{dir.path(), {}, std::move(environment)};
        loader.load(out);
        std::string problems;
        for (const auto& one : loader.problems()) problems += one.text() + "\n";
        return std::pair{out, problems};
    };
    const auto [named, none] = load({{"HP_SAMPLE_DATABASE", "/b.db"}, {"HP_COUNT", "4"}});
    CHECK(none.empty());
    CHECK(named.database == "/b.db");
    CHECK(named.count == 4);
    const auto [plain, problems] = load({{"HP_DATABASE", "/b.db"}});
    CHECK(plain.database == "a.db");
    CHECK(problems == "HP_DATABASE: is not a variable: database of sample.toml is HP_SAMPLE_DATABASE\n");
}
