#include "mint/rollback_file.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "mint/mark_file.hpp"

namespace hp::mint {
namespace {

constexpr std::string_view kRollbacksFirstLine = "hashpool mint rollbacks 1";
constexpr std::string_view kUnknownLoss = "- - - -";

/// Takes the text up to the next `end` off.
std::string_view take_until(std::string_view& text, char end) {
    const auto at = std::min(text.find(end), text.size());
    const std::string_view out = text.substr(0, at);
    text.remove_prefix(std::min(at + 1, text.size()));
    return out;
}

template <class Number>
bool read_number(std::string_view text, Number& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc{} && end == text.data() + text.size() && !text.empty();
}

bool read_sum(std::string_view text, ehash::Amount128& out) {
    if (text.empty() || text.size() > 38 || text.find_first_not_of("0123456789") != text.npos) return false;
    out = 0;
    for (char digit : text) out = out * 10 + static_cast<unsigned>(digit - '0');
    return true;
}

/// Takes the four numbers off.
bool read_loss(std::string_view& line, std::optional<ehash::Setback>& out) {
    if (line.starts_with(kUnknownLoss) && line.substr(kUnknownLoss.size()).starts_with(' ')) {
        line.remove_prefix(kUnknownLoss.size() + 1);
        return true;
    }
    auto& lost = out.emplace();
    return read_number(take_until(line, ' '), lost.quotes) &&
           read_number(take_until(line, ' '), lost.operations) &&
           read_sum(take_until(line, ' '), lost.issued) && read_sum(take_until(line, ' '), lost.spent);
}

}  // namespace

namespace {
std::string acceptance_path(const std::string& mark_file) { return mark_file + ".accepting"; }
}  // namespace

std::string rollback_path(const std::string& mark_file) { return mark_file + ".rollbacks"; }

std::string to_text(const std::vector<Rollback>& rollbacks) {
    std::string out = std::string(kRollbacksFirstLine) + "\n";
    for (const auto& one : rollbacks)
        out += std::to_string(one.at_ms) + " " +
               (one.lost ? std::to_string(one.lost->quotes) + " " + std::to_string(one.lost->operations) +
                               " " + ehash::to_text(one.lost->issued) + " " + ehash::to_text(one.lost->spent)
                         : std::string{kUnknownLoss}) +
               " " + printable(one.by, 100) + "\n";
    return out;
}

Result<std::vector<Rollback>> rollbacks_from_text(std::string_view text) {
    if (!text.ends_with('\n'))
        return fail(Errc::invalid, "expected a newline at the end: the file is truncated");
    if (const auto line = take_until(text, '\n'); line != kRollbacksFirstLine)
        return fail(Errc::invalid, "line 1: expected '" + std::string(kRollbacksFirstLine) + "', got '" +
                                       printable(line, 60) + "'");
    std::vector<Rollback> out;
    for (int number = 2; !text.empty(); ++number) {
        std::string_view line = take_until(text, '\n');
        const std::string shown = printable(line, 80);
        Rollback one;
        const bool is_read =
            read_number(take_until(line, ' '), one.at_ms) && read_loss(line, one.lost) && !line.empty();
        if (!is_read)
            return fail(Errc::invalid, "line " + std::to_string(number) +
                                           ": expected AT_MS QUOTES OPERATIONS ISSUED SPENT BY, got '" +
                                           shown + "'");
        one.by = line;
        out.push_back(std::move(one));
    }
    return out;
}

Result<std::vector<Rollback>> read_rollbacks(const std::string& mark_file) {
    const std::string path = rollback_path(mark_file);
    std::ifstream file{path, std::ios::binary};
    if (!file) {
        if (errno == ENOENT) return std::vector<Rollback>{};
        return fail(Errc::io, "'" + printable(path, 4096) + "': " + std::strerror(errno));
    }
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    auto out = rollbacks_from_text(text);
    if (!out) return fail(Errc::invalid, "'" + printable(path, 4096) + "': " + out.error().what);
    return out;
}

Result<std::vector<Rollback>> add_rollbacks(const std::string& mark_file, const std::vector<Rollback>& more,
                                            const std::string& owned_like) {
    HP_TRY(auto all, read_rollbacks(mark_file));
    for (const auto& one : more) {
        std::erase_if(all, [&](const Rollback& old) { return old.at_ms == one.at_ms; });
        all.push_back(one);
    }
    std::ranges::stable_sort(all, {}, &Rollback::at_ms);
    if (!all.empty()) HP_DO(write_beside_mark(rollback_path(mark_file), to_text(all), owned_like));
    return all;
}

Result<UnixMs> begin_acceptance(const std::string& mark_file, UnixMs now, const std::string& owned_like) {
    const std::string path = acceptance_path(mark_file);
    std::ifstream file{path, std::ios::binary};
    if (!file && errno != ENOENT)
        return fail(Errc::io, "'" + printable(path, 4096) + "': " + std::strerror(errno));
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    // It is written whole or not at all: anything else is not ours, so start a new one.
    UnixMs begun{};
    if (text.ends_with('\n') && read_number(std::string_view{text}.substr(0, text.size() - 1), begun))
        return begun;
    HP_DO(write_beside_mark(path, std::to_string(now) + "\n", owned_like));
    return now;
}

Result<> end_acceptance(const std::string& mark_file) {
    const std::string path = acceptance_path(mark_file);
    std::error_code error;
    if (!std::filesystem::remove(path, error) && error)
        return fail(Errc::io, "'" + printable(path, 4096) + "': " + error.message());
    return {};
}

}  // namespace hp::mint
