#include "pool/requeue_file.hpp"

#include <charconv>

#include "base/bytes.hpp"
#include "store/request_file.hpp"

namespace hp::pool {
namespace {

constexpr std::size_t kNameSizeMax = 100;

std::string_view next_line(std::string_view& text) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return line;
}

}  // namespace

std::string to_text(const RequeueRequest& request) {
    std::string out = "by " + request.by + "\n";
    if (request.seqs.empty()) out += "all\n";
    for (std::uint64_t seq : request.seqs) out += std::to_string(seq) + "\n";
    return out;
}

Result<RequeueRequest> requeue_request_from_text(std::string_view text) {
    RequeueRequest out;
    std::string_view line = next_line(text);
    if (!line.starts_with("by ") || line.size() > kNameSizeMax)
        return fail(Errc::invalid, "line 1: expected 'by NAME', got '" + printable(line, 40) + "'");
    out.by = line.substr(3);
    for (int number = 2; !text.empty(); ++number) {
        line = next_line(text);
        if (line == "all" && number == 2 && text.empty()) return out;
        std::uint64_t seq = 0;
        const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), seq);
        if (error != std::errc{} || end != line.data() + line.size() || seq == 0 || seq > INT64_MAX)
            return fail(Errc::invalid, "line " + std::to_string(number) + ": expected a row number, got '" +
                                           printable(line, 40) + "'");
        out.seqs.push_back(seq);
    }
    if (out.seqs.empty()) return fail(Errc::invalid, "line 2: expected 'all' or a row number, got nothing");
    return out;
}

std::string requeue_path(const std::string& outbox_path) { return outbox_path + ".requeue"; }

Result<> leave_request(const std::string& outbox_path, const RequeueRequest& request) {
    return store::leave_request(requeue_path(outbox_path), to_text(request), "hp-pool");
}

Result<std::optional<RequeueRequest>> find_request(const std::string& outbox_path) {
    const std::string path = requeue_path(outbox_path);
    HP_TRY(auto text, store::find_request(path));
    if (!text) return std::nullopt;
    auto request = requeue_request_from_text(*text);
    if (!request) return fail(Errc::invalid, "'" + path + "': " + request.error().what);
    return std::optional{std::move(*request)};
}

Result<> remove_request(const std::string& outbox_path) {
    return store::remove_request(requeue_path(outbox_path));
}

}  // namespace hp::pool
