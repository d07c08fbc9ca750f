#include "templates/sim_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "crypto/sha256.hpp"
#include "log/log.hpp"

namespace hp::templates {
namespace {

constexpr std::string_view kMagic = "HPSIM001";
constexpr std::size_t kHeadSize = 12;       // magic, then nbits as u32 little-endian
constexpr std::size_t kRecordHeadSize = 8;  // length, checksum
constexpr std::size_t kBlockSizeMax = 4'000'000;

tl::unexpected<Error> fail_errno(const std::string& what, const std::string& path) {
    return fail(Errc::io, what + " '" + path + "': " + std::generic_category().message(errno));
}

/// Exactly out.size() bytes at `offset`, or less at the end of the file.
Result<std::size_t> read_at(int fd, std::uint64_t offset, std::span<std::uint8_t> out,
                            const std::string& path) {
    std::size_t done = 0;
    while (done < out.size()) {
        ssize_t n = ::pread(fd, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_errno("cannot read", path);
        if (n == 0) break;
        done += static_cast<std::size_t>(n);
    }
    return done;
}

ByteArray<kHeadSize> head(std::uint32_t nbits) {
    ByteArray<kHeadSize> out{};
    std::copy(kMagic.begin(), kMagic.end(), out.begin());
    put_le(out.data() + kMagic.size(), nbits);
    return out;
}

}  // namespace

Result<std::unique_ptr<SimFile>> SimFile::open(const std::string& path, SimChain& chain, UnixSeconds now) {
    std::error_code failed;
    if (auto folder = std::filesystem::path(path).parent_path(); !folder.empty())
        std::filesystem::create_directories(folder, failed);
    int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) return fail_errno("cannot open", path);
    std::unique_ptr<SimFile> out{new SimFile(fd, path)};
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK
                   ? fail(Errc::io, "'" + path + "' is in use by another process",
                          "another hp-template may be running; give this one its own sim_chain_file")
                   : fail_errno("cannot lock", path);
    HP_DO(out->read_blocks(chain, now));
    return out;
}

SimFile::~SimFile() { ::close(fd_); }

Result<> SimFile::read_blocks(SimChain& chain, UnixSeconds now) {
    struct stat status {};
    if (::fstat(fd_, &status) != 0) return fail_errno("cannot read", path_);
    const auto end = static_cast<std::uint64_t>(status.st_size);
    const auto expected = head(chain.nbits());
    ByteArray<kHeadSize> found{};
    HP_TRY(std::size_t got, read_at(fd_, 0, found, path_));
    if (got < kHeadSize &&
        std::equal(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(got), expected.begin())) {
        if (::ftruncate(fd_, 0) != 0) return fail_errno("cannot write", path_);
        return write_at_end(expected);
    }
    if (!std::equal(kMagic.begin(), kMagic.end(), found.begin()))
        return fail(Errc::invalid, "'" + path_ + "' is not a simulated chain");
    if (found != expected)
        return fail(Errc::usage, "'" + path_ + "' was created at another difficulty",
                    "restore the old sim_block_bits, or use another sim_chain_file");
    size_ = kHeadSize;
    while (size_ < end) {
        const std::string place = "'" + path_ + "' at offset " + std::to_string(size_);
        ByteArray<kRecordHeadSize> record{};
        HP_TRY(std::size_t head_size, read_at(fd_, size_, record, path_));
        const auto length = get_le<std::uint32_t>(record.data());
        if (head_size == kRecordHeadSize && (length == 0 || length > kBlockSizeMax))
            return fail(Errc::invalid, place + ": block length " + std::to_string(length) +
                                           ", allowed are 1 to " + std::to_string(kBlockSizeMax));
        if (head_size < kRecordHeadSize || end - size_ - kRecordHeadSize < length) {
            log::warn("{}: the last block is truncated, {} bytes dropped", place, end - size_);
            if (::ftruncate(fd_, static_cast<off_t>(size_)) != 0) return fail_errno("cannot write", path_);
            break;
        }
        Bytes block(length);
        HP_TRY(std::size_t block_size, read_at(fd_, size_ + kRecordHeadSize, block, path_));
        const Bytes32 checksum = crypto::sha256d(block);
        if (block_size != length || !std::equal(checksum.begin(), checksum.begin() + 4, record.begin() + 4))
            return fail(Errc::invalid, place + ": the block's checksum is wrong");
        auto checked = chain.check(block, now);
        if (!checked)
            return fail(Errc::invalid, place + ": the block breaks the rules: " + checked.error().what);
        chain.extend(*checked);
        size_ += kRecordHeadSize + length;
    }
    return {};
}

Result<> SimFile::append(ByteView block) {
    HP_ASSERT(!block.empty() && block.size() <= kBlockSizeMax);
    Bytes record(kRecordHeadSize);
    put_le(record.data(), static_cast<std::uint32_t>(block.size()));
    const Bytes32 checksum = crypto::sha256d(block);
    std::copy(checksum.begin(), checksum.begin() + 4, record.begin() + 4);
    hp::append(record, block);
    return write_at_end(record);
}

Result<> SimFile::write_at_end(ByteView bytes) {
    std::size_t done = 0;
    bool good = true;
    while (good && done < bytes.size()) {
        ssize_t n = ::pwrite(fd_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(size_ + done));
        if (n < 0 && errno == EINTR) continue;
        good = n > 0;
        if (good) done += static_cast<std::size_t>(n);
    }
    if (!good || ::fdatasync(fd_) != 0) {
        auto failure = fail_errno("cannot write", path_);
        // A half-written block would be dropped at the next start; one after it would not be found.
        if (::ftruncate(fd_, static_cast<off_t>(size_)) != 0)
            log::error("cannot shorten '{}' after a failed write", path_);
        return failure;
    }
    size_ += bytes.size();
    return {};
}

}  // namespace hp::templates
