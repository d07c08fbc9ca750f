// The HTTP server against raw sockets: what a peer may send, and what comes back.
#include <atomic>
#include <future>
#include <mutex>

#include "net/http.hpp"
#include "net/protection.hpp"
#include "net_fixture.hpp"

using namespace hp;
using namespace hp::net;
using namespace hp::test;

namespace {

struct Fixture {
    LoopThread thread;
    std::unique_ptr<HttpServer> server;
    std::atomic<int> handled{0};
    std::mutex mutex;
    HttpRequest last;
    std::shared_ptr<HttpStream> stream;  // of the loop's thread
    std::atomic<int> streams{0};
    std::vector<HttpServer::Reply> held;  // of the loop's thread

    bool send(std::string text) {
        std::promise<bool> sent;
        thread.loop().post([&] { sent.set_value(stream->send(text)); });
        return sent.get_future().get();
    }

    /// Answers with the path; "/slow" later, "/lost" never, "/big" with 100,000 bytes, "/fails" with 404.
    void listen(HttpLimits limits = {}, bool cors = false) {
        auto result = HttpServer::listen(thread.loop(), any_port(), limits, cors,
                                         [this](const HttpRequest& request, HttpServer::Reply reply) {
                                             ++handled;
                                             {
                                                 std::lock_guard lock{mutex};
                                                 last = request;
                                             }
                                             if (request.path == "/lost") return;
                                             if (request.path == "/held") return held.push_back(reply);
                                             if (request.path == "/fails")
                                                 return reply({404, R"({"detail":"nothing here"})"});
                                             if (request.path == "/big")
                                                 return reply({200, std::string(100'000, 'b')});
                                             if (request.path == "/stream") {
                                                 HttpResponse out{200, {}, "text/event-stream"};
                                                 out.stream = [this](std::shared_ptr<HttpStream> begun) {
                                                     stream = std::move(begun);
                                                     stream->send("data: 1\n\n");
                                                     ++streams;
                                                 };
                                                 return reply(std::move(out));
                                             }
                                             if (request.path != "/slow")
                                                 return reply({200, request.method + " " + request.path});
                                             auto timer = std::make_shared<Timer>(thread.loop());
                                             timer->after(20, [timer, reply] { reply({200, "at last"}); });
                                         });
        REQUIRE_MESSAGE(result, result.error().what);
        server = *std::move(result);
        thread.start();
    }
    ~Fixture() {
        thread.stop();
        held.clear();
    }

    /// One request on a connection of its own; all that comes back.
    std::string ask(const std::string& request) {
        RawSocket peer{server->bound()};
        peer.send(request);
        peer.half_close();
        CHECK(peer.closes());
        return peer.rest();
    }
    int status_of(const std::string& request) {
        std::string answer = ask(request);
        CAPTURE(request.substr(0, 200));
        REQUIRE_MESSAGE(answer.starts_with("HTTP/1.1 "), answer.substr(0, 200));
        return std::stoi(answer.substr(9, 3));
    }
};

std::string get(const std::string& path, const std::string& more = "") {
    return "GET " + path + " HTTP/1.1\r\nHost: x\r\n" + more + "\r\n";
}
constexpr const char* kClose = "Connection: close\r\n";

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a request reaches the handler decoded, with body and headers") {
    listen();
    std::string answer =
        ask("POST /a%20b/%c3%a9?x=%31&y HTTP/1.1\r\nHost: x\r\nX-Thing: one\r\nContent-Length: 5\r\n"
            "Connection: close\r\n\r\nhello");
    CHECK(has(answer, "HTTP/1.1 200 OK\r\n"));
    CHECK(has(answer, "Content-Type: application/json\r\n"));
    CHECK(has(answer, "\r\nDate: "));
    CHECK(answer.ends_with("POST /a b/\xc3\xa9"));
    CHECK(last.method == "POST");
    CHECK(last.path == "/a b/\xc3\xa9");
    CHECK(last.query == "x=%31&y");
    CHECK(last.body == "hello");
    CHECK(last.header("x-THING") == "one");
    CHECK(last.header("absent").empty());
    CHECK(last.peer.starts_with("127.0.0.1:"));
}

TEST_CASE_FIXTURE(Fixture, "AC_177 a connection serves request after request, pipelined ones in order") {
    listen();
    RawSocket peer{server->bound()};
    std::string many;
    for (int i = 0; i < 1000; ++i) many += get("/" + std::to_string(i));
    many += get("/slow") + get("/last", kClose);
    REQUIRE(peer.send(many));
    REQUIRE(peer.closes());
    const std::string& answers = peer.rest();
    std::size_t at = 0;
    for (int i = 0; i < 1000; ++i) {
        at = answers.find("GET /" + std::to_string(i), at);
        REQUIRE(at != std::string::npos);
    }
    CHECK(answers.find("at last", at) < answers.find("GET /last", at));
    CHECK(answers.ends_with("GET /last"));
    CHECK(handled == 1002);
}

TEST_CASE_FIXTURE(Fixture, "HEAD is GET without the body") {
    listen();
    RawSocket peer{server->bound()};
    peer.send("HEAD /big HTTP/1.1\r\nHost: x\r\n\r\n" + get("/next", kClose));
    REQUIRE(peer.closes());
    CHECK(has(peer.rest(), "Content-Length: 100000\r\n"));
    CHECK(peer.rest().size() < 1000);
    CHECK(peer.rest().ends_with("GET /next"));
}

TEST_CASE_FIXTURE(Fixture, "CORS headers are on every response, errors too, and OPTIONS is answered") {
    listen({.body_bytes_max = 10}, true);
    for (const std::string& request :
         {get("/a", kClose), get("/fails", kClose), get("/%00"),
          std::string("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n")})
        CHECK(has(ask(request), "Access-Control-Allow-Origin: *\r\n"));
    int before = handled;
    std::string answer = ask("OPTIONS /v1/swap HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    CHECK(answer.starts_with("HTTP/1.1 200"));
    CHECK(has(answer, "Access-Control-Allow-Methods: GET, HEAD, POST, OPTIONS\r\n"));
    CHECK(has(answer, "Content-Length: 0\r\n"));
    CHECK(handled == before);
}

TEST_CASE_FIXTURE(Fixture, "without CORS there are no such headers") {
    listen();
    CHECK_FALSE(has(ask(get("/a", kClose)), "Access-Control"));
}

TEST_CASE_FIXTURE(Fixture, "AC_175 limits and malformed requests have their status, and close") {
    listen({.head_bytes_max = 2048, .body_bytes_max = 1000});
    const std::string post = "POST / HTTP/1.1\r\nHost: x\r\n";
    CHECK(status_of(post + "Connection: close\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'b')) ==
          200);
    CHECK(status_of(post + "Content-Length: 1001\r\n\r\n" + std::string(1001, 'b')) == 413);
    CHECK(status_of(post + "Content-Length: 99999999999\r\n\r\n") == 413);
    CHECK(status_of(post + "Content-Length: -1\r\n\r\n") == 400);
    CHECK(status_of(post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello") == 400);
    CHECK(status_of(post +
                    "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n") == 400);
    CHECK(status_of(post + "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\nhello") >= 400);
    CHECK(status_of(post + "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nhello") == 400);
    CHECK(status_of(get("/", "X: " + std::string(3000, 'h') + "\r\n")) == 431);
    std::string fields;
    for (int i = 0; i < 10'000; ++i) fields += "A: b\r\n";
    CHECK(status_of(get("/", fields)) == 431);
    CHECK(status_of(get("/" + std::string(1100, 'u'))) == 414);
    CHECK(status_of("GET /" + std::string(100'000, 'u')) == 414);
    CHECK(status_of("nonsense\r\n\r\n") == 400);
    CHECK(status_of("GET / HTTP/9.9\r\n\r\n") == 400);
    CHECK(status_of("GET relative HTTP/1.1\r\nHost: x\r\n\r\n") == 400);
    CHECK(status_of(get("/", "Space : before colon\r\n")) == 400);
    CHECK(status_of(get("/%00")) == 400);
    CHECK(status_of(get("/a%0")) == 400);
    CHECK(status_of(get("/a%zz")) == 400);
    CHECK(handled == 1);
}

TEST_CASE_FIXTURE(Fixture, "a large body that is refused does not reset the answer away") {
    listen({.body_bytes_max = 1000});
    RawSocket peer{server->bound()};
    peer.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n");
    peer.send(std::string(3'000'000, 'b'));  // may stop in the middle
    CHECK(has(peer.read_until("too large"), "413"));
}

TEST_CASE_FIXTURE(Fixture, "a client that waits for 100 Continue gets it") {
    listen();
    RawSocket peer{server->bound()};
    peer.send(
        "POST /up HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: "
        "close\r\n\r\n");
    CHECK(peer.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    peer.send("ok");
    REQUIRE(peer.closes());
    CHECK(peer.rest().ends_with("POST /up"));
    CHECK(last.body == "ok");
}

TEST_CASE_FIXTURE(Fixture,
                  "AC_176 a request that drips is closed at the deadline; others are served meanwhile") {
    listen({.request_ms = 300});
    RawSocket slow{server->bound()};
    slow.send("GET / HT");
    CHECK(has(ask(get("/quick", kClose)), "GET /quick"));
    std::atomic<bool> closed{false};
    std::thread drip{[&] {
        for (int i = 0; i < 1000 && !closed && slow.send("x"); ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }};
    CHECK(slow.closes());
    closed = true;
    drip.join();
    CHECK(handled == 1);
}

TEST_CASE_FIXTURE(Fixture, "an idle connection makes room for a request; when all are at work it is 503") {
    listen({.connections_max = 2});
    {
        RawSocket first{server->bound()};
        RawSocket second{server->bound()};
        first.send(get("/1"));
        CHECK(has(first.read_until("GET /1"), "200 OK"));
        second.send(get("/2"));
        CHECK(has(second.read_until("GET /2"), "200 OK"));
        CHECK(has(ask(get("/3", kClose)), "200 OK"));
        CHECK(first.closes());
        RawSocket busy{server->bound()}, busy_too{server->bound()};
        busy.send(get("/held"));
        busy_too.send(get("/held"));
        for (SteadyMs end = steady_ms_now() + kDeadlineMs; handled < 5 && steady_ms_now() < end;)
            std::this_thread::yield();
        std::string answer = ask(get("/4"));
        CHECK(answer.starts_with("HTTP/1.1 503"));
        CHECK(has(answer, "Retry-After: 1\r\n"));
        CHECK(second.closes());
        thread.loop().post([this] {
            for (const auto& reply : held) reply({200, "held"});
        });
        CHECK(has(busy.read_until("held"), "200 OK"));
    }
    CHECK(handled == 5);
    // The server hears of the two closes at its own time.
    std::string answer;
    for (SteadyMs end = steady_ms_now() + kDeadlineMs; steady_ms_now() < end && !has(answer, "200 OK");)
        answer = ask(get("/4", kClose));
    CHECK(has(answer, "200 OK"));
}

TEST_CASE_FIXTURE(Fixture, "silent connections make room for whoever asks, from the same address too") {
    protect(thread.loop(), {});
    listen({.strangers_max = 40, .strangers_per_address_max = 20});
    RawSocket known{server->bound()};
    known.send(get("/known"));
    CHECK(has(known.read_until("GET /known"), "200 OK"));
    std::vector<RawSocket> silent;
    for (int i = 0; i < 100; ++i) {
        silent.emplace_back(server->bound());
        if (i % 2) silent.back().send("GET / HTTP/1.1\r\nHost: x\r\n");
    }
    CHECK(has(ask(get("/new", kClose)), "200 OK"));
    for (std::size_t i = 0; i < 50; ++i) CHECK(silent[i].closes());
    known.send(get("/known"));
    CHECK(has(known.read_until("GET /known"), "200 OK"));
}

TEST_CASE_FIXTURE(Fixture,
                  "a stream beyond the limit takes the oldest one's place, and requests have theirs") {
    listen({.connections_max = 3, .streams_max = 2});
    RawSocket first{server->bound()}, second{server->bound()}, third{server->bound()};
    for (RawSocket* peer : {&first, &second, &third}) {
        peer->send(get("/stream"));
        CHECK(has(peer->read_until("data: 1\n\n"), "data: 1\n\n"));
    }
    CHECK(first.closes());
    CHECK(has(ask(get("/request", kClose)), "200 OK"));
    CHECK(send("data: last\n\n"));
    CHECK(has(third.read_until("last"), "last"));
}

TEST_CASE_FIXTURE(Fixture,
                  "requests that stop before their end cost what has come, within the process's budget") {
    protect(thread.loop(), {.sources_exempt = {}, .buffer_bytes_max = 1'000'000});
    listen();
    std::vector<RawSocket> peers;
    const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n";
    const auto now = [&] {
        std::promise<ProtectionCounters> counters;
        thread.loop().post([&] { counters.set_value(protection_counters(thread.loop())); });
        return counters.get_future().get();
    };
    // What is announced costs nothing.
    for (int i = 0; i < 20; ++i) {
        peers.emplace_back(server->bound());
        REQUIRE(peers.back().send(head));
    }
    CHECK(has(ask(get("/between", kClose)), "200 OK"));
    CHECK(now().cut_for_memory == 0);
    for (auto& peer : peers) (void)peer.send(std::string(200'000, 'b'));
    std::size_t cut = 0;
    for (SteadyMs end = steady_ms_now() + kDeadlineMs; cut < 14 && steady_ms_now() < end;)
        cut = now().cut_for_memory;
    CHECK(cut >= 14);
    CHECK(now().buffer_bytes <= 1'000'000);
    CHECK(has(ask(get("/after", kClose)), "200 OK"));
}

TEST_CASE_FIXTURE(Fixture, "a request says once for whom it is, and once how long it is") {
    listen();
    const std::string body = "Connection: close\r\nContent-Length: 2\r\n\r\nok";
    CHECK(status_of("GET / HTTP/1.1\r\nConnection: close\r\n\r\n") == 400);
    CHECK(status_of("GET / HTTP/1.0\r\n\r\n") == 200);
    for (const char* version : {"1.0", "1.1"})
        CHECK(status_of(std::string("GET / HTTP/") + version + "\r\nHost: x\r\nHost: x\r\n\r\n") == 400);
    for (const char* host : {"", "user@x", "x y", "x:1:2", "x:port", "http://x", "x/y", "[::1", "::1"}) {
        CAPTURE(host);
        CHECK(status_of("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n") == 400);
    }
    // The absolute form's authority is the one that counts; it is held to the same form.
    CHECK(status_of("GET http://user@x/ HTTP/1.1\r\nHost: x\r\n\r\n") == 400);
    CHECK(status_of("GET http:///a HTTP/1.1\r\nHost: x\r\n\r\n") == 400);
    CHECK(status_of("GET http://other:81/a?b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") == 200);
    CHECK(last.host == "other:81");
    CHECK(last.path == "/a");
    CHECK(last.query == "b");
    const std::string post = "POST / HTTP/1.1\r\nHost: x\r\n";
    CHECK(status_of(post + body) == 200);
    CHECK(last.host == "x");
    CHECK(status_of(post + "Content-Length: 2\r\n" + body) == 400);
    CHECK(status_of(post + "Content-Length: 2, 2\r\n\r\nok") == 400);
    CHECK(status_of(post + "Transfer-Encoding: chunked\r\n" + body) == 400);
    for (const char* coding :
         {"gzip", "gzip, chunked", "chunked, chunked", "identity", "chunked\r\nTransfer-Encoding: chunked"}) {
        CAPTURE(coding);
        CHECK(status_of(post + "Transfer-Encoding: " + coding + "\r\n\r\n0\r\n\r\n") == 400);
    }
    CHECK(status_of("POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") == 400);
}

TEST_CASE_FIXTURE(Fixture, "a reply that is never given is a 500; one for a peer that has gone is dropped") {
    listen();
    CHECK(status_of(get("/lost", kClose)) == 500);
    {
        RawSocket gone{server->bound()};
        gone.send(get("/slow"));
        for (SteadyMs end = steady_ms_now() + kDeadlineMs; handled < 2 && steady_ms_now() < end;)
            std::this_thread::yield();
    }
    CHECK(has(ask(get("/slow", kClose)), "at last"));
}

TEST_CASE_FIXTURE(Fixture, "a stream goes on until its peer leaves, and then says so") {
    listen();
    {
        RawSocket peer{server->bound()};
        peer.send(get("/stream"));
        CHECK(has(peer.read_until("data: 1\n\n"), "data: 1\n\n"));
        for (int i = 0; i < 100; ++i) CHECK(send("data: again\n\n"));
        CHECK(send("last\n\n"));
        CHECK(has(peer.read_until("last\n\n"), "last\n\n"));
    }
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (send(".")) REQUIRE(std::chrono::steady_clock::now() < end);
    CHECK(streams == 1);
    // HEAD has a head only.
    const std::string head = ask("HEAD /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    CHECK(has(head, "Content-Type: text/event-stream"));
    CHECK(head.ends_with("\r\n\r\n"));
    CHECK(streams == 1);
}

TEST_CASE_FIXTURE(Fixture, "a stream whose peer does not read is cut off, and holds no more than its limit") {
    listen({.stream_bytes_max = 100'000});
    RawSocket peer{server->bound()};
    peer.send(get("/stream"));
    CHECK(has(peer.read_until("data: 1\n\n"), "data: 1\n\n"));
    const std::string piece(50'000, 'x');
    int taken = 0;
    while (send(piece)) REQUIRE(++taken < 2'000);  // what the sockets' buffers take, and 100,000 bytes
    CHECK_FALSE(send("."));
}
