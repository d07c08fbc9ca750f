// What a frame costs the server: a measurement, skipped unless asked for:
//   net_test --no-skip -tc="cost of an echoed frame*"
#include <sys/resource.h>

#include <atomic>

#include "net/frames.hpp"
#include "net_fixture.hpp"

using namespace hp;
using namespace hp::net;
using namespace hp::test;

namespace {

struct Echo : FrameHandler {
    std::weak_ptr<FrameConnection> connection;
    std::uint64_t* count{};
    void on_frame(ByteView frame) override {
        ++*count;
        if (auto to = connection.lock()) to->send(frame);
    }
    void on_close(const Error&) override {}
};

double thread_cpu_s() {
    rusage usage{};
    ::getrusage(RUSAGE_THREAD, &usage);
    auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Server CPU microseconds for each 64-byte frame that it answers.
double cost_us(std::size_t connections, int depth) {
    auto authority = crypto::SecretKey::generate();
    LoopThread server;
    std::atomic<double> cpu_s{0};
    std::uint64_t served = 0;
    std::vector<std::shared_ptr<FrameConnection>> accepted;
    auto listener = FrameListener::listen(server.loop(), any_port(), {}, renewing_identity(authority, 3600),
                                          [&](std::shared_ptr<FrameConnection> connection) {
                                              auto echo = std::make_shared<Echo>();
                                              echo->connection = connection;
                                              echo->count = &served;
                                              connection->set_handler(echo);
                                              accepted.push_back(connection);
                                          });
    REQUIRE(listener);
    Endpoint bound = (*listener)->bound();
    server.start();

    Loop loop;
    std::uint64_t answered = 0;
    std::vector<std::shared_ptr<FrameConnection>> ours;
    for (std::size_t i = 0; i < connections; ++i) {
        bool done = false;
        auto dial = FrameDial::start(loop, bound, authority.xonly(), {}, [&](auto result) {
            REQUIRE_MESSAGE(result, result.error().what);
            auto echo = std::make_shared<Echo>();
            echo->connection = *result;
            echo->count = &answered;
            (*result)->set_handler(echo);
            ours.push_back(*result);
            done = true;
            loop.stop();
        });
        loop.run();
        REQUIRE(done);
    }
    Bytes frame(64, 1);
    frame[3] = 64 - noise::kHeaderSize;
    frame[4] = frame[5] = 0;
    auto measure = [&](std::uint64_t& count) {
        std::atomic<bool> done{false};
        double cpu = 0;
        server.loop().post([&] {
            count = served;
            cpu = thread_cpu_s();
            done = true;
        });
        while (!done) std::this_thread::yield();
        return cpu;
    };
    std::uint64_t before = 0, after = 0;
    double cpu_before = measure(before);
    for (auto& connection : ours)
        for (int i = 0; i < depth; ++i) connection->send(frame);
    Timer limit{loop};
    limit.after(3'000, [&] { loop.stop(); });
    loop.run();
    double cpu_after = measure(after);
    server.stop();
    return (cpu_after - cpu_before) * 1e6 / static_cast<double>(after - before);
}

}  // namespace

TEST_CASE("cost of an echoed frame, in server CPU" * doctest::skip()) {
    MESSAGE("1 connection, 1 outstanding:     " << cost_us(1, 1) << " us");
    MESSAGE("100 connections, 1 outstanding:  " << cost_us(100, 1) << " us");
    MESSAGE("1000 connections, 1 outstanding: " << cost_us(1000, 1) << " us");
    MESSAGE("1000 connections, 8 outstanding: " << cost_us(1000, 8) << " us");
}
