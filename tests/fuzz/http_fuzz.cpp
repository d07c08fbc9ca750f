// What a peer may send to hp-stats serve: the server's sessions over a socket pair, the limits, the query,
// the bearer token, and every route over a database with some records. The first byte gives the size of the
// pieces in which the rest arrives.
#include <sys/socket.h>
#include <sys/uio.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "base/url.hpp"
#include "net/asio_impl.hpp"
#include "net/http_sessions.hpp"
#include "stats/series.hpp"
#include "stats/tokens.hpp"
#include "wire/records.hpp"

using namespace hp;

namespace {

constexpr UnixMs kNow = 1'760'000'600'000;
constexpr net::HttpLimits kLimits{.head_bytes_max = 2048, .body_bytes_max = 4096};
constexpr std::size_t kPiecesMax = 16;
/// More turns of the loop than any input needs: a session that does not end is a finding.
constexpr int kTurnsMax = 100'000;
constexpr std::string_view kTokens =
    "metrics fuzz-token-of-metrics\n"
    "pool fuzz-token-for-the-pool\n"
    "workers fuzz-token-of-all-workers\n";

void require(bool holds, int line = __builtin_LINE()) {
    if (holds) return;
    std::fprintf(stderr, "http_fuzz: what line %d requires does not hold\n", line);
    std::abort();
}

template <class T>
T given(Result<T> result) {
    require(result.has_value());
    return *std::move(result);
}

/// Ten minutes of two workers, in a temporary directory.
class Database {
  public:
    Database() {
        char name[] = "/tmp/http_fuzz.XXXXXX";
        require(::mkdtemp(name) != nullptr);
        directory_ = name;
        wire::RecordReader reader;
        for (UnixMs at = kNow - 600'000; at < kNow; at += 10'000) {
            const char* worker = at % 20'000 == 0 ? "rig1" : "=rig2";
            reader.feed(wire::Record("share_accepted", "hp-pool", at)
                            .add("worker", worker)
                            .add("amount", 1)
                            .add("work_hashes", 4096.0)
                            .line());
            reader.feed(wire::Record("quote_created", "hp-pool", at)
                            .add("amount", 1)
                            .add("replay", false)
                            .add("latency_ms", 12)
                            .line());
            reader.feed(wire::Record("pool_status", "hp-pool", at)
                            .add("connections", 2)
                            .add("channels", 3)
                            .add("outbox_pending", 4)
                            .line());
        }
        stats::Batch batch;
        while (auto record = reader.next()) require(batch.add(*record, kNow).has_value());
        require(given(stats::Series::open(path())).commit(batch, kNow).has_value());
    }
    ~Database() {
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }
    std::string path() const { return directory_ + "/stats.db"; }

  private:
    std::string directory_;
};

class Service {
  public:
    void answer(const net::HttpRequest& request, const net::HttpServer::Reply& reply) {
        require(request.path.starts_with('/') && request.path.find('\0') == request.path.npos);
        // What should have been escaped in a query is escaped by us.
        require(request.path.size() + request.query.size() / 3 <= kLimits.head_bytes_max / 2);
        require(!request.method.empty() && request.body.size() <= kLimits.body_bytes_max);
        std::size_t head_bytes = 0;
        for (const auto& [name, value] : request.headers) {
            head_bytes += name.size() + value.size();
            require(value.find('\n') == value.npos && value.find('\0') == value.npos);
        }
        // Beast counts neither the request line nor what its first read has parsed already.
        require(head_bytes <= 2 * kLimits.head_bytes_max);
        auto parameters = query_parameters(request.query);
        if (!parameters) return reply({400, {}});
        const auto scope = tokens_.scope_of(request.header("Authorization"));
        const auto found = stats::api_answer(reader_, {request.path, *std::move(parameters), scope},
                                             {.now = kNow, .started = kNow, .metrics_workers_max = 1});
        require(std::set<int>{200, 400, 401, 404}.contains(found.status));
        require(!found.body.empty());
        reply({found.status, found.body, found.content_type});
    }

  private:
    Database database_;
    stats::Reader reader_{given(stats::Reader::open(database_.path()))};
    stats::Tokens tokens_{given(stats::Tokens::parse(kTokens, "tokens"))};
};

/// One turn of the loop, and what came back.
void turn(net::Loop& loop, int peer, std::string& answers) {
    loop.impl().io.poll();
    char buffer[16 * 1024];
    for (ssize_t got; (got = ::recv(peer, buffer, sizeof buffer, MSG_DONTWAIT)) > 0;)
        answers.append(buffer, static_cast<std::size_t>(got));
}

bool is_known_answer(std::string_view answers) {
    constexpr std::string_view kVersion = "HTTP/1.1 ";
    static const std::set<std::string_view> kStatuses = {"100", "200", "400", "401",
                                                         "404", "413", "414", "431"};
    return answers.starts_with(kVersion) && kStatuses.contains(answers.substr(kVersion.size(), 3));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    static net::Loop loop;
    static Service service;
    static net::HttpSessions sessions{
        loop, kLimits, false,
        [](const net::HttpRequest& request, const net::HttpServer::Reply& reply) {
            service.answer(request, reply);
        },
        0};
    if (size < 2) return 0;
    int pair[2];
    require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
    const net::Fd peer{pair[0]};
    sessions.serve(net::Fd{pair[1]}, net::Address{});

    std::string answers;
    ByteView rest{bytes + 1, size - 1};
    const std::size_t piece = std::max<std::size_t>(bytes[0] + 1u, rest.size() / kPiecesMax + 1);
    while (!rest.empty()) {
        const ByteView part = rest.first(std::min(piece, rest.size()));
        // A closed session accepts nothing more.
        const ssize_t sent = ::send(peer.get(), part.data(), part.size(), MSG_NOSIGNAL);
        if (sent < 0) break;
        rest = rest.subspan(static_cast<std::size_t>(sent));
        turn(loop, peer.get(), answers);
    }
    ::shutdown(peer.get(), SHUT_WR);
    for (int turns = 0; sessions.open() > 0; ++turns) {
        require(turns < kTurnsMax);
        turn(loop, peer.get(), answers);
    }
    turn(loop, peer.get(), answers);
    require(answers.empty() || is_known_answer(answers));
    return 0;
}
