// The loop: posts, timers, signals, addresses.
#include "net/loop.hpp"

#include <csignal>
#include <optional>

#include "base/bytes.hpp"
#include "net_fixture.hpp"

using namespace hp;
using namespace hp::net;
using namespace hp::test;

TEST_CASE("posts from any thread run on the loop's thread, each thread's in order") {
    Loop loop;
    constexpr int kPosts = 2000;
    std::vector<std::vector<int>> seen(3);
    bool elsewhere = false;
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < seen.size(); ++t)
        threads.emplace_back([&, t] {
            for (int i = 0; i < kPosts; ++i)
                loop.post([&, t, i] {
                    elsewhere |= !loop.running_in_this_thread();
                    seen[t].push_back(i);
                });
        });
    CHECK(run_until(loop, [&] { return seen[0].size() + seen[1].size() + seen[2].size() == 3 * kPosts; }));
    for (auto& thread : threads) thread.join();
    CHECK_FALSE(elsewhere);
    CHECK_FALSE(loop.running_in_this_thread());
    for (auto& order : seen) CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("a post from inside a post runs after those that wait") {
    Loop loop;
    std::string order;
    loop.post([&] {
        order += 'a';
        loop.post([&] { order += 'c'; });
    });
    loop.post([&] { order += 'b'; });
    CHECK(run_until(loop, [&] { return order.size() == 3; }));
    CHECK(order == "abc");
}

TEST_CASE("one stop ends one run, even when it came first") {
    Loop loop;
    loop.stop();
    loop.run();
    int ran = 0;
    loop.post([&] {
        ++ran;
        loop.stop();
    });
    loop.run();
    CHECK(ran == 1);
}

TEST_CASE("timers") {
    Loop loop;
    SUBCASE("after calls once; a new wait replaces the old one") {
        Timer timer{loop};
        std::string order;
        timer.after(1, [&] { order += 'x'; });
        timer.after(2, [&] { order += 'y'; });
        Timer later{loop};
        later.after(30, [&] { order += 'z'; });
        CHECK(run_until(loop, [&] { return order.size() >= 2; }));
        CHECK(order == "yz");
    }
    SUBCASE("every goes on until it is cancelled, also from inside") {
        Timer timer{loop}, later{loop};
        int calls = 0;
        bool late = false;
        timer.every(1, [&] {
            if (++calls != 5) return;
            timer.cancel();
            later.after(40, [&] { late = true; });
        });
        CHECK(run_until(loop, [&] { return late; }));
        CHECK(calls == 5);
    }
    SUBCASE("a destroyed timer does not call") {
        bool called = false;
        std::optional<Timer> timer{std::in_place, loop};
        timer->after(1, [&] { called = true; });
        timer.reset();
        bool late = false;
        Timer later{loop};
        later.after(20, [&] { late = true; });
        CHECK(run_until(loop, [&] { return late; }));
        CHECK_FALSE(called);
    }
    SUBCASE("a timer may be destroyed or set anew inside its own call") {
        auto owned = std::make_unique<Timer>(loop);
        int calls = 0;
        owned->every(1, [&] {
            ++calls;
            owned.reset();
        });
        Timer again{loop};
        int rounds = 0;
        std::function<void()> round = [&] {
            if (++rounds < 3) again.after(1, round);
        };
        again.after(1, round);
        CHECK(run_until(loop, [&] { return rounds == 3 && !owned; }));
        CHECK(calls == 1);
    }
}

TEST_CASE("AC_265 SIGTERM asks for an end, the second one ends; SIGHUP and SIGPIPE do not") {
    Loop loop;
    std::string seen;
    loop.handle_signals([&] { seen += 't'; }, [&] { seen += 'h'; });
    ::raise(SIGPIPE);
    loop.post([] { ::raise(SIGHUP); });
    CHECK(run_until(loop, [&] { return seen == "h"; }));
    loop.post([] { ::raise(SIGTERM); });
    CHECK(run_until(loop, [&] { return seen == "ht"; }));
    loop.post([] { ::raise(SIGTERM); });
    loop.run();  // returns by the signal alone
    CHECK(seen == "ht");
}

TEST_CASE("endpoints") {
    CHECK(endpoint_from_text("127.0.0.1:3336") == Endpoint{"127.0.0.1", 3336});
    CHECK(endpoint_from_text("[::1]:0") == Endpoint{"::1", 0});
    CHECK(endpoint_from_text("pool.example:65535") == Endpoint{"pool.example", 65535});
    CHECK(Endpoint{"::1", 7}.text() == "[::1]:7");
    CHECK(Endpoint{"10.0.0.1", 7}.text() == "10.0.0.1:7");
    for (const char* bad : {"", "host", "host:", ":1", "host:65536", "host:-1", "host:1x", "::1:80", "[::1]",
                            "[::1:5", "[zz]:1", "a b:1", "a/b:1", "host:1\n"}) {
        CAPTURE(bad);
        auto endpoint = endpoint_from_text(bad);
        REQUIRE_FALSE(endpoint);
        CHECK(endpoint.error().code == Errc::invalid);
        CHECK_FALSE(endpoint.error().hint.empty());
    }
    for (const char* host : {"localhost", "127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"})
        CHECK(Endpoint{host, 1}.is_loopback());
    for (const char* host : {"0.0.0.0", "10.0.0.1", "::", "128.0.0.1", "localhost.example"})
        CHECK_FALSE(Endpoint{host, 1}.is_loopback());
}
