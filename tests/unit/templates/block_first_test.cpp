// A found block goes to the source before anything is said about it, and nothing is said until the source has
// answered: until then it may be on its way, and a log line waits for its reader.
#include <fstream>
#include <iterator>

#include "log/log.hpp"
#include "store/temp_dir.hpp"
#include "tdp_client.hpp"

using namespace hp;
using namespace hp::templates;
using namespace hp::sv2::templates;
using hp::test::kEasyBits;
using hp::test::kNow;
using hp::test::run_until;
using hp::test::TdpBench;

namespace {

struct LogTo {
    test::TempDir dir;
    std::string path = dir.file("test.log");
    LogTo() { REQUIRE(log::open("templates_test", log::Level::debug, path)); }
    ~LogTo() { (void)log::open("templates_test", log::Level::info); }
    std::string text() const {
        REQUIRE(log::drain(60'000));
        std::ifstream in(path);
        return {std::istreambuf_iterator<char>(in), {}};
    }
};

/// A node that takes its time.
struct SlowSource final : Source {
    explicit SlowSource(const LogTo& log_) : log{log_} {}
    void start(OnTemplate) override {}
    void submit(std::shared_ptr<const Bytes>, const BlockId&, OnVerdict on_verdict) override {
        said_before = log.text();
        verdict = std::move(on_verdict);
    }
    const LogTo& log;
    OnVerdict verdict;
    std::string said_before;
};

}  // namespace

TEST_CASE("no line about a block comes before the node's verdict") {
    LogTo log;
    SlowSource source{log};
    TdpBench bench{source};
    SimChain chain{kEasyBits};
    bench.server.on_template(chain.make_template(kNow, 3));
    auto client = bench.connect_constrained();
    REQUIRE(bench.wait_for<SetNewPrevHash>(*client));
    const std::string before = log.text();
    client->send(test::work(client->all<NewTemplate>()[0], client->all<SetNewPrevHash>()[0]));
    REQUIRE(run_until(bench.loop, [&] { return source.verdict != nullptr; }));
    CHECK(source.said_before == before);
    CHECK(log.text() == before);
    CHECK(bench.events.empty());
    source.verdict({Fate::accepted});
    CHECK(log.text().find("at height 1 is accepted, found by 127.0.0.1:") != std::string::npos);
    CHECK(bench.events.size() == 1);
}
