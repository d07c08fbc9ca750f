// The mint's mark on its own machine: a small file, kept apart from the database and its backups, that
// records how far the ledger has come. It is written less than a second after each commit, never before.
#pragma once
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "ehash/mint_mark.hpp"

namespace hp::mint {

/// Empty if the file does not exist; an error if it cannot be read or parsed.
Result<std::optional<ehash::MintMark>> read_mark_file(const std::string& path);
/// Where the mark waits for the pool's verdict. Until then nothing is signed, and no mark file exists.
std::string held_mark_path(const std::string& mark_file);
/// How far a ledger is known to have come: by the mark file, or by the held one if there is none.
struct KnownMark {
    std::optional<ehash::MintMark> mark;
    bool is_held{};
};
Result<KnownMark> read_known_mark(const std::string& mark_file);
/// Whole or not at all, and synced. Creates a missing directory. If run by root, the file gets the owner of
/// `owned_like`, which may be empty.
Result<> write_mark_file(const std::string& path, const ehash::MintMark& mark,
                         const std::string& owned_like = {});

/// Likewise, for any text.
Result<> write_beside_mark(const std::string& path, const std::string& text, const std::string& owned_like);

/// How a database may start, compared to its mark.
enum class MarkVerdict {
    fresh,       ///< a new database, and no mark
    at_mark,     ///< at the mark or beyond it
    no_mark,     ///< no mark, or a held one that it is not behind: the pool must confirm that it is the
                 ///< newest
    behind_mark  ///< an old copy, or a different database
};
MarkVerdict judge(const ehash::MintMark& has, const KnownMark& known);

/// Writes the newest mark on its own thread. Nothing waits for it.
class MarkKeeper {
  public:
    /// Between two writes, so that a mark is less than a second behind.
    static constexpr std::chrono::milliseconds kPeriod{700};

    /// `path` may be empty: then the mark stays in memory. `on_trouble` is called on its thread when the file
    /// cannot be written, once per outage, and with nothing when it can again.
    /// Held: writes nothing until let_go(), which then always writes the newest and removes the held mark.
    MarkKeeper(std::string path, const ehash::MintMark& written,
               std::function<void(const std::optional<Error>&)> on_trouble, bool is_held = false);
    ~MarkKeeper();  ///< writes the newest first

    /// On any thread.
    void set(const ehash::MintMark& mark);
    ehash::MintMark newest() const;
    /// The pool says that the ledger is an old copy: renames the file to the held mark, so that the next
    /// start asks the pool too, and an even older copy is still noticed.
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
    std::optional<ehash::MintMark> written_;  ///< nothing: we have no file
    std::optional<ehash::MintMark> to_hold_;  ///< not yet in the held mark
    bool is_held_;
    bool is_stopping_{false};
    std::thread thread_;
};

}  // namespace hp::mint
