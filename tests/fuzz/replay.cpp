// Runs a fuzz target without libFuzzer: every seed file of a folder unchanged, then mutants of the seeds and
// random inputs from a fixed generator, so that every build tries the same ones. With the fuzz preset
// libFuzzer brings its own main and this file is not used.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
    std::vector<std::vector<std::uint8_t>> seeds;
    if (argc > 1 && std::filesystem::is_directory(argv[1])) {
        for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
            std::ifstream in(entry.path(), std::ios::binary);
            seeds.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
        }
    }
    for (const auto& seed : seeds) LLVMFuzzerTestOneInput(seed.data(), seed.size());

    std::mt19937_64 random{20261122};
    constexpr int kInputs = 20'000;
    for (int i = 0; i < kInputs; ++i) {
        std::vector<std::uint8_t> input;
        if (!seeds.empty() && random() % 4 != 0) {
            input = seeds[random() % seeds.size()];
            for (std::size_t n = random() % 4 + 1; n > 0 && !input.empty(); --n) {
                auto at = random() % input.size();
                switch (random() % 3) {
                    case 0:
                        input[at] = static_cast<std::uint8_t>(random());
                        break;
                    case 1:
                        input.resize(at);
                        break;
                    default:
                        input.insert(input.begin() + static_cast<std::ptrdiff_t>(at),
                                     static_cast<std::uint8_t>(random()));
                }
            }
        } else {
            input.resize(random() % 512);
            for (auto& byte : input) byte = static_cast<std::uint8_t>(random());
        }
        LLVMFuzzerTestOneInput(input.data(), input.size());
    }
    std::printf("%zu seeds and %d inputs\n", seeds.size(), kInputs);
}
