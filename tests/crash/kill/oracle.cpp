#include "crash/kill/oracle.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace hp::crash {

Oracle::Oracle(const std::string& log_path)
    : fd_{::open(log_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)} {}
Oracle::~Oracle() { ::close(fd_); }

void Oracle::write(const std::string& line) {
    std::string text = line + "\n";
    if (::write(fd_, text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::fdatasync(fd_) != 0) {
        std::fprintf(stderr, "crash_run: error: the oracle cannot write its log\n");
        std::_Exit(2);
    }
}

void Oracle::note(const std::string& line) { write(line); }

void Oracle::complain(const std::string& what) {
    write("COMPLAINT " + what);
    complaints_.push_back(what);
}

void Oracle::sending(Path path, const miner::Share& share, ByteView prefix) {
    write(std::string("send ") + (path == Path::sv1 ? "sv1 " : "sv2 ") + to_hex_reversed(share.hash));
    auto& known = shares_[share.hash];
    if (known.times_sent++ == 0) {
        known.path = path;
        known.share = share;
        known.prefix.assign(prefix.begin(), prefix.end());
    }
}

void Oracle::accepted(const Bytes32& hash) {
    write("accepted " + to_hex_reversed(hash));
    auto& share = shares_.at(hash);
    if (share.verdict == Verdict::promised)
        complain("share " + to_hex_reversed(hash) + " was accepted twice");
    share.verdict = Verdict::promised;
}

void Oracle::rejected(const Bytes32& hash, const std::string& reason) {
    write("rejected " + to_hex_reversed(hash) + " " + reason);
    auto& share = shares_.at(hash);
    const bool was_sent_before = share.times_sent > 1;
    if (reason == "duplicate-share") {
        if (!was_sent_before) complain("share " + to_hex_reversed(hash) + " is no duplicate");
        share.verdict = Verdict::promised;
        return;
    }
    // The proxy cannot know its outcome; and if a share was sent before, the earlier one may count.
    const bool says_nothing = reason.find("connection") != std::string::npos || reason.starts_with("pool-");
    if (!says_nothing && !was_sent_before && share.verdict == Verdict::open) share.verdict = Verdict::refused;
}

void Oracle::notified(const Bytes32& hash, const std::string& quote_id, std::uint64_t amount) {
    write("quote " + to_hex_reversed(hash) + " " + quote_id + " " + std::to_string(amount));
    auto& share = shares_.at(hash);
    if (share.verdict != Verdict::promised)
        complain("quote " + quote_id + " for share " + to_hex_reversed(hash) + ", which was not accepted");
    if (!share.quote_id.empty() && share.quote_id != quote_id)
        complain("share " + to_hex_reversed(hash) + " was told two quotes: " + share.quote_id + " and " +
                 quote_id);
    share.quote_id = quote_id;
}

void Oracle::token_shown(const std::string& token) { write("token " + token); }

}  // namespace hp::crash
