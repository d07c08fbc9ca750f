#include "pool/requeue_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "base/bytes.hpp"

namespace hp::pool {
namespace {

constexpr std::size_t kSizeMax = 1 << 20;
constexpr std::size_t kNameSizeMax = 100;

Error io_error(const std::string& what, const std::string& path) {
    return {Errc::io, what + " '" + path + "': " + std::strerror(errno), {}};
}

/// Closes with its scope.
struct File {
    int fd;
    ~File() {
        if (fd >= 0) ::close(fd);
    }
};

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
            return fail(Errc::invalid, "line " + std::to_string(number) + ": expected a row's number, got '" +
                                           printable(line, 40) + "'");
        out.seqs.push_back(seq);
    }
    if (out.seqs.empty()) return fail(Errc::invalid, "line 2: expected 'all' or a row's number, got nothing");
    return out;
}

std::string requeue_path(const std::string& outbox_path) { return outbox_path + ".requeue"; }

Result<> leave_request(const std::string& outbox_path, const RequeueRequest& request) {
    const std::string path = requeue_path(outbox_path);
    const std::string making = path + ".new-" + std::to_string(::getpid());
    const std::string text = to_text(request);
    {
        File file{::open(making.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600)};
        if (file.fd < 0) return fail(io_error("cannot create", making));
        const bool is_written =
            ::write(file.fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
        if (!is_written || ::fsync(file.fd) != 0) {
            auto error = io_error("cannot write", making);
            ::unlink(making.c_str());
            return fail(error);
        }
    }
    const bool is_there = ::link(making.c_str(), path.c_str()) == 0;
    const int number = errno;
    ::unlink(making.c_str());
    if (is_there) return {};
    if (number == EEXIST)
        return fail(Errc::refused, "another request waits in '" + path + "'", "is hp-pool running?");
    errno = number;
    return fail(io_error("cannot create", path));
}

Result<std::optional<RequeueRequest>> find_request(const std::string& outbox_path) {
    const std::string path = requeue_path(outbox_path);
    File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
    if (file.fd < 0) {
        if (errno == ENOENT) return std::nullopt;
        return fail(io_error("cannot open", path));
    }
    struct stat info {};
    if (::fstat(file.fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_uid != ::geteuid() ||
        info.st_size > static_cast<off_t>(kSizeMax))
        return fail(Errc::refused, "'" + path + "' is not a file of ours of at most 1 MiB");
    std::string text(static_cast<std::size_t>(info.st_size), '\0');
    if (::read(file.fd, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        return fail(io_error("cannot read", path));
    auto request = requeue_request_from_text(text);
    if (!request) return fail(Errc::invalid, "'" + path + "': " + request.error().what);
    return std::optional{std::move(*request)};
}

Result<> remove_request(const std::string& outbox_path) {
    const std::string path = requeue_path(outbox_path);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail(io_error("cannot remove", path));
    return {};
}

}  // namespace hp::pool
