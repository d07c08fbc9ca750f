// A directory from the disk's view: what is durable, and what was written but not yet synced. The files are
// real (on a memory file system), so that everything else reads them as usual; this model decides what a
// power cut leaves of them.
//
// Rules: a write, a size change, and a change of the directory is durable only after a sync of that file or
// directory. Until then each 512-byte sector of each write may or may not be on the disk, whatever was
// written before or after it, and the last may be torn.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "rng.hpp"
#include "turns.hpp"

namespace hp::crash {

enum class Op { create, write, truncate, sync, remove, link, rename, sync_directory, read };
const char* name_of(Op op);
inline bool is_sync(Op op) { return op == Op::sync || op == Op::sync_directory; }

struct Operation {
    Op op{};
    const std::string& file;  ///< name in the directory
    std::int64_t offset{};
    std::size_t size{};
};

/// The result of an operation. `code` is SQLite's (0: done); a failing write may do its first `done` bytes.
struct Verdict {
    int code{0};
    std::size_t done{0};
};

/// The files that a power cut leaves.
struct Image {
    std::map<std::string, Bytes> files;
    bool is_torn{};         ///< a sector is half written
    std::size_t kept{};     ///< unsynced sectors that were kept
    std::size_t dropped{};  ///< and those that did not
};

class Disk {
  public:
    /// Makes the directory, empty. SQLite's default VFS tells the disk about its files from now on.
    explicit Disk(std::string directory);
    ~Disk();  ///< removes the directory
    Disk(const Disk&) = delete;
    Disk& operator=(const Disk&) = delete;

    const std::string& directory() const { return directory_; }
    std::string path(const std::string& file) const { return directory_ + "/" + file; }

    /// Called before every operation that changes something (and before reads if `asks_for_reads`).
    std::function<Verdict(const Operation&)> before;
    bool asks_for_reads{false};
    /// A disk that says "synced" but has not: the negative control.
    bool ignores_sync{false};
    /// Who changes it next: the database's writer, or its checkpoint thread.
    Turns turns;

    /// The disk after a power cut now. Does not change it.
    Image cut(Rng& rng) const;
    /// The disk has exactly this, all of it durable: the machine restarts.
    void load(const Image& image);
    /// Everything that is written is durable now.
    void settle();

    /// The disk that has this path's directory, or nothing.
    static Disk* of(const std::string& path);

    // For the shim.
    struct Inode;
    using InodePtr = std::shared_ptr<Inode>;
    Verdict ask(const Operation& operation);
    InodePtr find(const std::string& file);
    InodePtr add(const std::string& file);
    void write(Inode& inode, std::int64_t offset, ByteView bytes);
    void truncate(Inode& inode, std::int64_t size);
    void sync(Inode& inode);
    /// A failed sync: the kernel considers the pages clean, but some of them are not on the disk.
    void lose(Inode& inode);
    void remove(const std::string& file);
    void link(const std::string& from, const std::string& to);
    void rename(const std::string& from, const std::string& to);
    void sync_directory();

  private:
    struct Change {
        std::uint64_t order{};
        bool is_truncate{};
        std::uint64_t offset{};  ///< or the size
        Bytes bytes{};
    };
    struct NameChange {
        std::uint64_t order{};
        std::string file;
        InodePtr inode;         ///< empty: the name is removed
        std::string also_gone;  ///< of a rename
    };
    struct Choice;
    static void apply(Bytes& content, const Change& change);
    static void apply(std::map<std::string, InodePtr>& names, const NameChange& change);
    Choice choose(Rng& rng) const;
    Bytes content_after(const Inode& inode, Choice& choice, Image& image) const;
    void forget_all();

    std::string directory_;
    mutable std::recursive_mutex mutex_;
    std::map<std::string, InodePtr> live_, durable_;
    std::vector<NameChange> name_changes_;
    std::uint64_t order_{0};
    Rng loss_{1};
};

}  // namespace hp::crash
