#include "log/levels.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <string>

namespace {

using namespace hp;

log::Level level_of(const log::Levels& levels, std::string_view module) {
    return levels.of[static_cast<std::size_t>(*log::module_from_text(module))];
}
std::string problem_of(std::string_view text) {
    const auto levels = log::levels_from_text(text);
    return levels ? "none" : levels.error().what;
}

}  // namespace

TEST_CASE("levels: one for all, others for single modules, in any order") {
    CHECK(*log::levels_from_text("warn") == log::Levels{log::Level::warn});
    const auto levels = log::levels_from_text("net=debug,error,mint=trace");
    REQUIRE(levels.has_value());
    CHECK(level_of(*levels, "net") == log::Level::debug);
    CHECK(level_of(*levels, "mint") == log::Level::trace);
    CHECK(level_of(*levels, "pool") == log::Level::error);
    const auto rest = log::levels_from_text("net=debug");
    REQUIRE(rest.has_value());
    CHECK(level_of(*rest, "main") == log::Level::info);
}

TEST_CASE("levels: what is wrong is named, with what is allowed") {
    const std::string allowed = ", allowed: trace, debug, info, warn, error";
    CHECK(problem_of("WARN") == "log level 'WARN' is unknown" + allowed);
    CHECK(problem_of("") == "log level '' is unknown" + allowed);
    CHECK(problem_of("info,") == "log level '' is unknown" + allowed);
    CHECK(problem_of("net=loud") == "log level 'loud' is unknown" + allowed);
    CHECK(problem_of("nett=debug")
              .starts_with("log level for the module 'nett', which is unknown, allowed: main, "));
    CHECK(problem_of("net=debug,net=info") == "log level for the module 'net' is set twice");
    CHECK(problem_of("debug,info") == "log level for all modules is set twice");
}

TEST_CASE("a module is the room of the source file") {
    CHECK(log::name_of(log::module_of("/usr/lib/src/lib/pool/work.cpp")) == "pool");
    CHECK(log::name_of(log::module_of("../../lib/net/loop.cpp")) == "net");
    CHECK(log::name_of(log::module_of("/src/cmd/hp-pool/main.cpp")) == "main");
    CHECK(log::name_of(log::module_of("/usr/lib/hashpool/cmd/hp-pool/main.cpp")) == "main");
}

TEST_CASE("the modules are the rooms that may log, in the order of lib/LAYERS") {
    std::ifstream layers(HP_SOURCE_DIR "/lib/LAYERS");
    std::vector<std::string> rooms{"main"};
    for (std::string line; std::getline(layers, line);) {
        if ((line + " ").find(" log ") != std::string::npos && line[0] != '#' && line[0] != '<')
            rooms.push_back(line.substr(0, line.find(':')));
    }
    CHECK(rooms == std::vector<std::string>(std::begin(log::kModules), std::end(log::kModules)));
}
