// SV1's transport: lines over TCP.
#include "net/lines.hpp"

#include <optional>

#include "net_fixture.hpp"

using namespace hp;
using namespace hp::net;
using namespace hp::test;

namespace {

struct Recorder : LineHandler {
    std::vector<std::string> lines, others;
    int reads{0};
    std::vector<Error> closed;
    std::function<void(std::string_view)> act;
    void on_line(std::string_view line) override {
        lines.emplace_back(line);
        if (act) act(line);
    }
    void on_read_done() override { ++reads; }
    void on_other_protocol(std::string_view what) override { others.emplace_back(what); }
    void on_close(const Error& reason) override { closed.push_back(reason); }
};

struct Fixture {
    Loop loop;
    std::vector<std::shared_ptr<LineConnection>> connections;
    std::vector<std::shared_ptr<Recorder>> recorders;
    std::unique_ptr<LineListener> listener;
    std::function<void(std::size_t, std::string_view)> on_line;

    void listen(LineLimits limits = {}) {
        auto result = LineListener::listen(loop, any_port(), limits,
                                           [this](std::shared_ptr<LineConnection> connection) {
                                               auto recorder = std::make_shared<Recorder>();
                                               std::size_t index = connections.size();
                                               recorder->act = [this, index](std::string_view line) {
                                                   if (on_line) on_line(index, line);
                                               };
                                               connections.push_back(connection);
                                               recorders.push_back(recorder);
                                               connection->set_handler(recorder);
                                           });
        REQUIRE_MESSAGE(result, result.error().what);
        listener = *std::move(result);
    }
    RawSocket dial() {
        RawSocket socket{listener->bound()};
        std::size_t want = connections.size() + 1;
        REQUIRE(run_until(loop, [&] { return connections.size() == want; }));
        return socket;
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "lines arrive whole, with CRLF or LF, in pieces or many at once") {
    listen();
    auto peer = dial();
    peer.send("one\r\ntwo\n\nthr");
    REQUIRE(run_until(loop, [&] { return recorders[0]->lines.size() == 3; }));
    peer.send("ee\r");
    peer.send("\nin\rside\n");
    REQUIRE(run_until(loop, [&] { return recorders[0]->lines.size() == 5; }));
    CHECK(recorders[0]->lines == std::vector<std::string>{"one", "two", "", "three", "in\rside"});
    std::string many;
    for (int i = 0; i < 1000; ++i) many += std::to_string(i) + "\n";
    int reads_before = recorders[0]->reads;
    peer.send(many);
    REQUIRE(run_until(loop, [&] { return recorders[0]->lines.size() == 1005; }));
    CHECK(recorders[0]->lines.back() == "999");
    CHECK(recorders[0]->reads - reads_before <= 4);
}

TEST_CASE_FIXTURE(Fixture, "a line at the limit passes, one byte more ends the connection") {
    listen({.line_bytes_max = 100});
    auto peer = dial();
    peer.send(std::string(100, 'a') + "\n");
    REQUIRE(run_until(loop, [&] { return recorders[0]->lines.size() == 1; }));
    SUBCASE("with its newline") { peer.send(std::string(101, 'b') + "\n"); }
    SUBCASE("without a newline, in pieces") {
        for (int i = 0; i < 11; ++i) peer.send(std::string(10, 'c'));
    }
    REQUIRE(run_until(loop, [&] { return !recorders[0]->closed.empty(); }));
    CHECK(recorders[0]->closed[0].what == "a line is longer than 100 bytes");
    CHECK(recorders[0]->lines.size() == 1);
    CHECK_FALSE(connections[0]->is_open());
    CHECK(peer.closes());
}

TEST_CASE_FIXTURE(Fixture,
                  "answers sent while handling a read leave together; a half-closed peer still gets them") {
    listen();
    on_line = [this](std::size_t i, std::string_view line) {
        connections[i]->send("<" + std::string(line) + ">\n");
    };
    auto peer = dial();
    peer.send("a\nb\nc\n");
    peer.half_close();
    REQUIRE(run_until(loop, [&] { return !recorders[0]->closed.empty(); }));
    CHECK(peer.closes());
    CHECK(peer.rest() == "<a>\n<b>\n<c>\n");
    CHECK(recorders[0]->closed.size() == 1);
    CHECK(recorders[0]->closed[0].what == "the peer closed the connection");
}

TEST_CASE_FIXTURE(Fixture, "close writes what is queued, delivers nothing more and does not call on_close") {
    listen();
    on_line = [&](std::size_t i, std::string_view) {
        connections[i]->send(std::string(500'000, 'x'));
        connections[i]->close("test");
        connections[i]->send("never");
    };
    auto peer = dial();
    peer.send("go\nmore\nlines\n");
    bool complete = false;
    std::thread reader{[&] { complete = peer.closes(); }};
    REQUIRE(run_until(loop, [&] { return !recorders[0]->lines.empty(); }));
    // The handler is let go of; our own references are the last ones.
    REQUIRE(run_until(loop, [&] { return recorders[0].use_count() == 1; }));
    bool joined = false;
    std::thread waiter{[&] {
        reader.join();
        loop.post([&] { joined = true; });
    }};
    REQUIRE(run_until(loop, [&] { return joined; }));
    waiter.join();
    CHECK(complete);
    CHECK(peer.rest() == std::string(500'000, 'x'));
    CHECK(recorders[0]->lines == std::vector<std::string>{"go"});
    CHECK(recorders[0]->closed.empty());
    CHECK_FALSE(connections[0]->is_open());
}

TEST_CASE_FIXTURE(Fixture, "a slow reader is dropped at the queue limit, and told of outside of send") {
    listen({.send_queue_bytes_max = 100'000});
    auto peer = dial();
    bool told_inside_send = false;
    std::string text(50'000, 'x');
    Timer pump{loop};
    pump.every(1, [&] {
        while (connections[0]->is_open() && recorders[0]->closed.empty()) {
            connections[0]->send(text);
            told_inside_send |= !recorders[0]->closed.empty();
        }
        pump.cancel();
    });
    REQUIRE(run_until(loop, [&] { return !recorders[0]->closed.empty(); }));
    CHECK_FALSE(told_inside_send);
    CHECK(recorders[0]->closed.size() == 1);
    CHECK(has(recorders[0]->closed[0].what, "reads too slowly"));
}

TEST_CASE_FIXTURE(Fixture,
                  "who has proven something stays; a newcomer gets in, and the oldest stranger goes") {
    protect(loop, {});
    listen({.strangers_max = 2, .strangers_per_address_max = 2, .connections_max = 1});
    {
        auto first = dial();
        CHECK(connections[0]->prove(Standing::member));
        auto second = dial(), third = dial(), fourth = dial();
        REQUIRE(run_until(loop, [&] { return !recorders[1]->closed.empty(); }));
        CHECK(has(recorders[1]->closed[0].what, "a newer connection"));
        CHECK(connections[0]->is_open());
        CHECK(connections[3]->is_open());
        CHECK_FALSE(connections[3]->prove(Standing::member));
    }
    REQUIRE(run_until(loop, [&] { return !recorders[0]->closed.empty(); }));
    auto fifth = dial();
    CHECK(connections.back()->prove(Standing::member));
}

TEST_CASE_FIXTURE(Fixture, "begun lines count against the process's buffers, and the largest goes first") {
    protect(loop, {.sources_exempt = {}, .buffer_bytes_max = 122'000});
    listen();
    std::vector<RawSocket> peers;
    for (int i = 0; i < 12; ++i) peers.push_back(dial());
    for (int i = 0; i < 12; ++i)
        REQUIRE(peers[static_cast<std::size_t>(i)].send(std::string(i == 5 ? 16'000 : 9'000, 'x')));
    REQUIRE(run_until(loop, [&] { return protection_counters(loop).cut_for_memory > 0; }));
    REQUIRE(run_until(loop, [&] { return !recorders[5]->closed.empty(); }));
    CHECK(has(recorders[5]->closed[0].what, "memory for unfinished input is used up"));
    CHECK(protection_counters(loop).buffer_bytes <= 122'000);
    // What becomes whole is not held any more.
    for (auto& peer : peers) peer.send("\n");
    REQUIRE(run_until(loop, [&] { return protection_counters(loop).buffer_bytes == 0; }));
}

TEST_CASE_FIXTURE(Fixture, "the client side dials, talks, and says why it cannot") {
    listen();
    on_line = [this](std::size_t i, std::string_view line) {
        connections[i]->send("<" + std::string(line) + ">\n");
    };
    std::shared_ptr<LineConnection> ours;
    auto handler = std::make_shared<Recorder>();
    auto dial = LineDial::start(loop, {"localhost", listener->bound().port}, 5'000, {}, [&](auto result) {
        REQUIRE_MESSAGE(result, result.error().what);
        ours = *result;
        ours->set_handler(handler);
        ours->send("hello\n");
    });
    REQUIRE(run_until(loop, [&] { return !handler->lines.empty(); }));
    CHECK(handler->lines[0] == "<hello>");
    CHECK(ours->peer() == listener->bound().text());

    // A port where nobody listens: the one that the stopped listener had.
    Endpoint gone = listener->bound();
    listener->stop();
    std::optional<Error> why;
    auto failing = LineDial::start(loop, gone, 5'000, {}, [&](auto result) {
        REQUIRE_FALSE(result);
        why = result.error();
    });
    CHECK_FALSE(why);  // never inside of start
    REQUIRE(run_until(loop, [&] { return why.has_value(); }));
    CHECK(why->what == "cannot connect to " + gone.text() + ": connection refused");
    CHECK_FALSE(why->hint.empty());

    auto cancelled =
        LineDial::start(loop, gone, 5'000, {}, [](auto) { FAIL("called after its dial was destroyed"); });
    cancelled.reset();
    bool late = false;
    Timer later{loop};
    later.after(30, [&] { late = true; });
    CHECK(run_until(loop, [&] { return late; }));
}

TEST_CASE_FIXTURE(Fixture, "an address in use is named") {
    listen();
    auto second = LineListener::listen(loop, listener->bound(), {}, [](auto) {});
    REQUIRE_FALSE(second);
    CHECK(second.error().code == Errc::io);
    CHECK(second.error().what == "cannot listen on " + listener->bound().text() + ": address in use");
    auto foreign = LineListener::listen(loop, {"203.0.113.7", 0}, {}, [](auto) {});
    REQUIRE_FALSE(foreign);
    CHECK(has(foreign.error().what, "this machine does not have the address"));
}

TEST_CASE_FIXTURE(Fixture, "another protocol is named before any of it is taken for a line, also in pieces") {
    LineLimits limits;
    SUBCASE("where that is asked for") {
        limits.names_other_protocols = true;
        listen(limits);
        auto peer = dial();
        peer.send("GE");
        CHECK_FALSE(run_until(
            loop, [&] { return !recorders[0]->closed.empty(); }, 50));
        peer.send("T / HTTP/1.1\r\nHost: x\r\n\r\n");
        REQUIRE(run_until(loop, [&] { return !recorders[0]->closed.empty(); }));
        CHECK(recorders[0]->others == std::vector<std::string>{"HTTP"});
        CHECK(recorders[0]->lines.empty());
        CHECK(recorders[0]->closed.size() == 1);
        CHECK(peer.closes());
        CHECK(has(peer.rest(), "HTTP/1.1 400 Bad Request"));
        CHECK(has(peer.rest(), "This port speaks Stratum V1 (JSON lines), not HTTP."));
    }
    SUBCASE("a binary header that comes a line at a time") {
        limits.names_other_protocols = true;
        listen(limits);
        auto peer = dial();
        for (const std::string_view piece : {std::string_view{"\r\n"}, std::string_view{"\r\n\0\r\n", 5}}) {
            peer.send(piece);
            CHECK_FALSE(run_until(
                loop, [&] { return !recorders[0]->lines.empty(); }, 20));
        }
        peer.send("QUIT\n!");
        REQUIRE(run_until(loop, [&] { return !recorders[0]->closed.empty(); }));
        CHECK(recorders[0]->others == std::vector<std::string>{"a PROXY protocol header"});
        CHECK(recorders[0]->lines.empty());
    }
    SUBCASE("a miner that begins with an empty line") {
        limits.names_other_protocols = true;
        listen(limits);
        auto peer = dial();
        peer.send("\r\n");
        peer.send("{\"id\":1}\n");
        REQUIRE(run_until(
            loop, [&] { return !recorders[0]->lines.empty() && has(recorders[0]->lines.back(), "id"); }));
        CHECK(recorders[0]->others.empty());
    }
    SUBCASE("and nowhere else") {
        listen(limits);
        auto peer = dial();
        peer.send("GET / HTTP/1.1\n");
        REQUIRE(run_until(loop, [&] { return recorders[0]->lines.size() == 1; }));
        CHECK(recorders[0]->others.empty());
    }
    SUBCASE("a miner's first line may come in pieces, and say what it likes later") {
        limits.names_other_protocols = true;
        listen(limits);
        auto peer = dial();
        peer.send("{\"id\":1,");
        peer.send("\"x\":2}\nGET / HTTP/1.1\n");
        REQUIRE(run_until(loop, [&] { return recorders[0]->lines.size() == 2; }));
        CHECK(recorders[0]->others.empty());
    }
}
