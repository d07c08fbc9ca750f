// The accept loop when descriptors run out.
#include "net/acceptor.hpp"

#include <sys/resource.h>

#include "log/log.hpp"
#include "net_fixture.hpp"

using namespace hp;
using namespace hp::net;
using namespace hp::test;

TEST_CASE(
    "AC_031 without descriptors the accept loop waits instead of spinning, and goes on when they return") {
    Loop loop;
    std::vector<Fd> accepted;
    auto acceptor =
        Acceptor::listen(loop, any_port(), [&](Fd fd, const Address&) { accepted.push_back(std::move(fd)); });
    REQUIRE(acceptor);
    RawSocket first{(*acceptor)->bound()};
    REQUIRE(run_until(loop, [&] { return accepted.size() == 1; }));
    RawSocket second{(*acceptor)->bound()};

    // The logger is made by the first line: UBSan looks at new objects through a pipe, for which it soon has
    // no descriptors.
    log::warn("the descriptors go");
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    rlimit none = before;
    none.rlim_cur = 3;  // what is open stays open; nothing new opens
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    auto cpu_ms = [] {
        rusage usage{};
        ::getrusage(RUSAGE_THREAD, &usage);
        return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
               (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
    };
    long began = cpu_ms();
    bool over = false;
    Timer period{loop};
    period.after(400, [&] {
        over = true;
        loop.stop();
    });
    loop.run();
    long used = cpu_ms() - began;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(over);
    CHECK(accepted.size() == 1);
    CHECK(used < 20);  // 5 % of the time
    CHECK(run_until(loop, [&] { return accepted.size() == 2; }));
}
