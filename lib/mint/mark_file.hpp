// The mint's mark on its own machine: a small file, kept apart from the database and from its backups, that
// says how far the ledger has come. It follows each commit by less than a second and is never ahead of it.
#pragma once
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "ehash/mint_mark.hpp"

namespace hp::mint {

/// Empty when the file does not exist; an error when it cannot be read or parsed.
Result<std::optional<ehash::MintMark>> read_mark_file(const std::string& path);
/// While signing is paused until the pool decides, there is no mark file; its contents are kept here.
std::string held_mark_path(const std::string& mark_file);
/// How far a ledger is known to have come: by the mark file, or by the held one where there is none.
struct KnownMark {
    std::optional<ehash::MintMark> mark;
    bool is_held{};
};
Result<KnownMark> read_known_mark(const std::string& mark_file);
/// Whole or not at all, and synced. Makes the folder when it is missing. Run by root, the file gets the owner
/// of `owned_like`, which may be empty.
Result<> write_mark_file(const std::string& path, const ehash::MintMark& mark,
                         const std::string& owned_like = {});

/// What write_mark_file does, for any text.
Result<> write_beside_mark(const std::string& path, const std::string& text, const std::string& owned_like);

/// What a database may start as, measured against its mark.
enum class MarkVerdict {
    fresh,       ///< a new database, and no mark
    at_mark,     ///< at the mark or beyond it
    no_mark,     ///< no mark, or a held one that it is not behind: the pool must say whether it is the newest
    behind_mark  ///< an old copy, or another database in the old one's place
};
MarkVerdict judge(const ehash::MintMark& has, const KnownMark& known);

/// Writes what it is told on a thread of its own, the newest only. Nobody waits for it.
class MarkKeeper {
  public:
    /// Between two writings, so that a mark is never a second behind.
    static constexpr std::chrono::milliseconds kPeriod{700};

    /// `path` may be empty: then it only remembers. `on_trouble` is called on its thread when the file cannot
    /// be written, once an outage, and with nothing when it can again.
    /// Held: it writes nothing until let_go(), and then what is newest, in any case; the held mark goes then.
    MarkKeeper(std::string path, const ehash::MintMark& written,
               std::function<void(const std::optional<Error>&)> on_trouble, bool is_held = false);
    ~MarkKeeper();  ///< writes the newest first

    /// On any thread.
    void set(const ehash::MintMark& mark);
    ehash::MintMark newest() const;
    /// The pool says that the ledger is an old copy: the file is set aside as the held mark, so that the next
    /// start asks the pool too, and an older copy is still noticed.
    Result<> hold();
    void let_go();

  private:
    void run();
    Result<> set_aside();
    const std::string path_;
    const std::function<void(const std::optional<Error>&)> on_trouble_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    ehash::MintMark newest_;
    std::optional<ehash::MintMark> written_;  ///< nothing: there is no file of ours
    std::optional<ehash::MintMark> to_hold_;  ///< what the held mark has to say yet
    bool is_held_;
    bool is_stopping_{false};
    std::thread thread_;
};

}  // namespace hp::mint
