#include "mint/mark_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/crash_point.hpp"

namespace hp::mint {
namespace {

constexpr std::size_t kMarkSizeMax = 4096;

Error mark_error(const std::string& what, const std::string& path) {
    return {Errc::io, "mark file '" + printable(path, 4096) + "': " + what + ": " + std::strerror(errno), {}};
}

/// Closes at the end of its scope.
struct Descriptor {
    int fd;
    ~Descriptor() {
        if (fd >= 0) ::close(fd);
    }
};

Result<> sync_folder(const std::string& folder, const std::string& path) {
    Descriptor dir{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (dir.fd < 0 || ::fsync(dir.fd) != 0) return fail(mark_error("cannot sync its folder", path));
    return {};
}

Result<> write_new(const std::string& making, const std::string& path, const std::string& text,
                   const std::string& owned_like) {
    Descriptor file{::open(making.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (file.fd < 0) return fail(mark_error("cannot create " + making, path));
    struct stat like {};
    if (::geteuid() == 0 && !owned_like.empty() && ::stat(owned_like.c_str(), &like) == 0 &&
        ::fchown(file.fd, like.st_uid, like.st_gid) != 0)
        return fail(mark_error("cannot change its owner", path));
    if (::write(file.fd, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        return fail(mark_error("cannot write", path));
    if (::fsync(file.fd) != 0) return fail(mark_error("cannot sync", path));
    return {};
}

}  // namespace

Result<std::optional<ehash::MintMark>> read_mark_file(const std::string& path) {
    Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (file.fd < 0) {
        if (errno == ENOENT) return std::nullopt;
        return fail(mark_error("cannot open", path));
    }
    std::string text(kMarkSizeMax, '\0');
    const ssize_t size = ::read(file.fd, text.data(), text.size());
    if (size < 0) return fail(mark_error("cannot read", path));
    text.resize(static_cast<std::size_t>(size));
    auto mark = ehash::mint_mark_from_text(text);
    if (!mark)
        return fail(Errc::invalid, "mark file '" + printable(path, 4096) + "': " + mark.error().what,
                    "its content is lost; 'hp-mint accept-rollback' writes a new one");
    return std::optional{*mark};
}

std::string held_mark_path(const std::string& mark_file) { return mark_file + ".held"; }

Result<KnownMark> read_known_mark(const std::string& mark_file) {
    HP_TRY(auto mark, read_mark_file(mark_file));
    if (mark) return KnownMark{std::move(mark), false};
    HP_TRY(mark, read_mark_file(held_mark_path(mark_file)));
    return KnownMark{mark, mark.has_value()};
}

Result<> write_mark_file(const std::string& path, const ehash::MintMark& mark,
                         const std::string& owned_like) {
    return write_beside_mark(path, ehash::file_text(mark), owned_like);
}

Result<> write_beside_mark(const std::string& path, const std::string& text, const std::string& owned_like) {
    const auto parent = std::filesystem::path{path}.parent_path();
    const std::string folder = parent.empty() ? "." : parent.string();
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
        return fail(mark_error("cannot create its folder " + folder, path));
    const std::string making = path + ".new";
    HP_CRASH_POINT("M1");
    if (auto written = write_new(making, path, text, owned_like); !written) {
        ::unlink(making.c_str());
        return written;
    }
    HP_CRASH_POINT("M2");
    if (::rename(making.c_str(), path.c_str()) != 0) {
        auto error = mark_error("cannot replace", path);
        ::unlink(making.c_str());
        return fail(std::move(error));
    }
    HP_CRASH_POINT("M3");
    return sync_folder(folder, path);
}

MarkVerdict judge(const ehash::MintMark& has, const KnownMark& known) {
    const bool is_new = has.store == Bytes32{};
    if (!known.mark) return is_new ? MarkVerdict::fresh : MarkVerdict::no_mark;
    if (ehash::setback(has, *known.mark)) return MarkVerdict::behind_mark;
    return known.is_held ? MarkVerdict::no_mark : MarkVerdict::at_mark;
}

MarkKeeper::MarkKeeper(std::string path, const ehash::MintMark& written,
                       std::function<void(const std::optional<Error>&)> on_trouble, bool is_held)
    : path_{std::move(path)}, on_trouble_{std::move(on_trouble)}, newest_{written}, is_held_{is_held} {
    if (!is_held) written_ = written;
    if (!path_.empty()) thread_ = std::thread{[this] { run(); }};
}

MarkKeeper::~MarkKeeper() {
    {
        std::lock_guard lock{mutex_};
        is_stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void MarkKeeper::set(const ehash::MintMark& mark) {
    {
        std::lock_guard lock{mutex_};
        newest_ = mark;
    }
    changed_.notify_all();
}

ehash::MintMark MarkKeeper::newest() const {
    std::lock_guard lock{mutex_};
    return newest_;
}

Result<> MarkKeeper::hold() {
    std::unique_lock lock{mutex_};
    if (std::exchange(is_held_, true) || path_.empty()) return {};
    written_.reset();
    to_hold_ = newest_;
    auto aside = set_aside();
    lock.unlock();
    changed_.notify_all();  // if it failed, the thread retries
    return aside;
}

Result<> MarkKeeper::set_aside() {
    if (::rename(path_.c_str(), held_mark_path(path_).c_str()) != 0 && errno != ENOENT)
        return fail(mark_error("cannot set it aside", path_));
    return {};
}

void MarkKeeper::let_go() {
    {
        std::lock_guard lock{mutex_};
        is_held_ = false;
    }
    changed_.notify_all();
}

void MarkKeeper::run() {
    bool is_failing = false;
    std::unique_lock lock{mutex_};
    while (true) {
        changed_.wait(lock,
                      [this] { return is_stopping_ || to_hold_ || (!is_held_ && newest_ != written_); });
        if (const auto held = std::exchange(to_hold_, std::nullopt)) {
            // The held mark may be up to a period behind; a mark still in place would let the next start
            // sign.
            lock.unlock();
            auto result = set_aside();
            if (result) result = write_mark_file(held_mark_path(path_), *held);
            if (!result && !std::exchange(is_failing, true)) on_trouble_(result.error());
            if (result && std::exchange(is_failing, false)) on_trouble_(std::nullopt);
            lock.lock();
            if (!result && !is_stopping_) {
                to_hold_ = held;
                changed_.wait_for(lock, kPeriod, [this] { return is_stopping_; });
            }
            continue;
        }
        if (is_held_ || newest_ == written_) return;
        const auto mark = newest_;
        const bool is_last = is_stopping_;
        const auto next = std::chrono::steady_clock::now() + kPeriod;
        lock.unlock();
        const auto result = write_mark_file(path_, mark);
        if (!result && !std::exchange(is_failing, true)) on_trouble_(result.error());
        if (result && std::exchange(is_failing, false)) on_trouble_(std::nullopt);
        lock.lock();
        if (is_held_) {  // ended during the write
            (void)set_aside();
        } else if (result) {
            if (!written_) ::unlink(held_mark_path(path_).c_str());
            written_ = mark;
        }
        if (is_last) return;
        changed_.wait_until(lock, next, [this] { return is_stopping_; });
    }
}

}  // namespace hp::mint
