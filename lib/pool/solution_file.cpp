#include "pool/solution_file.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "pool/whole_file.hpp"
#include "sv2/frame.hpp"
#include "sv2/templates.hpp"

namespace hp::pool {
namespace {

constexpr std::size_t kFileSizeMax = 16u << 20;

tl::unexpected<Error> disk_error(const std::string& what, const std::string& path) {
    return fail(Errc::io, what + " '" + path + "': " + std::strerror(errno));
}

Result<KeptSolution> solution_from_line(std::string_view line) {
    KeptSolution out;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), out.found_ms);
    if (error != std::errc{} || end == line.data() + line.size() || *end != ' ' || out.found_ms < 0)
        return fail(Errc::invalid, "expected a time and a frame in hex");
    HP_TRY(out.frame, from_hex(line.substr(static_cast<std::size_t>(end + 1 - line.data()))));
    HP_TRY(const auto frame, sv2::split_frame(out.frame));
    if (!frame.is<sv2::templates::SubmitSolution>())
        return fail(Errc::invalid, "the frame is not a SubmitSolution");
    return out;
}

}  // namespace

void age(std::vector<KeptSolution>& solutions, UnixMs now, SteadyMs steady_now) {
    for (KeptSolution& one : solutions) one.since_ms = steady_now - std::max<UnixMs>(now - one.found_ms, 0);
}

void prune(std::vector<KeptSolution>& solutions, SteadyMs now) {
    std::erase_if(solutions, [&](const KeptSolution& s) { return now - s.since_ms > kSolutionKeptMs; });
    if (solutions.size() > kSolutionsKeptMax)
        solutions.erase(solutions.begin(), solutions.end() - static_cast<std::ptrdiff_t>(kSolutionsKeptMax));
}

Result<std::vector<KeptSolution>> read_solutions(const std::string& path) {
    std::vector<KeptSolution> out;
    std::error_code error;
    if (!std::filesystem::exists(path, error) && !error) return out;
    if (!std::filesystem::is_regular_file(path, error) ||
        std::filesystem::file_size(path, error) > kFileSizeMax)
        return fail(Errc::invalid, "'" + path + "' is not a file of solutions");
    std::ifstream file{path};
    if (!file) return disk_error("cannot open", path);
    int number = 0;
    for (std::string line; std::getline(file, line);) {
        ++number;
        auto solution = solution_from_line(line);
        if (!solution)
            return fail(
                Errc::invalid, path + ":" + std::to_string(number) + ": " + solution.error().what,
                "it holds found blocks that may not have been submitted; move it away to start without them");
        out.push_back(*std::move(solution));
    }
    return out;
}

Result<> write_solutions(const std::string& path, const std::vector<KeptSolution>& solutions) {
    std::string text;
    for (const KeptSolution& solution : solutions)
        text += std::to_string(solution.found_ms) + " " + to_hex(solution.frame) + "\n";
    return write_whole_file(path, text);
}

}  // namespace hp::pool
