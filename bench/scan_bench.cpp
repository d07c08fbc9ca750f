// hp-miner's search for a nonce: our code for the SHA extensions compared with OpenSSL's SHA-256, the
// fallback. Rounds alternate, so that both see the same machine. Usage: scan_bench [SECONDS]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "miner/scan.hpp"

using namespace hp;
using namespace hp::miner;

namespace {

double hashes_per_second(Engine engine, double seconds) {
    bitcoin::HeaderBytes header{};
    for (std::size_t i = 0; i < header.size(); ++i) header[i] = static_cast<std::uint8_t>(i * 7);
    const Scanner scanner{engine, header, bitcoin::Target{}};  // no hash meets it
    std::uint64_t hashes = 0;
    const auto began = std::chrono::steady_clock::now();
    std::chrono::duration<double> took{};
    do {
        scanner.scan(static_cast<std::uint32_t>(hashes), 1 << 16, hashes);
        took = std::chrono::steady_clock::now() - began;
    } while (took.count() < seconds);
    return static_cast<double>(hashes) / took.count();
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
    constexpr int kRounds = 5;
    const double seconds = (argc > 1 ? std::atof(argv[1]) : 10) / (2 * kRounds);
    if (!is_available(Engine::sha_ni)) {
        std::printf("SKIPPED: this processor has no SHA extensions\n");
        return 0;
    }
    std::vector<double> ours, theirs;
    for (int i = 0; i < kRounds; ++i) {
        ours.push_back(hashes_per_second(Engine::sha_ni, seconds));
        theirs.push_back(hashes_per_second(Engine::openssl, seconds));
    }
    std::printf("one thread, medians of %d: sha-ni %.2f MH/s, openssl %.2f MH/s, ratio %.2f\n", kRounds,
                median(ours) / 1e6, median(theirs) / 1e6, median(ours) / median(theirs));
}
