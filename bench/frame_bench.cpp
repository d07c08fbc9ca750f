// What an echoed frame costs the server in CPU. Usage: frame_bench
#include <sys/resource.h>

#include <atomic>
#include <cstdio>
#include <thread>

#include "failure.hpp"
#include "net/frames.hpp"

using namespace hp;
using namespace hp::net;

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
    Loop server;
    std::atomic<double> cpu_s{0};
    std::uint64_t served = 0;
    std::vector<std::shared_ptr<FrameConnection>> accepted;
    const auto listener = bench::expect(FrameListener::listen(
        server, *endpoint_from_text("127.0.0.1:0"), {}, renewing_identity(authority, 3600),
        [&](std::shared_ptr<FrameConnection> connection) {
            auto echo = std::make_shared<Echo>();
            echo->connection = connection;
            echo->count = &served;
            connection->set_handler(echo);
            accepted.push_back(connection);
        }));
    const Endpoint bound = listener->bound();
    std::thread serving{[&] { server.run(); }};

    Loop loop;
    std::uint64_t answered = 0;
    std::vector<std::shared_ptr<FrameConnection>> ours;
    for (std::size_t i = 0; i < connections; ++i) {
        bool done = false;
        auto dial = FrameDial::start(loop, bound, authority.xonly(), {}, [&](auto result) {
            auto connection = bench::expect(std::move(result));
            auto echo = std::make_shared<Echo>();
            echo->connection = connection;
            echo->count = &answered;
            connection->set_handler(echo);
            ours.push_back(std::move(connection));
            done = true;
            loop.stop();
        });
        loop.run();
        if (!done) throw bench::Failure("no connection");
    }
    Bytes frame(64, 1);
    frame[3] = 64 - noise::kHeaderSize;
    frame[4] = frame[5] = 0;
    auto measure = [&](std::uint64_t& count) {
        std::atomic<bool> done{false};
        double cpu = 0;
        server.post([&] {
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
    serving.join();
    return (cpu_after - cpu_before) * 1e6 / static_cast<double>(after - before);
}

}  // namespace

int main() try {
    constexpr std::pair<int, int> kCases[]{{1, 1}, {100, 1}, {1000, 1}, {1000, 8}};
    for (const auto& [connections, depth] : kCases)
        std::printf("%4d connections, %d outstanding: %.2f us\n", connections, depth,
                    cost_us(static_cast<std::size_t>(connections), depth));
    return 0;
} catch (const std::exception& why) {
    std::fprintf(stderr, "frame_bench: error: %s\n", why.what());
    return 1;
}
