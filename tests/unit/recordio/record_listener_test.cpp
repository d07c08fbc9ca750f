// Sinks and listeners over a Unix socket: readers that are away, writers that misbehave.
#include <sys/stat.h>
#include <sys/un.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include "crypto/base58.hpp"
#include "net/net_fixture.hpp"
#include "recordio/event_sink.hpp"
#include "recordio/record_listener.hpp"

using namespace hp;
using namespace hp::net;
using namespace hp::recordio;
using namespace hp::test;

namespace {

struct Scratch {
    Scratch() {
        char name[] = "/tmp/record_listener_test.XXXXXX";
        REQUIRE(::mkdtemp(name) != nullptr);
        path = name;
    }
    ~Scratch() { std::filesystem::remove_all(path); }
    std::string socket() const { return path + "/records.sock"; }
    std::string path;
};

struct Collected {
    std::vector<std::string> types;
    std::vector<std::string> damages;
    RecordListener::OnRecord call() {
        return [this](const std::string&, const wire::ReadRecord& record) {
            (record.ok() ? types : damages).push_back(record.ok() ? record.type : record.damage);
        };
    }
};

std::unique_ptr<RecordListener> unix_listener(Loop& loop, const Scratch& scratch, Collected& collected,
                                              RecordLimits limits = {}) {
    auto result = RecordListener::listen_unix(loop, scratch.socket(), limits, collected.call());
    REQUIRE_MESSAGE(result, result.error().what);
    return *std::move(result);
}

std::unique_ptr<EventSink> unix_sink(Loop& loop, const Scratch& scratch, const char* framing = "lines",
                                     const char* encoding = "json") {
    auto options = event_options("unix:" + scratch.socket(), framing, encoding);
    REQUIRE_MESSAGE(options, options.error().what);
    auto sink = EventSink::open(loop, *options, "hp-pool");
    REQUIRE_MESSAGE(sink, sink.error().what);
    return *std::move(sink);
}

wire::Record event(const std::string& type) { return wire::Record(type, "hp-pool", 1'760'000'000'000); }

/// A writer of ours that misbehaves.
class RawWriter {
  public:
    explicit RawWriter(const std::string& path) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        REQUIRE(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    }
    RawWriter(RawWriter&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
    ~RawWriter() { close(); }
    void send(std::string_view text) const {
        REQUIRE(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
    }
    bool is_closed() const {
        char byte;
        return ::recv(fd_, &byte, 1, MSG_DONTWAIT) == 0;
    }
    void close() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }

  private:
    int fd_;
};

}  // namespace

TEST_CASE("several writers at once, each in its own layout; damage of one is nobody else's") {
    Scratch scratch;
    Loop loop;
    Collected collected;
    const auto listener = unix_listener(loop, scratch, collected);
    const auto lines = unix_sink(loop, scratch);
    const auto json = unix_sink(loop, scratch, "length");
    const auto msgpack = unix_sink(loop, scratch, "length", "msgpack");
    RawWriter damaged{scratch.socket()};
    damaged.send("{\"v\":1,\"ts_ms\":1,\"type\":\"half");
    for (int i = 0; i < 100; ++i)
        for (const auto& sink : {&lines, &json, &msgpack}) (*sink)->write(event("share_accepted").json());
    REQUIRE(run_until(loop, [&] { return collected.types.size() == 300; }));
    CHECK(collected.damages.empty());
    damaged.close();
    REQUIRE(run_until(loop, [&] { return collected.damages.size() == 1; }));
    CHECK(lines->dropped() + json->dropped() + msgpack->dropped() == 0);
}

TEST_CASE("AC-298: a collector that is absent, goes and comes back gets what waited") {
    Scratch scratch;
    Loop loop;
    Collected collected;
    const auto sink = unix_sink(loop, scratch);
    for (int i = 0; i < 10; ++i) sink->write(event("early").json());
    auto listener = unix_listener(loop, scratch, collected);
    REQUIRE(run_until(loop, [&] { return collected.types.size() == 10; }));
    listener.reset();
    CHECK_FALSE(std::filesystem::exists(scratch.socket()));
    for (int i = 0; i < 10; ++i) sink->write(event("meanwhile").json());
    listener = unix_listener(loop, scratch, collected);
    REQUIRE(run_until(loop, [&] { return collected.types.size() == 20; }));
    CHECK(collected.damages.empty());
    CHECK(sink->dropped() == 0);
}

TEST_CASE("AC-298: a collector that does not read costs the writer a bounded queue, and the loss is told") {
    Scratch scratch;
    Loop writing, reading;
    Collected collected;
    const auto listener = unix_listener(reading, scratch, collected);
    const auto sink = unix_sink(writing, scratch);
    const std::string text(10'000, 'x');
    std::size_t written = 0;
    for (; sink->dropped() < 100 && written < 10'000; ++written) {
        sink->write(event("share_accepted").add("text", text).json());
        run_until(
            writing, [] { return false; }, 0);
    }
    const auto dropped = sink->dropped();
    REQUIRE(dropped >= 100);
    // In both loops' time from now on.
    const auto all_came = [&] {
        run_until(
            writing, [] { return false; }, 0);
        return collected.types.size() == written - dropped + 1;
    };
    REQUIRE(run_until(reading, all_came));
    CHECK(std::ranges::count(collected.types, "events_dropped") == 1);
    CHECK(collected.damages.empty());
}

TEST_CASE("what a writer has sent is taken in when the listener stops") {
    Scratch scratch;
    Loop loop;
    Collected collected;
    auto listener = unix_listener(loop, scratch, collected);
    RawWriter writer{scratch.socket()};
    writer.send(event("first").line());
    REQUIRE(run_until(loop, [&] { return collected.types.size() == 1; }));
    for (int i = 0; i < 100; ++i) writer.send(event("share_accepted").line());
    listener->stop();
    CHECK(collected.types.size() == 101);
}

TEST_CASE("the socket: mode 0660, what a killed listener left is replaced, anything else is an error") {
    Scratch scratch;
    Loop loop;
    Collected collected;
    {
        // As kill -9 leaves it.
        const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        scratch.socket().copy(address.sun_path, sizeof address.sun_path - 1);
        REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        ::close(fd);
    }
    const auto listener = unix_listener(loop, scratch, collected);
    struct stat status {};
    REQUIRE(::stat(scratch.socket().c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0660);

    const auto second = RecordListener::listen_unix(loop, scratch.socket(), {}, collected.call());
    REQUIRE_FALSE(second);
    CHECK(has(second.error().what, "another program listens there"));
    std::ofstream(scratch.path + "/file") << "precious";
    const auto file = RecordListener::listen_unix(loop, scratch.path + "/file", {}, collected.call());
    REQUIRE_FALSE(file);
    CHECK(has(file.error().what, "exists and is not a socket"));
    CHECK(std::filesystem::file_size(scratch.path + "/file") == 8);
    const auto absent = RecordListener::listen_unix(loop, scratch.path + "/no/s", {}, collected.call());
    REQUIRE_FALSE(absent);
    CHECK_FALSE(event_options("unix:", "lines", "json"));
    CHECK_FALSE(event_options("unix:/" + std::string(200, 'a'), "lines", "json"));
    CHECK_FALSE(event_options("-", "lines", "msgpack"));
}

TEST_CASE("AC-300: garbage, a false length and an endless line are damage, counted and bounded") {
    Scratch scratch;
    LoopThread thread;
    Collected collected;
    std::atomic<std::size_t> damages{0}, records{0};
    auto listener = RecordListener::listen_unix(
        thread.loop(), scratch.socket(), {},
        [&](const std::string&, const wire::ReadRecord& record) { ++(record.ok() ? records : damages); });
    REQUIRE(listener);
    thread.start();
    RawWriter endless{scratch.socket()}, zeros{scratch.socket()}, honest{scratch.socket()};
    const std::string chunk(64 * 1024, '{');
    const std::string nothing(64 * 1024, '\0');
    for (int i = 0; i < 160; ++i) endless.send(chunk);  // 10 MiB without a line end
    for (int i = 0; i < 32; ++i) zeros.send(nothing);
    endless.send("\n" + event("after").line());
    honest.send(event("honest").line());
    const auto deadline = steady_ms_now() + kDeadlineMs;
    while (records < 2 && steady_ms_now() < deadline) std::this_thread::yield();
    CHECK(records == 2);
    CHECK(damages >= 1);
    thread.stop();
}

TEST_CASE("a slow-loris: half a record is not held for ever, and silence between records is no fault") {
    Scratch scratch;
    Loop loop;
    Collected collected;
    const auto listener = unix_listener(loop, scratch, collected, {.record_ms = 50});
    RawWriter half{scratch.socket()}, silent{scratch.socket()};
    silent.send(event("once").line());
    half.send("{\"v\":1,");
    REQUIRE(run_until(loop, [&] { return half.is_closed(); }));
    CHECK_FALSE(silent.is_closed());
    CHECK(collected.damages.size() == 1);
}

TEST_CASE("many connections: those that never sent a record go first") {
    Scratch scratch;
    Loop loop;
    Collected collected;
    const auto listener = unix_listener(loop, scratch, collected, {.connections_max = 4});
    RawWriter honest{scratch.socket()};
    honest.send(event("honest").line());
    REQUIRE(run_until(loop, [&] { return collected.types.size() == 1; }));
    std::vector<RawWriter> flood;
    for (int i = 0; i < 20; ++i) flood.emplace_back(scratch.socket());
    REQUIRE(run_until(loop, [&] {
        return std::ranges::count_if(flood, [](const auto& one) { return one.is_closed(); }) == 17;
    }));
    honest.send(event("honest").line());
    RawWriter other{scratch.socket()};
    other.send(event("other").line());
    REQUIRE(run_until(loop, [&] { return collected.types.size() == 3; }));
}

namespace {

/// A collector over Noise and what dials it, on one loop.
struct NoiseFixture {
    Loop loop;
    Collected collected;
    crypto::SecretKey authority = crypto::SecretKey::generate();
    crypto::SecretKey writer = crypto::SecretKey::generate();

    std::unique_ptr<RecordListener> listen(std::uint16_t port = 0, RecordLimits limits = {}) {
        auto result = RecordListener::listen_noise(loop,
                                                   {.listen = {"127.0.0.1", port},
                                                    .identity = renewing_identity(authority, 3600),
                                                    .authority = authority.xonly(),
                                                    .allowed = {writer.xonly()}},
                                                   limits, collected.call());
        REQUIRE_MESSAGE(result, result.error().what);
        return *std::move(result);
    }
    std::unique_ptr<EventSink> sink(const Endpoint& at, const crypto::SecretKey& key) {
        auto options = event_options(
            "tcp://" + at.text() + "/" + crypto::authority_key_text(authority.xonly()), "length", "msgpack");
        REQUIRE_MESSAGE(options, options.error().what);
        options->key = key;
        auto out = EventSink::open(loop, *options, "hp-pool");
        REQUIRE_MESSAGE(out, out.error().what);
        return *std::move(out);
    }
};

}  // namespace

TEST_CASE("over Noise: an allowed writer's records arrive, large ones too, and after an outage") {
    NoiseFixture f;
    auto listener = f.listen();
    const Endpoint at = listener->bound();
    const auto sink = f.sink(at, f.writer);
    for (int i = 0; i < 100; ++i) sink->write(event("share_accepted").json());
    sink->write(event("large").add("text", std::string(300'000, 'x')).json());
    REQUIRE(run_until(f.loop, [&] { return f.collected.types.size() == 101; }));
    listener.reset();
    // The writer hears of the end before it writes, so that nothing is on the way.
    run_until(
        f.loop, [] { return false; }, 50);
    for (int i = 0; i < 10; ++i) sink->write(event("meanwhile").json());
    listener = f.listen(at.port);
    REQUIRE(run_until(f.loop, [&] { return f.collected.types.size() == 111; }));
    CHECK(f.collected.damages.empty());
    CHECK(sink->dropped() == 0);
}

TEST_CASE(
    "over Noise: a key that is not allowed gets nothing in, nor does a collector with another key get "
    "records") {
    NoiseFixture f;
    const auto listener = f.listen();
    const auto stranger = f.sink(listener->bound(), crypto::SecretKey::generate());
    stranger->write(event("forged").json());
    const auto honest = f.sink(listener->bound(), f.writer);
    auto elsewhere = event_options("tcp://" + listener->bound().text() + "/" +
                                       crypto::authority_key_text(crypto::SecretKey::generate().xonly()),
                                   "lines", "json");
    REQUIRE(elsewhere);
    elsewhere->key = f.writer;
    const auto deceived = EventSink::open(f.loop, *elsewhere, "hp-pool");
    REQUIRE(deceived);
    (*deceived)->write(event("to_another").json());
    honest->write(event("honest").json());
    REQUIRE(run_until(f.loop, [&] { return f.collected.types.size() == 1; }));
    honest->write(event("honest").json());
    REQUIRE(run_until(f.loop, [&] { return f.collected.types.size() == 2; }));
    CHECK(f.collected.types == std::vector<std::string>{"honest", "honest"});
}

TEST_CASE("over Noise: garbage, silence and strangers without end, and the honest writer gets through") {
    NoiseFixture f;
    const auto listener = f.listen(0, {.record_ms = 100, .auth_ms = 100});
    const Endpoint at = listener->bound();
    std::vector<RawSocket> flood;
    for (int i = 0; i < 40; ++i) {
        flood.emplace_back(at);
        if (i % 2) (void)flood.back().send(std::string(1000, '\xff'));
    }
    const auto honest = f.sink(at, f.writer);
    honest->write(event("honest").json());
    REQUIRE(run_until(f.loop, [&] { return f.collected.types.size() == 1; }));
    // Those that finish the handshake and say nothing are closed in time.
    struct Silent : FrameHandler {
        void on_frame(ByteView) override {}
        void on_close(const Error&) override { closed = true; }
        bool closed{false};
    };
    const auto silent = std::make_shared<Silent>();
    std::shared_ptr<FrameConnection> connection;
    const auto dial = FrameDial::start(f.loop, at, f.authority.xonly(), {}, [&](auto result) {
        REQUIRE(result);
        connection = *std::move(result);
        connection->set_handler(silent);
    });
    REQUIRE(run_until(f.loop, [&] { return silent->closed; }));
    honest->write(event("honest").json());
    REQUIRE(run_until(f.loop, [&] { return f.collected.types.size() == 2; }));
}
