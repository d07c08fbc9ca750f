// What `scripts/bench quotes` measures, one thing per call, in an empty directory. Prints one JSON
// object. Usage:
//   quotes_bench earlier DIR SECONDS         quotes per second in the way of the earlier Hashpool
//   quotes_bench load DIR SECONDS RATE       ours, with RATE shares per second
//   quotes_bench idle DIR SAMPLES            one quote at a time, each next to an fdatasync on the same disk
//   quotes_bench drain DIR ROWS              rows waiting for a mint, which then comes
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <future>
#include <optional>

#include "bench/earlier_shape.hpp"
#include "bench/quote_way.hpp"
#include "log/log.hpp"

using namespace hp;
using namespace hp::bench;

namespace {

std::int64_t now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

double quantile_us(std::vector<std::int64_t>& latencies_ns, std::size_t per_cent) {
    if (latencies_ns.empty()) throw Failure("nothing was measured");
    const auto nth =
        latencies_ns.begin() + static_cast<std::ptrdiff_t>((latencies_ns.size() - 1) * per_cent / 100);
    std::ranges::nth_element(latencies_ns, nth);
    return static_cast<double>(*nth) / 1000;
}

/// The final state of the mint's file: no row may be missing or duplicated.
std::uint64_t quotes_in(const std::string& database) {
    auto db = expect(mint::Ledger::open(database));
    auto count = db.prepare("SELECT count(DISTINCT share_hash) FROM quote WHERE paid = amount");
    count.step();
    return static_cast<std::uint64_t>(count.integer(0));
}

/// What this process has had written to disks.
std::int64_t written_bytes() {
    std::ifstream in{"/proc/self/io"};
    std::string word;
    while (in >> word) {
        std::int64_t bytes = 0;
        if (word == "write_bytes:" && in >> bytes) return bytes;
    }
    throw Failure("no write_bytes in /proc/self/io");
}

void expect_equal(std::uint64_t quotes, std::uint64_t shares) {
    if (quotes != shares)
        throw Failure(std::to_string(shares) + " shares made " + std::to_string(quotes) + " quotes");
}

void earlier(const std::string& dir, std::int64_t seconds) {
    EarlierShape shape{dir + "/earlier.db"};
    Shares shares{Agreement{}};
    std::vector<std::int64_t> latencies_ns;
    const std::int64_t begin_ns = now_ns();
    std::int64_t last_ns = begin_ns;
    while (last_ns - begin_ns < seconds * 1'000'000'000) {
        shape.make_quote(shares.next().intent);
        latencies_ns.push_back(now_ns() - last_ns);
        last_ns += latencies_ns.back();
    }
    const auto count = latencies_ns.size();
    expect_equal(shape.quotes(), count);
    std::printf("{\"quotes\": %zu, \"quotes_per_s\": %.0f, \"p50_us\": %.0f, \"p99_us\": %.0f}\n", count,
                static_cast<double>(count) / (static_cast<double>(last_ns - begin_ns) / 1e9),
                quantile_us(latencies_ns, 50), quantile_us(latencies_ns, 99));
}

/// A pool and a mint on their threads. `on_pool` runs on the pool's.
class Topology {
  public:
    explicit Topology(const std::string& dir) : dir_{dir} {
        pool_thread_.run([&] { pool_.emplace(pool_thread_.loop(), agreement_, dir + "/outbox.db"); });
    }
    ~Topology() {
        mint_thread_.run([&] { mint_.reset(); });
        pool_thread_.run([&] { pool_.reset(); });
    }
    void start_mint() {
        mint_thread_.run(
            [&] { mint_.emplace(mint_thread_.loop(), agreement_, pool_->bound(), mint_database()); });
    }
    std::string mint_database() const { return dir_ + "/mint.db"; }
    LoopThread& pool_thread() { return pool_thread_; }
    PoolEnd& pool() { return *pool_; }
    const Agreement& agreement() const { return agreement_; }

  private:
    std::string dir_;
    Agreement agreement_;
    LoopThread pool_thread_, mint_thread_;
    std::optional<PoolEnd> pool_;
    std::optional<MintEnd> mint_;
};

/// Shares at a steady rate, whatever happens to them: those due are accepted together every half millisecond.
/// A share's latency is measured from when it was due.
class Load {
  public:
    Load(Topology& topology, double shares_per_s)
        : pool_{topology.pool()}, shares_{topology.agreement()}, shares_per_s_{shares_per_s} {
        pool_.on_quote = [this](std::uint64_t seq) { on_quote(seq); };
        begin_ns_ = now_ns();
    }
    void accept_due() {
        if (is_ending_) return;
        const auto due =
            static_cast<std::uint64_t>(static_cast<double>(now_ns() - begin_ns_) * shares_per_s_ / 1e9);
        std::vector<pool::NewIntent> group;
        for (; accepted_ < due; ++accepted_) group.push_back(shares_.next());
        if (!group.empty()) pool_.accept(std::move(group), [](const auto&) {});
    }
    /// Ends when every accepted share has its quote.
    std::future<void> finish() {
        is_ending_ = true;
        if (latencies_ns_.size() == accepted_) all_.set_value();
        return all_.get_future();
    }
    std::uint64_t accepted() const { return accepted_; }
    /// Of the shares that were due from this second on.
    std::vector<std::int64_t> latencies_from(double second) const {
        const auto first = static_cast<std::ptrdiff_t>(second * shares_per_s_);
        return {latencies_ns_.begin() + std::min(first, std::ssize(latencies_ns_)), latencies_ns_.end()};
    }
    double quotes_per_s() const {
        return static_cast<double>(latencies_ns_.size()) / (static_cast<double>(last_ns_ - begin_ns_) / 1e9);
    }

  private:
    void on_quote(std::uint64_t seq) {
        last_ns_ = now_ns();
        // Rows of the only mint: 1, 2, 3 ... and answered in this order.
        const auto due_ns =
            begin_ns_ + static_cast<std::int64_t>(static_cast<double>(seq) * 1e9 / shares_per_s_);
        latencies_ns_.push_back(last_ns_ - due_ns);
        if (is_ending_ && latencies_ns_.size() == accepted_) all_.set_value();
    }

    PoolEnd& pool_;
    Shares shares_;
    double shares_per_s_;
    std::uint64_t accepted_{0};
    bool is_ending_{false};
    std::promise<void> all_;
    std::vector<std::int64_t> latencies_ns_;
    std::int64_t begin_ns_{0}, last_ns_{0};
};

void load(const std::string& dir, std::int64_t seconds, std::int64_t shares_per_s) {
    constexpr std::int64_t kWarmUpS = 1;
    std::optional<Topology> topology{dir};
    auto& thread = topology->pool_thread();
    topology->start_mint();
    std::optional<Load> load;
    const std::int64_t written_before = written_bytes();
    thread.run([&] { load.emplace(*topology, static_cast<double>(shares_per_s)); });
    const std::int64_t end_ns = now_ns() + (seconds + kWarmUpS) * 1'000'000'000;
    while (now_ns() < end_ns) {
        std::this_thread::sleep_for(std::chrono::microseconds{500});
        thread.run([&] { load->accept_due(); });
    }
    std::future<void> all;
    thread.run([&] { all = load->finish(); });
    all.get();
    const auto database = topology->mint_database();
    const auto log_bytes =
        std::filesystem::file_size(database + "-wal") + std::filesystem::file_size(dir + "/outbox.db-wal");
    topology.reset();
    const auto written = static_cast<double>(written_bytes() - written_before);
    expect_equal(quotes_in(database), load->accepted());
    auto latencies_ns = load->latencies_from(kWarmUpS);
    std::printf(
        "{\"quotes\": %zu, \"quotes_per_s\": %.0f, \"p50_us\": %.0f, \"p99_us\": %.0f, "
        "\"written_bytes_per_quote\": %.0f, \"logs_mib\": %.0f}\n",
        latencies_ns.size(), load->quotes_per_s(), quantile_us(latencies_ns, 50),
        quantile_us(latencies_ns, 99), written / static_cast<double>(load->accepted()),
        static_cast<double>(log_bytes) / (1 << 20));
}

/// 4 KiB overwritten in place and synced: the cheapest durable write of this disk.
class DiskFloor {
  public:
    explicit DiskFloor(const std::string& path)
        : fd_{expect_fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600), "open")} {
        const Bytes zeros(kBlock * kBlocks);
        if (::pwrite(fd_, zeros.data(), zeros.size(), 0) != static_cast<ssize_t>(zeros.size()))
            throw Failure("cannot write to " + path);
        expect_fd(::fsync(fd_), "fsync");
    }
    ~DiskFloor() { ::close(fd_); }
    std::int64_t sync_ns() {
        block_.assign(kBlock, static_cast<std::uint8_t>(++count_));
        const std::int64_t begin_ns = now_ns();
        const auto offset = static_cast<off_t>(count_ % kBlocks * kBlock);
        if (::pwrite(fd_, block_.data(), kBlock, offset) != static_cast<ssize_t>(kBlock))
            throw Failure("a write failed");
        expect_fd(::fdatasync(fd_), "fdatasync");
        return now_ns() - begin_ns;
    }

  private:
    static constexpr std::size_t kBlock = 4096, kBlocks = 256;
    int fd_;
    std::size_t count_{0};
    Bytes block_;
};

void idle(const std::string& dir, std::size_t samples) {
    std::optional<Topology> topology{dir};
    auto& thread = topology->pool_thread();
    topology->start_mint();
    Shares shares{topology->agreement()};
    DiskFloor disk{dir + "/floor"};
    std::vector<std::int64_t> floor_ns, quote_ns;
    constexpr std::size_t kWarmUp = 50;  // the first one waits for the link
    for (std::size_t i = 0; i < samples + kWarmUp; ++i) {
        const std::int64_t sync_ns = disk.sync_ns();
        std::promise<std::int64_t> quoted;
        std::int64_t begin_ns = 0;
        thread.run([&] {
            topology->pool().on_quote = [&](std::uint64_t) { quoted.set_value(now_ns() - begin_ns); };
            begin_ns = now_ns();
            topology->pool().accept({shares.next()}, [](const auto&) {});
        });
        const std::int64_t one_ns = quoted.get_future().get();
        if (i < kWarmUp) continue;
        floor_ns.push_back(sync_ns);
        quote_ns.push_back(one_ns);
    }
    const auto database = topology->mint_database();
    topology.reset();
    expect_equal(quotes_in(database), samples + kWarmUp);
    std::printf(
        "{\"quotes\": %zu, \"quote_p50_us\": %.0f, \"quote_p99_us\": %.0f, \"fdatasync_p50_us\": %.0f, "
        "\"fdatasync_p99_us\": %.0f}\n",
        samples, quantile_us(quote_ns, 50), quantile_us(quote_ns, 99), quantile_us(floor_ns, 50),
        quantile_us(floor_ns, 99));
}

void drain(const std::string& dir, std::size_t rows) {
    constexpr std::size_t kGroup = 256;
    std::optional<Topology> topology{dir};
    auto& thread = topology->pool_thread();
    Shares shares{topology->agreement()};
    for (std::size_t left = rows; left > 0;) {
        std::vector<pool::NewIntent> group;
        for (; group.size() < kGroup && left > 0; --left) group.push_back(shares.next());
        std::promise<void> committed;
        thread.run(
            [&] { topology->pool().accept(std::move(group), [&](const auto&) { committed.set_value(); }); });
        committed.get_future().get();
    }
    std::size_t count = 0;
    std::uint64_t last_seq = 0;
    bool is_in_order = true;
    std::int64_t first_ns = 0;
    std::promise<std::int64_t> all;
    thread.run([&] {
        topology->pool().on_quote = [&](std::uint64_t seq) {
            is_in_order &= seq > std::exchange(last_seq, seq);
            if (count == 0) first_ns = now_ns();
            if (++count == rows) all.set_value(now_ns() - first_ns);
        };
    });
    topology->start_mint();
    const double took_s = static_cast<double>(all.get_future().get()) / 1e9;
    const auto database = topology->mint_database();
    topology.reset();
    expect_equal(quotes_in(database), rows);
    if (!is_in_order) throw Failure("the backlog was not drained in order");
    std::printf("{\"quotes\": %zu, \"quotes_per_s\": %.0f}\n", rows, static_cast<double>(rows) / took_s);
}

std::int64_t number(const char* text) {
    const std::string_view view = text;
    std::int64_t out = 0;
    auto [end, error] = std::from_chars(view.data(), view.data() + view.size(), out);
    if (error != std::errc{} || end != view.data() + view.size() || out <= 0)
        throw Failure("expected a number above 0, got '" + std::string(view) + "'");
    return out;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view what = argc > 1 ? argv[1] : "";
    try {
        if (auto opened = log::open("quotes_bench", log::Level::error); !opened)
            throw Failure(opened.error().what);
        if (what == "earlier" && argc == 4)
            earlier(argv[2], number(argv[3]));
        else if (what == "load" && argc == 5)
            load(argv[2], number(argv[3]), number(argv[4]));
        else if (what == "idle" && argc == 4)
            idle(argv[2], static_cast<std::size_t>(number(argv[3])));
        else if (what == "drain" && argc == 4)
            drain(argv[2], static_cast<std::size_t>(number(argv[3])));
        else {
            std::fputs(
                "usage: quotes_bench earlier DIR SECONDS | load DIR SECONDS RATE | idle DIR SAMPLES | "
                "drain DIR ROWS\n",
                stderr);
            return 2;
        }
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "quotes_bench: error: %s\n", failure.what());
        return 1;
    }
}
