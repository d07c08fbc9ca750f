// What a durable row costs: a measurement, skipped unless asked for:
//   store_test --no-skip -tc="cost of a durable row*"
#include <array>
#include <atomic>

#include "base/clock.hpp"
#include "store/writer.hpp"
#include "temp_dir.hpp"

using namespace hp;
using namespace hp::store;

namespace {

constexpr std::array kSchema{"CREATE TABLE q (id BLOB PRIMARY KEY, body BLOB) WITHOUT ROWID"};

/// Keeps `outstanding` jobs in the writer's queue for two seconds; rows a second.
double rows_per_second(int outstanding) {
    test::TempDir dir;
    auto db = Database::open(dir.file("q.db"), Mode::create, Journal::wal, 1, kSchema);
    REQUIRE(db);
    auto insert = std::make_shared<Statement>(db->prepare("INSERT INTO q VALUES (?, ?)"));
    std::atomic<std::uint64_t> stored{0};
    SteadyMs end = 0;
    {
        std::uint64_t next = 0;
        Writer writer{*std::move(db), [](auto call) { call(); }};
        std::function<void()> submit = [&] {
            ByteArray<16> id{};
            put_be(id.data(), ++next);
            writer.submit([insert, id](Database&) { insert->bind(id, ByteArray<112>{}).run(); },
                          [&](Result<> result) {
                              REQUIRE(result);
                              ++stored;
                              if (steady_ms_now() < end) submit();
                          });
        };
        end = steady_ms_now() + 2'000;
        // Submitted inside the writer's thread from now on, which is where completions run here.
        writer.submit([](Database&) {},
                      [&](Result<>) {
                          for (int i = 0; i < outstanding; ++i) submit();
                      });
        while (steady_ms_now() < end) writer.drain();
    }
    insert.reset();
    return static_cast<double>(stored) / 2;
}

}  // namespace

TEST_CASE("cost of a durable row in groups" * doctest::skip()) {
    for (int outstanding : {1, 16, 64, 256, 1024})
        MESSAGE(outstanding << " outstanding: " << rows_per_second(outstanding) << " rows/s");
}
