// The cost of a durable row, by group size. Usage: row_bench DIRECTORY, on the disk to measure.
#include <array>
#include <atomic>
#include <cstdio>
#include <filesystem>

#include "base/clock.hpp"
#include "failure.hpp"
#include "store/writer.hpp"

using namespace hp;
using namespace hp::store;

namespace {

constexpr std::array kSchema{"CREATE TABLE q (id BLOB PRIMARY KEY, body BLOB) WITHOUT ROWID"};

/// Keeps `outstanding` jobs in the writer's queue for two seconds; returns rows per second.
double rows_per_second(const std::filesystem::path& directory, int outstanding) {
    const auto file = directory / ("rows-" + std::to_string(outstanding) + ".db");
    auto db = bench::expect(Database::open(file.string(), Mode::create, Journal::wal, 1, kSchema));
    auto insert = std::make_shared<Statement>(db.prepare("INSERT INTO q VALUES (?, ?)"));
    std::atomic<std::uint64_t> stored{0};
    SteadyMs end = 0;
    {
        std::uint64_t next = 0;
        Writer writer{std::move(db), [](auto call) { call(); }};
        std::function<void()> submit = [&] {
            ByteArray<16> id{};
            put_be(id.data(), ++next);
            writer.submit([insert, id](Database&) { insert->bind(id, ByteArray<112>{}).run(); },
                          [&](Result<> result) {
                              if (!result) throw bench::Failure(result.error().what);
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

int main(int argc, char** argv) try {
    if (argc != 2) throw bench::Failure("usage: row_bench DIRECTORY");
    const auto directory = std::filesystem::path{argv[1]} / "row_bench";
    if (!std::filesystem::create_directory(directory)) throw bench::Failure(directory.string() + " exists");
    for (int outstanding : {1, 16, 64, 256, 1024})
        std::printf("%5d outstanding: %.0f rows/s\n", outstanding, rows_per_second(directory, outstanding));
    std::filesystem::remove_all(directory);
    return 0;
} catch (const std::exception& why) {
    std::fprintf(stderr, "row_bench: error: %s\n", why.what());
    return 1;
}
