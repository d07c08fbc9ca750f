#include "miner/crew.hpp"

namespace hp::miner {
namespace {

// A thread checks for changes after each chunk: under a millisecond with the SHA extensions.
constexpr std::uint64_t kChunkHashes = 1u << 14;

}  // namespace

/// One thread's view of one channel.
struct Crew::WorkSlot {
    std::size_t channel;
    Cursor cursor;
    std::uint64_t generation{0};
    std::chrono::steady_clock::time_point since{};
};

Crew::Crew(const Options& options, std::function<void()> on_found)
    : options_{options}, on_found_{std::move(on_found)}, counters_(options.threads) {
    HP_ASSERT(options.threads > 0 && options.channels > 0);
    for (std::size_t i = 0; i < options.channels; ++i) channels_.push_back(std::make_unique<Channel>());
    for (std::size_t i = 0; i < options.threads; ++i) threads_.emplace_back([this, i] { run(i); });
}

Crew::~Crew() {
    stopping_ = true;
    wake();
    for (std::thread& thread : threads_) thread.join();
}

void Crew::set_work(std::size_t channel, std::shared_ptr<const Work> work) {
    Channel& at = *channels_[channel];
    {
        const std::lock_guard lock{at.mutex};
        at.work = std::move(work);
        at.since = std::chrono::steady_clock::now();
        at.generation.fetch_add(1, std::memory_order_release);
    }
    wake();
}

void Crew::wake() {
    wakes_.fetch_add(1, std::memory_order_release);
    wakes_.notify_all();
}

std::vector<Share> Crew::take() {
    const std::lock_guard lock{found_mutex_};
    return std::exchange(found_, {});
}

std::uint64_t Crew::hashes() const {
    std::uint64_t sum = 0;
    for (const Counter& counter : counters_) sum += counter.hashes.load(std::memory_order_relaxed);
    return sum;
}

void Crew::post(Share share) {
    bool first = false;
    {
        const std::lock_guard lock{found_mutex_};
        first = found_.empty();
        found_.push_back(std::move(share));
    }
    if (first) on_found_();
}

/// False if the channel has nothing for us to do.
bool Crew::serve(WorkSlot& slot, std::uint64_t chunk, Counter& counter) {
    Channel& channel = *channels_[slot.channel];
    if (channel.generation.load(std::memory_order_acquire) != slot.generation) {
        const std::lock_guard lock{channel.mutex};
        slot.generation = channel.generation.load(std::memory_order_relaxed);
        slot.since = channel.since;
        slot.cursor.set_work(channel.work);
    }
    const auto& work = slot.cursor.work();
    if (!work || !work->allowance->take()) return false;
    const auto elapsed = std::chrono::steady_clock::now() - slot.since;
    const auto elapsed_s = std::chrono::duration_cast<std::chrono::seconds>(elapsed).count();
    std::uint64_t hashes_done = 0;
    auto share = slot.cursor.step(chunk, static_cast<std::uint32_t>(elapsed_s), hashes_done);
    counter.hashes.fetch_add(hashes_done, std::memory_order_relaxed);
    if (!share) {
        work->allowance->give(1);
        return true;
    }
    share->channel = slot.channel;
    post(*std::move(share));
    return true;
}

void Crew::run(std::size_t thread) {
    // With fewer channels than threads all threads share the nonces of every channel; else each channel has
    // one thread, so thousands of channels need no coordination between threads.
    const std::size_t threads = options_.threads, channels = options_.channels;
    const bool shared = channels < threads;
    std::vector<WorkSlot> slots;
    for (std::size_t i = 0; i < channels; ++i) {
        if (!shared && i % threads != thread) continue;
        const auto nonces = shared ? NonceRange::part(thread, threads) : NonceRange{};
        slots.push_back({i, Cursor(options_.engine, nonces, options_.extranonce2_start), 0, {}});
    }
    while (!stopping_.load(std::memory_order_relaxed)) {
        const std::uint32_t wakes = wakes_.load(std::memory_order_acquire);
        bool worked = false;
        for (WorkSlot& slot : slots) worked |= serve(slot, kChunkHashes, counters_[thread]);
        if (!worked && !stopping_) wakes_.wait(wakes, std::memory_order_acquire);
    }
}

double measure_hash_rate(Engine engine, std::int64_t duration_ms) {
    const Scanner scanner{engine, bitcoin::HeaderBytes{}, bitcoin::Target{}};
    const auto begin = std::chrono::steady_clock::now();
    const auto end = begin + std::chrono::milliseconds(duration_ms);
    std::uint64_t hashes_done = 0;
    std::chrono::steady_clock::time_point now;
    do {
        scanner.scan(0, kChunkHashes, hashes_done);
        now = std::chrono::steady_clock::now();
    } while (now < end);
    return static_cast<double>(hashes_done) / std::chrono::duration<double>(now - begin).count();
}

}  // namespace hp::miner
