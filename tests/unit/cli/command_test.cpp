#include "cli/command.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace {

using namespace hp;
namespace fs = std::filesystem;

struct Own {
    static constexpr std::string_view file = "own.toml";
    std::string place = "127.0.0.1:1";
    std::string database = "data/own.db";
    std::string word;

    template <class V>
    void describe(V&& v) {
        v("place", place, "where it listens", config::endpoint());
        v("database", database, "its file", config::path());
        v("word", word, "a word", config::pattern("[a-z]+").and_required());
    }
};

/// What a program's run gave.
struct Ran {
    int code{};
    std::string out, err;
    Own own;
    std::string resolved;
};

std::string read(const std::string& path) {
    std::ifstream in(path);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

/// Points a stream of the process at a file while it lives.
class Captured {
  public:
    Captured(std::FILE* stream, const std::string& path) : stream_{stream} {
        std::fflush(stream_);
        saved_ = ::dup(::fileno(stream_));
        const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        ::dup2(fd, ::fileno(stream_));
        ::close(fd);
    }
    ~Captured() {
        std::fflush(stream_);
        ::dup2(saved_, ::fileno(stream_));
        ::close(saved_);
    }

  private:
    std::FILE* stream_;
    int saved_{};
};

class Directory {
  public:
    Directory() {
        char name[] = "/tmp/hp-cli-test-XXXXXX";
        REQUIRE(::mkdtemp(name) != nullptr);
        path_ = fs::canonical(name);
    }
    ~Directory() { fs::remove_all(path_); }
    std::string file(const std::string& name) const { return path_ / name; }
    std::string path() const { return path_; }

  private:
    fs::path path_;
};

Ran run(const Directory& dir, std::vector<std::string> arguments, const Result<>& answer = {}) {
    Ran ran;
    {
        const Captured out{stdout, dir.file("stdout")}, err{stderr, dir.file("stderr")};
        cli::Command command{{.name = "hp-own", .summary = "A program.", .examples = {"hp-own --word abc"}}};
        command.configure(ran.own);
        arguments.insert(arguments.begin(), "hp-own");
        std::vector<char*> argv;
        for (auto& argument : arguments) argv.push_back(argument.data());
        ran.code = command.run(static_cast<int>(argv.size()), argv.data(), [&]() -> Result<> {
            ran.resolved = command.resolve(ran.own.database);
            return answer;
        });
    }
    ran.out = read(dir.file("stdout"));
    ran.err = read(dir.file("stderr"));
    return ran;
}

void write(const Directory& dir, const std::string& text) { std::ofstream(dir.file("own.toml")) << text; }

}  // namespace

TEST_CASE("a program with its file, its flags, its paths") {
    const Directory dir;
    write(dir, "word = \"abc\"\nplace = \"127.0.0.1:2\"\n");
    auto ran = run(dir, {"--config-dir", dir.path()});
    CHECK(ran.code == 0);
    CHECK(ran.err.empty());
    CHECK(ran.own.place == "127.0.0.1:2");
    CHECK(ran.resolved == dir.file("data/own.db"));

    ran = run(dir, {"--config-dir", dir.path(), "--place", "127.0.0.1:3", "--database", "x.db"});
    CHECK(ran.own.place == "127.0.0.1:3");
    CHECK(ran.resolved == (fs::current_path() / "x.db").string());
}

TEST_CASE("a variable wins over the file, a flag over the variable") {
    const Directory dir;
    write(dir, "word = \"abc\"\n");
    ::setenv("HP_WORD", "variable", 1);
    CHECK(run(dir, {"--config-dir", dir.path()}).own.word == "variable");
    CHECK(run(dir, {"--config-dir", dir.path(), "--word", "flag"}).own.word == "flag");
    ::unsetenv("HP_WORD");
}

TEST_CASE("all problems on stderr, exit code 2, the body is not called") {
    const Directory dir;
    write(dir, "place = 1\nwrod = \"x\"\n");
    const auto ran = run(dir, {"--config-dir", dir.path()});
    CHECK(ran.code == 2);
    CHECK(ran.out.empty());
    CHECK(ran.resolved.empty());
    const std::string file = dir.file("own.toml");
    CHECK(
        ran.err ==
        file +
            ":1:1: place: is an integer, allowed: a quoted string; HOST:PORT with a port from 1 to 65535\n" +
            file + ":2:1: wrod: unknown key, the nearest known one is word\n" + file +
            ":1:1: word: is missing, allowed: text matching [a-z]+\n" +
            "hp-own: error: the configuration has 3 problems\nhp-own: hint: 'hp-config check " + dir.path() +
            "' reads all files, 'man 5 hp-config' explains the keys\n");
}

TEST_CASE("under the default directory, flags can stand for a missing file; a given directory must have it") {
    const Directory dir;
    CHECK(run(dir, {"--word", "abc"}).code == 0);
    CHECK(run(dir, {}).code == 2);
    const auto ran = run(dir, {"--config-dir", dir.path(), "--word", "abc"});
    CHECK(ran.code == 2);
    CHECK(ran.err.starts_with(dir.file("own.toml") + ": cannot be read: no such file or directory\n"));
}

TEST_CASE("--config names the program's own file") {
    const Directory dir;
    std::ofstream(dir.file("other.toml")) << "word = \"other\"\n";
    CHECK(run(dir, {"--config-dir", dir.path(), "--config", dir.file("other.toml")}).own.word == "other");
    CHECK(run(dir, {"--config", dir.file("none.toml"), "--word", "abc"}).code == 2);
}

TEST_CASE("errors become exit codes, with their hints") {
    const Directory dir;
    auto ran = run(dir, {"--word", "abc"}, fail(Errc::io, "it broke", "mend it"));
    CHECK(ran.code == 1);
    CHECK(ran.err == "hp-own: error: it broke\nhp-own: hint: mend it\n");
    CHECK(run(dir, {"--word", "abc"}, fail(Errc::usage, "wrong")).code == 2);
    ran = run(dir, {"--word", "abc"}, fail(Errc::stopped, "asked to"));
    CHECK(ran.code == 0);
    CHECK(ran.err.empty());
}

TEST_CASE("help, options and misspelt flags") {
    const Directory dir;
    auto ran = run(dir, {"--help"});
    CHECK(ran.code == 0);
    CHECK(ran.err.empty());
    CHECK(ran.out.find("Keys of own.toml:") != std::string::npos);
    CHECK(ran.out.find("where it listens [\"127.0.0.1:1\"]") != std::string::npos);
    CHECK(ran.out.find("a word [required]") != std::string::npos);
    CHECK(ran.out.find("Examples:\n  $ hp-own --word abc") != std::string::npos);
    CHECK(ran.out.find("list-options") == std::string::npos);

    ran = run(dir, {"--list-options"});
    CHECK(ran.code == 0);
    CHECK(ran.out.find("--place\tvalue\twhere it listens [\"127.0.0.1:1\"]\n") != std::string::npos);
    CHECK(ran.out.find("--help\tflag\t") != std::string::npos);

    ran = run(dir, {"--plaec", "x"});
    CHECK(ran.code == 2);
    CHECK(ran.err.find("hp-own: hint: did you mean --place?\n") != std::string::npos);
    ran = run(dir, {"--word", "abc", "--log-level", "loud"});
    CHECK(ran.code == 2);
    CHECK(ran.err ==
          "hp-own: error: log level 'loud' is unknown, allowed: trace, debug, info, warn, error\n");
}

TEST_CASE("an exception that a program does not expect is an error, not the end of the process") {
    const Directory dir;
    Ran ran;
    {
        const Captured out{stdout, dir.file("stdout")}, err{stderr, dir.file("stderr")};
        cli::Command command{{.name = "hp-own", .summary = "A program.", .examples = {}}};
        char name[] = "hp-own";
        char* argv[] = {name};
        ran.code = command.run(1, argv, []() -> Result<> { throw std::out_of_range("map::at"); });
        CHECK(command.run(1, argv, []() -> Result<> { throw std::bad_alloc(); }) == 1);
    }
    CHECK(ran.code == 1);
    CHECK(read(dir.file("stderr")) ==
          "hp-own: error: unexpected error: map::at\n"
          "hp-own: hint: this is a bug: please report it\n"
          "hp-own: error: out of memory\n");
}

TEST_CASE(
    "an empty value is an error, in every form that a flag has, unless it is declared to mean something") {
    const Directory dir;
    const auto said = [&](std::vector<std::string> arguments) {
        Ran ran = run(dir, std::move(arguments));
        return std::to_string(ran.code) + " " + ran.err.substr(0, ran.err.find('\n'));
    };
    const std::string wanted = "2 hp-own: error: --config-dir: expected a value, got an empty one";
    CHECK(said({"--config-dir", "", "--word", "abc"}) == wanted);
    CHECK(said({"--config-dir=", "--word", "abc"}) == wanted);
    CHECK(said({"--word=", "--database", "x"}) ==
          "2 hp-own: error: --word: expected a value, got an empty one");
    CHECK(said({"--word", "abc", "--log-file", ""}) ==
          "2 hp-own: error: --log-file: expected a value, got an empty one");
    ::setenv("HP_CONFIG_DIR", "", 1);
    CHECK(said({"--word", "abc"}) == "2 hp-own: error: HP_CONFIG_DIR: expected a value, got an empty one");
    CHECK(said({"--word", "abc", "--config-dir", dir.path()}).starts_with("2 " + dir.file("own.toml")));
    ::unsetenv("HP_CONFIG_DIR");
    ::setenv("HP_LOG_FILE", "", 1);
    CHECK(said({"--word", "abc"}) == "2 hp-own: error: HP_LOG_FILE: expected a value, got an empty one");
    ::unsetenv("HP_LOG_FILE");
}

namespace {

struct Shared {
    static constexpr std::string_view file = "shared.toml";
    std::string name;

    template <class V>
    void describe(V&& v) {
        v("name", name, "a name", config::any().and_required());
    }
};

/// A program with three verbs: one that reads nothing, one its own file, one everything or less, as it is
/// told.
Ran run_verbs(const Directory& dir, std::vector<std::string> arguments, bool has_body = false) {
    Ran ran;
    {
        const Captured out{stdout, dir.file("stdout")}, err{stderr, dir.file("stderr")};
        Shared shared;
        cli::Command command{{.name = "hp-own", .summary = "A program.", .examples = {}}};
        const auto say = [&](const std::string& verb) {
            std::printf("%s word=%s name=%s\n", verb.c_str(), ran.own.word.c_str(), shared.name.c_str());
        };
        command.add_verbs(
            {{.name = "plain",
              .summary = "reads nothing",
              .declare = [&](cli::Options&) -> cli::Action {
                  return [&] { return say("plain"), Result<>{}; };
              },
              .needs = cli::Needs::nothing},
             {.name = "own",
              .summary = "reads its own file",
              .declare = [&](cli::Options&) -> cli::Action {
                  return [&] { return say("own"), Result<int>{3}; };
              },
              .needs = cli::Needs::own_file},
             {.name = "some",
              .summary = "reads what it is told",
              .declare = [&](cli::Options& add) -> cli::Action {
                  auto few = std::make_shared<bool>(false);
                  auto count = std::make_shared<std::optional<std::int64_t>>();
                  add.flag("--few", *few, "read the own file only");
                  add.whole("--count", *count, "how many", 1, 9);
                  return cli::Action{[&, count]() -> Result<> {
                             say("some");
                             if (*count) return fail(Errc::io, "count " + std::to_string(**count));
                             return {};
                         }}
                      .reading([few] { return *few ? cli::Needs::own_file : cli::Needs::everything; });
              },
              .on_error =
                  [](const Error& error, bool is_json) {
                      std::printf("%s%s\n", is_json ? "json: " : "", error.what.c_str());
                      return 9;
                  }}});
        command.configure(ran.own, shared);
        arguments.insert(arguments.begin(), "hp-own");
        std::vector<char*> argv;
        for (auto& argument : arguments) argv.push_back(argument.data());
        std::function<Result<>()> body;
        if (has_body) body = [&] { return say("body"), Result<>{}; };
        ran.code = command.run(static_cast<int>(argv.size()), argv.data(), body);
    }
    ran.out = read(dir.file("stdout"));
    ran.err = read(dir.file("stderr"));
    return ran;
}

}  // namespace

TEST_CASE("a verb reads what it needs of the configuration, and gives the exit code") {
    const Directory dir;
    write(dir, "word = \"abc\"\n");
    const std::vector<std::string> where{"--config-dir", dir.path()};
    const auto with = [&](std::vector<std::string> words) {
        words.insert(words.end(), where.begin(), where.end());
        return words;
    };
    CHECK(run_verbs(dir, {"plain", "--config-dir", "/nowhere"}).out == "plain word= name=\n");
    auto ran = run_verbs(dir, with({"own"}));
    CHECK(ran.out == "own word=abc name=\n");
    CHECK(ran.code == 3);
    CHECK(run_verbs(dir, with({"some", "--few"})).out == "some word=abc name=\n");
    ran = run_verbs(dir, with({"some"}));
    CHECK(ran.err.find("shared.toml: cannot be read") != std::string::npos);
    CHECK(run_verbs(dir, with({"own"}), true).out == "own word=abc name=\n");
    CHECK(run_verbs(dir, with({}), true).code == 2);  // the body needs everything
    std::ofstream(dir.file("shared.toml")) << "name = \"x\"\n";
    CHECK(run_verbs(dir, with({"some"})).out == "some word=abc name=x\n");
    CHECK(run_verbs(dir, with({}), true).out == "body word=abc name=x\n");
    ran = run_verbs(dir, with({}));
    CHECK(ran.code == 2);
    CHECK(ran.err.starts_with("hp-own: error: a subcommand is required\n"));
}

TEST_CASE("a verb's own exit code for errors holds for those of the command line and of the files too") {
    const Directory dir;
    write(dir, "word = \"abc\"\n");
    auto ran = run_verbs(dir, {"--config-dir", dir.path(), "some", "--few", "--count", "4"});
    CHECK(ran.code == 9);
    CHECK(ran.out == "some word=abc name=\ncount 4\n");
    ran = run_verbs(dir, {"some", "--count", "0", "--json"});
    CHECK(ran.code == 9);
    CHECK(ran.out.starts_with("json: "));
    ran = run_verbs(dir, {"--config-dir", dir.path(), "some"});
    CHECK(ran.code == 9);
    CHECK(ran.out.starts_with(dir.file("shared.toml")));
    CHECK(run_verbs(dir, {"plain", "--no-such"}).code == 2);
}
