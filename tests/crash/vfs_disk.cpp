#include "vfs_disk.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace hp::crash {
namespace {

constexpr std::size_t kSector = 512;

/// Few at a time; looked up by every file operation.
struct Registry {
    std::mutex mutex;
    std::map<std::string, Disk*> disks;
};
Registry& registry() {
    static Registry all;
    return all;
}

}  // namespace

const char* name_of(Op op) {
    constexpr const char* kNames[] = {
        "create", "write", "truncate", "sync", "remove", "link", "rename", "sync of the directory", "read"};
    return kNames[static_cast<std::size_t>(op)];
}

struct Disk::Inode {
    Bytes durable;
    std::vector<Change> changes;
};

Disk::Disk(std::string directory) : directory_{std::move(directory)} {
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
    std::lock_guard lock{registry().mutex};
    registry().disks[directory_] = this;
}

Disk::~Disk() {
    {
        std::lock_guard lock{registry().mutex};
        registry().disks.erase(directory_);
    }
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

Disk* Disk::of(const std::string& path) {
    auto slash = path.rfind('/');
    if (slash == std::string::npos) return nullptr;
    std::lock_guard lock{registry().mutex};
    auto at = registry().disks.find(path.substr(0, slash));
    return at == registry().disks.end() ? nullptr : at->second;
}

Verdict Disk::ask(const Operation& operation) {
    if (operation.op == Op::read && !asks_for_reads) return {};
    turns.at_change();
    return before ? before(operation) : Verdict{};
}

Disk::InodePtr Disk::find(const std::string& file) {
    std::lock_guard lock{mutex_};
    auto at = live_.find(file);
    return at == live_.end() ? nullptr : at->second;
}

Disk::InodePtr Disk::add(const std::string& file) {
    std::lock_guard lock{mutex_};
    auto inode = std::make_shared<Inode>();
    live_[file] = inode;
    name_changes_.push_back({++order_, file, inode, {}});
    return inode;
}

void Disk::write(Inode& inode, std::int64_t offset, ByteView bytes) {
    std::lock_guard lock{mutex_};
    inode.changes.push_back(
        {++order_, false, static_cast<std::uint64_t>(offset), Bytes(bytes.begin(), bytes.end())});
}

void Disk::truncate(Inode& inode, std::int64_t size) {
    std::lock_guard lock{mutex_};
    inode.changes.push_back({++order_, true, static_cast<std::uint64_t>(size)});
}

void Disk::apply(Bytes& content, const Change& change) {
    if (change.is_truncate) return content.resize(change.offset);
    if (content.size() < change.offset + change.bytes.size())
        content.resize(change.offset + change.bytes.size());
    std::copy(change.bytes.begin(), change.bytes.end(),
              content.begin() + static_cast<std::ptrdiff_t>(change.offset));
}

void Disk::apply(std::map<std::string, InodePtr>& names, const NameChange& change) {
    if (change.inode)
        names[change.file] = change.inode;
    else
        names.erase(change.file);
    if (!change.also_gone.empty()) names.erase(change.also_gone);
}

void Disk::sync(Inode& inode) {
    std::lock_guard lock{mutex_};
    if (ignores_sync) return;
    for (const Change& change : inode.changes) apply(inode.durable, change);
    inode.changes.clear();
}

void Disk::lose(Inode& inode) {
    std::lock_guard lock{mutex_};
    for (const Change& change : inode.changes)
        if (loss_.chance(1, 2)) apply(inode.durable, change);
    inode.changes.clear();
}

void Disk::remove(const std::string& file) {
    std::lock_guard lock{mutex_};
    if (live_.erase(file) > 0) name_changes_.push_back({++order_, file, nullptr, {}});
}

void Disk::link(const std::string& from, const std::string& to) {
    std::lock_guard lock{mutex_};
    auto inode = find(from);
    if (!inode) return;
    live_[to] = inode;
    name_changes_.push_back({++order_, to, inode, {}});
}

void Disk::rename(const std::string& from, const std::string& to) {
    std::lock_guard lock{mutex_};
    auto inode = find(from);
    if (!inode) return;
    live_.erase(from);
    live_[to] = inode;
    name_changes_.push_back({++order_, to, inode, from});
}

void Disk::sync_directory() {
    std::lock_guard lock{mutex_};
    if (ignores_sync) return;
    for (const NameChange& change : name_changes_) apply(durable_, change);
    name_changes_.clear();
}

/// What one power cut does to unsynced data.
struct Disk::Choice {
    Rng& rng;
    unsigned keep_percent;     ///< of the sectors
    std::uint64_t torn_order;  ///< the write that is torn
    std::uint64_t last_order;  ///< nothing after this one is on the disk
    bool is_gap_garbage;       ///< space allocated for a file but never written
    bool keeps() { return rng.below(100) < keep_percent; }
};

Disk::Choice Disk::choose(Rng& rng) const {
    std::vector<std::uint64_t> orders;
    for (const auto& [file, inode] : live_)
        for (const Change& change : inode->changes) orders.push_back(change.order);
    std::sort(orders.begin(), orders.end());
    std::uint64_t newest = orders.empty() ? order_ : orders.back();
    constexpr unsigned kParts[] = {0, 20, 50, 80, 100};
    unsigned keep = kParts[rng.below(std::size(kParts))];
    bool is_gap_garbage = rng.chance(1, 4);
    // Half of the disks write in order, up to some write; the others in any order.
    if (!orders.empty() && rng.chance(1, 2)) {
        std::uint64_t last = orders[rng.below(orders.size())];
        return {rng, 100, last, last, is_gap_garbage};
    }
    return {rng, keep, newest, order_, is_gap_garbage};
}

Bytes Disk::content_after(const Inode& inode, Choice& choice, Image& image) const {
    Bytes content = inode.durable;
    for (const Change& change : inode.changes) {
        if (change.order > choice.last_order) {
            image.dropped += 1 + change.bytes.size() / kSector;
            continue;
        }
        if (change.is_truncate) {
            if (choice.keeps()) content.resize(change.offset);
            continue;
        }
        // By sector of the disk, not of the write.
        for (std::size_t at = 0; at < change.bytes.size();) {
            std::size_t offset = change.offset + at;
            std::size_t size = std::min(change.bytes.size() - at, kSector - offset % kSector);
            bool is_last = change.order == choice.torn_order && at + size == change.bytes.size();
            bool is_torn = is_last && size > 1 && choice.rng.chance(1, 2);
            if (is_torn || choice.keeps()) {
                std::size_t done = is_torn ? 1 + choice.rng.below(size - 1) : size;
                if (std::size_t old = content.size(); old < offset + done) {
                    content.resize(offset + done);
                    if (choice.is_gap_garbage)
                        for (std::size_t i = old; i < offset; ++i)
                            content[i] = static_cast<std::uint8_t>(choice.rng.next());
                }
                std::copy_n(change.bytes.begin() + static_cast<std::ptrdiff_t>(at), done,
                            content.begin() + static_cast<std::ptrdiff_t>(offset));
                image.is_torn |= is_torn;
                ++image.kept;
            } else {
                ++image.dropped;
            }
            at += size;
        }
    }
    return content;
}

Image Disk::cut(Rng& rng) const {
    std::lock_guard lock{mutex_};
    Image image;
    Choice choice = choose(rng);
    auto names = durable_;
    for (const NameChange& change : name_changes_)
        if (change.order <= choice.last_order && choice.keeps()) apply(names, change);
    std::map<const Inode*, const std::string*> done;  // a file may have two names
    for (const auto& [file, inode] : names) {
        if (auto [at, is_new] = done.try_emplace(inode.get(), &file); !is_new)
            image.files[file] = image.files[*at->second];
        else
            image.files[file] = content_after(*inode, choice, image);
    }
    return image;
}

void Disk::forget_all() {
    live_.clear();
    durable_.clear();
    name_changes_.clear();
    order_ = 0;
}

void Disk::load(const Image& image) {
    std::lock_guard lock{mutex_};
    namespace fs = std::filesystem;
    for (const auto& entry : fs::directory_iterator(directory_)) fs::remove(entry.path());
    forget_all();
    for (const auto& [file, content] : image.files) {
        std::ofstream out(path(file), std::ios::binary);
        out.write(reinterpret_cast<const char*>(content.data()),
                  static_cast<std::streamsize>(content.size()));
        auto inode = std::make_shared<Inode>();
        inode->durable = content;
        live_[file] = durable_[file] = inode;
    }
}

void Disk::settle() {
    std::lock_guard lock{mutex_};
    for (const NameChange& change : name_changes_) apply(durable_, change);
    name_changes_.clear();
    for (const auto& [file, inode] : live_) {
        for (const Change& change : inode->changes) apply(inode->durable, change);
        inode->changes.clear();
    }
}

}  // namespace hp::crash
