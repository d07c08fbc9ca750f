#include "mint/release_file.hpp"

#include "base/bytes.hpp"
#include "mint/ledger.hpp"
#include "store/request_file.hpp"

namespace hp::mint {
namespace {

constexpr std::size_t kReleaserSizeMax = 100;
constexpr std::string_view kUntil = "until ";

std::string_view next_request_line(std::string_view& text) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return line;
}

}  // namespace

std::string to_text(const ReleaseRequest& request) {
    std::string out = "by " + request.by + "\n";
    if (request.ids.empty()) out += std::string(kUntil) + request.last + "\n";
    for (const auto& id : request.ids) out += id + "\n";
    return out;
}

Result<ReleaseRequest> release_request_from_text(std::string_view text) {
    ReleaseRequest out;
    std::string_view line = next_request_line(text);
    if (!line.starts_with("by ") || line.size() > kReleaserSizeMax)
        return fail(Errc::invalid, "line 1: expected 'by NAME', got '" + printable(line, 40) + "'");
    out.by = line.substr(3);
    for (int number = 2; !text.empty(); ++number) {
        line = next_request_line(text);
        const bool is_until = number == 2 && text.empty() && line.starts_with(kUntil);
        if (is_until) line.remove_prefix(kUntil.size());
        if (!uuid_from_text(line))
            return fail(Errc::invalid, "line " + std::to_string(number) + ": expected a quote id, got '" +
                                           printable(line, 40) + "'");
        if (is_until)
            out.last = line;
        else
            out.ids.emplace_back(line);
    }
    if (out.ids.empty() && out.last.empty())
        return fail(Errc::invalid, "line 2: expected 'until ID' or a quote id, got nothing");
    return out;
}

std::string release_path(const std::string& database) { return database + ".release"; }

Result<> leave_request(const std::string& database, const ReleaseRequest& request) {
    return store::leave_request(release_path(database), to_text(request), "hp-mint");
}

Result<std::optional<ReleaseRequest>> find_request(const std::string& database) {
    const std::string path = release_path(database);
    HP_TRY(auto text, store::find_request(path));
    if (!text) return std::nullopt;
    auto request = release_request_from_text(*text);
    if (!request) return fail(Errc::invalid, "'" + path + "': " + request.error().what);
    return std::optional{std::move(*request)};
}

Result<> remove_request(const std::string& database) { return store::remove_request(release_path(database)); }

}  // namespace hp::mint
