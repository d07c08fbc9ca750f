#include "log/repeats.hpp"

#include <doctest/doctest.h>

namespace {

using namespace hp;

constexpr log::Module kNet = *log::module_from_text("net");
constexpr log::Module kPool = *log::module_from_text("pool");

/// What is said, as "text" or "text*N".
std::string said(const std::vector<log::Repeats::Said>& lines) {
    std::string out;
    for (const auto& line : lines) {
        if (!out.empty()) out += ' ';
        out += line.text;
        if (line.repeated > 0) out += "*" + std::to_string(line.repeated);
    }
    return out;
}

}  // namespace

TEST_CASE("repeats are counted until another line of the module comes") {
    log::Repeats repeats;
    CHECK(said(repeats.take(kNet, log::Level::warn, "a", 0)) == "a");
    CHECK(said(repeats.take(kNet, log::Level::warn, "a", 1)) == "");
    CHECK(said(repeats.take(kNet, log::Level::warn, "a", 2)) == "");
    CHECK(said(repeats.take(kNet, log::Level::warn, "b", 3)) == "a*2 b");
    CHECK(said(repeats.take(kNet, log::Level::error, "b", 4)) == "b");
    CHECK(said(repeats.rest()) == "");
}

TEST_CASE("a run without an end is said every ten seconds") {
    log::Repeats repeats;
    std::string all;
    for (SteadyMs now = 0; now <= 25'000; now += 100) {
        const auto line = said(repeats.take(kNet, log::Level::warn, "a", now));
        if (!line.empty()) all += std::to_string(now) + ":" + line + "; ";
    }
    CHECK(all == "0:a; 10000:a*99 a; 20000:a*99 a; ");
    CHECK(said(repeats.due(29'999)) == "");
    CHECK(said(repeats.due(30'000)) == "a*50");
    CHECK(said(repeats.due(60'000)) == "");
}

TEST_CASE("a line that comes again later is a line, not a repeat") {
    log::Repeats repeats;
    (void)repeats.take(kNet, log::Level::info, "up", 0);
    CHECK(said(repeats.take(kNet, log::Level::info, "up", log::kRepeatsMs)) == "up");
}

TEST_CASE("AC-086 a flood in one module hides no line of it that differs, and none of another module") {
    log::Repeats repeats;
    std::size_t lines = 0, flood = 0;
    for (SteadyMs now = 0; now < 1'000; ++now) {
        flood += repeats.take(kNet, log::Level::warn, "worthless share", now).size();
        if (now % 100 == 0) lines += repeats.take(kPool, log::Level::warn, std::to_string(now), now).size();
    }
    CHECK(flood == 1);
    CHECK(lines == 10);
    CHECK(said(repeats.take(kNet, log::Level::warn, "something else", 1'000)) ==
          "worthless share*999 something else");
}
