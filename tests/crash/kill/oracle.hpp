// What was sent and what was promised, from the other side's view. Recorded with fsync before it counts, in a
// process that is never killed. The audit compares the databases with this.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "crypto/secp.hpp"
#include "miner/work.hpp"

namespace hp::crash {

enum class Path { sv1, sv2 };

/// The latest verdict on a share.
enum class Verdict {
    open,      ///< sent, not answered: stored once or not at all
    promised,  ///< accepted, or called a duplicate when sent again: stored exactly once
    refused,   ///< rejected when sent only once: not stored
};

struct SentShare {
    Path path{};
    miner::Share share;
    Bytes prefix;  ///< of the channel that it was found for
    Verdict verdict{Verdict::open};
    unsigned times_sent{0};
    std::string quote_id;  ///< notified
};

class Oracle {
  public:
    explicit Oracle(const std::string& log_path);
    ~Oracle();
    Oracle(const Oracle&) = delete;
    Oracle& operator=(const Oracle&) = delete;

    void sending(Path path, const miner::Share& share, ByteView prefix);
    void accepted(const Bytes32& hash);
    void rejected(const Bytes32& hash, const std::string& reason);
    void notified(const Bytes32& hash, const std::string& quote_id, std::uint64_t amount);
    /// A token that was shown to us.
    void token_shown(const std::string& token);
    void note(const std::string& line);
    /// Errors visible from the answers alone. The audit reports them.
    void complain(const std::string& what);

    const std::map<Bytes32, SentShare>& shares() const { return shares_; }
    std::vector<std::string> take_complaints() { return std::exchange(complaints_, {}); }

  private:
    void write(const std::string& line);
    int fd_{-1};
    std::map<Bytes32, SentShare> shares_;
    std::vector<std::string> complaints_;
};

}  // namespace hp::crash
