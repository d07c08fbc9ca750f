// The HTTP client against our server and against scripted ones.
#include <deque>
#include <optional>

#include "net/http.hpp"
#include "net/lines.hpp"
#include "net_fixture.hpp"

using namespace hp;
using namespace hp::net;
using namespace hp::test;

namespace {

/// A server that plays a script: each connection answers its requests (counted by the blank line after the
/// head) with the next texts; "" closes.
struct Scripted {
    explicit Scripted(Loop& loop) {
        auto result = LineListener::listen(loop, any_port(), {.line_bytes_max = 1u << 20},
                                           [this](auto connection) { accept(connection); });
        REQUIRE_MESSAGE(result, result.error().what);
        listener = *std::move(result);
    }
    struct Peer : LineHandler {
        Scripted* server{};
        std::weak_ptr<LineConnection> connection;
        void on_line(std::string_view line) override {
            server->seen += std::string(line) + "\n";
            if (line.empty()) server->answer(connection.lock());
        }
        void on_close(const Error&) override { ++server->closed; }
    };
    void accept(const std::shared_ptr<LineConnection>& connection) {
        ++accepted;
        auto peer = std::make_shared<Peer>();
        peer->server = this;
        peer->connection = connection;
        connection->set_handler(peer);
    }
    void answer(const std::shared_ptr<LineConnection>& connection) {
        ++requests;
        if (script.empty()) return;
        std::string text = script.front();
        script.pop_front();
        if (text.empty()) return connection->close("script");
        connection->send(text);
        if (closes_after_answer) connection->close("script");
    }
    std::string url() const { return "http://" + listener->bound().text(); }

    std::unique_ptr<LineListener> listener;
    std::deque<std::string> script;
    std::string seen;
    int accepted{0}, requests{0}, closed{0};
    bool closes_after_answer{false};
};

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

struct Fixture {
    Loop loop;
    std::unique_ptr<HttpClient> client(const std::string& url, HttpClient::Options options = {}) {
        auto result = HttpClient::create(loop, url, options);
        REQUIRE_MESSAGE(result, result.error().what);
        return *std::move(result);
    }
    Result<HttpResponse> ask(HttpClient& client, const char* method, const char* path,
                             const std::string& body = "", std::int64_t limit_ms = 0) {
        std::optional<Result<HttpResponse>> answer;
        client.request(
            method, path, body, [&](auto result) { answer = std::move(result); }, limit_ms);
        CHECK_FALSE(answer);  // never inside of the call
        REQUIRE(run_until(loop, [&] { return answer.has_value(); }));
        return *std::move(answer);
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "requests carry prefix, host, body and password, and keep their connection") {
    HttpRequest last;
    int handled = 0;
    auto server = HttpServer::listen(loop, any_port(), {}, false,
                                     [&](const HttpRequest& request, HttpServer::Reply reply) {
                                         last = request;
                                         ++handled;
                                         reply({418, "short and stout", "text/plain", {{"X-Kind", "pot"}}});
                                     });
    REQUIRE(server);
    std::string origin = (*server)->bound().text();
    auto http = client("http://" + origin + "/api/", {.basic_user = "user", .basic_password = "pass word"});
    for (int i = 0; i < 3; ++i) {
        auto answer = ask(*http, "POST", "/v1/x?y=1", "{\"a\":1}");
        REQUIRE_MESSAGE(answer, answer.error().what);
        CHECK(answer->status == 418);
        CHECK(answer->body == "short and stout");
        CHECK(answer->content_type == "text/plain");
    }
    std::string peer = last.peer;
    CHECK(last.path == "/api/v1/x");
    CHECK(last.query == "y=1");
    CHECK(last.body == "{\"a\":1}");
    CHECK(last.header("Host") == origin);
    CHECK(last.header("Content-Type") == "application/json");
    CHECK(last.header("Authorization") == "Basic dXNlcjpwYXNzIHdvcmQ=");
    auto again = http->request_and_wait(loop, "HEAD", "/v1/x", "");
    REQUIRE(again);
    CHECK(again->body.empty());
    CHECK(last.peer == peer);  // one connection for all
    CHECK(handled == 4);
}

TEST_CASE_FIXTURE(Fixture,
                  "no more connections than allowed; the rest wait their turn, and the queue is bounded") {
    Scripted server{loop};
    auto http = client(server.url(), {.connections_max = 2, .waiting_max = 3});
    int answered = 0;
    std::vector<Errc> refused;
    for (int i = 0; i < 7; ++i)
        http->request("GET", "/", "", [&](auto result) {
            result ? void(++answered) : refused.push_back(result.error().code);
        });
    REQUIRE(run_until(loop, [&] { return server.requests == 2 && refused.size() == 2; }));
    CHECK(refused[0] == Errc::refused);
    CHECK(server.accepted == 2);
    server.listener.reset();
}

TEST_CASE_FIXTURE(Fixture, "AC_239 a server that never answers ends at the deadline, waiting requests too") {
    Scripted server{loop};
    auto http = client(server.url(), {.request_ms = 60, .connections_max = 1});
    std::vector<Errc> ended;
    for (int i = 0; i < 3; ++i)
        http->request("GET", "/", "", [&](auto result) {
            REQUIRE_FALSE(result);
            ended.push_back(result.error().code);
        });
    REQUIRE(run_until(loop, [&] { return ended.size() == 3; }));
    CHECK(ended == std::vector<Errc>(3, Errc::timeout));
    // The late ones may still reach the server, on connections that nobody reads, and take an answer each.
    server.script = {kOk, kOk, kOk, kOk};
    auto answer = ask(*http, "GET", "/", "", 5'000);
    CHECK_MESSAGE(answer, answer.error().what);
}

TEST_CASE_FIXTURE(Fixture, "a kept connection that the server closed is replaced") {
    Scripted server{loop};
    auto http = client(server.url());
    SUBCASE("noticed before sending: any method goes on a new connection") {
        server.closes_after_answer = true;
        server.script = {kOk, kOk};
        REQUIRE(ask(*http, "GET", "/1"));
        REQUIRE(run_until(loop, [&] { return server.closed == 0; }));
        CHECK(ask(*http, "POST", "/2", "x"));
        CHECK(server.accepted == 2);
    }
    SUBCASE("GET is sent once more") {
        server.script = {kOk, "", kOk};
        REQUIRE(ask(*http, "GET", "/1"));
        CHECK(ask(*http, "GET", "/2"));
        CHECK(server.requests == 3);
    }
    SUBCASE("POST is not: the server may have acted on it") {
        server.script = {kOk, "", kOk};
        REQUIRE(ask(*http, "GET", "/1"));
        auto answer = ask(*http, "POST", "/2", "{}\n\n");
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == Errc::io);
    }
    SUBCASE("a first connection is not tried twice") {
        server.script = {"", kOk};
        CHECK_FALSE(ask(*http, "GET", "/1"));
        CHECK(server.requests == 1);
    }
    SUBCASE("an answer that began is not repeated") {
        server.script = {kOk, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", kOk};
        REQUIRE(ask(*http, "GET", "/1"));
        server.closes_after_answer = true;
        CHECK_FALSE(ask(*http, "GET", "/2"));
        CHECK(server.requests == 2);
    }
}

TEST_CASE_FIXTURE(Fixture, "answers are bounded, checked, and not followed elsewhere") {
    Scripted server{loop};
    auto http = client(server.url(), {.body_bytes_max = 100});
    server.script = {"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n" + std::string(101, 'x')};
    auto large = ask(*http, "GET", "/");
    REQUIRE_FALSE(large);
    CHECK(has(large.error().what, "larger than 100 bytes"));
    server.script = {"what is this\r\n\r\n"};
    CHECK_FALSE(ask(*http, "GET", "/"));
    server.script = {"HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n"};
    auto moved = ask(*http, "GET", "/");
    REQUIRE(moved);
    CHECK(moved->status == 302);
    server.script = {"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"};
    auto hinted = ask(*http, "GET", "/");
    REQUIRE(hinted);
    CHECK(hinted->body == "ok");
}

TEST_CASE_FIXTURE(Fixture, "a path that would make a second request is refused") {
    Scripted server{loop};
    auto http = client(server.url());
    for (const char* path : {"/a b", "/a\r\nX: y", "/\x01"}) {
        auto answer = ask(*http, "GET", path);
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == Errc::invalid);
    }
    CHECK(server.requests == 0);
}

TEST_CASE_FIXTURE(Fixture, "a client that is destroyed calls nobody back; its callback may destroy it") {
    Scripted server{loop};
    auto http = client(server.url());
    http->request("GET", "/", "", [](auto) { FAIL("called after the client was destroyed"); });
    REQUIRE(run_until(loop, [&] { return server.requests == 1; }));
    http.reset();
    server.script = {kOk};
    http = client(server.url());
    bool done = false;
    http->request("GET", "/", "", [&](auto) {
        http.reset();
        done = true;
    });
    CHECK(run_until(loop, [&] { return done; }));
}

TEST_CASE_FIXTURE(Fixture, "connection refused and bad URLs say what to check") {
    Endpoint gone;
    { gone = Scripted{loop}.listener->bound(); }
    auto http = client("http://" + gone.text());
    auto answer = ask(*http, "GET", "/");
    REQUIRE_FALSE(answer);
    CHECK(answer.error().what == "cannot connect to " + gone.text() + ": connection refused");
    for (const char* url : {"", "host:80", "ftp://host", "http://", "http://user@host/", "http://host/?q",
                            "http://host:0", "http://host:99999", "http://ho st/"}) {
        CAPTURE(url);
        auto result = HttpClient::create(loop, url, {});
        REQUIRE_FALSE(result);
        CHECK(result.error().code == Errc::invalid);
    }
}

TEST_CASE_FIXTURE(Fixture, "https to a server that speaks no TLS fails clearly") {
    Scripted server{loop};
    auto http = client("https://" + server.listener->bound().text(), {.request_ms = 300});
    auto answer = ask(*http, "GET", "/");
    REQUIRE_FALSE(answer);
    CHECK((answer.error().code == Errc::io || answer.error().code == Errc::timeout));
}
