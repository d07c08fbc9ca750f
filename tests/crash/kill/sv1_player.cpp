#include "crash/kill/sv1_player.hpp"

namespace hp::crash {
namespace {

constexpr std::int64_t kRedialMs = 20;
constexpr std::uint32_t kNtimeAhead = 1800;  // as for SV2

}  // namespace

void Sv1Player::connect() {
    wanted_ = true;
    if (!session_) dial();
}

void Sv1Player::close() {
    wanted_ = false;
    redial_.cancel();
    work_.reset();
    unanswered_.clear();
    if (auto session = std::exchange(session_, nullptr)) session->close();
}

void Sv1Player::dial() {
    work_.reset();
    unanswered_.clear();
    miner::Identity identity;
    identity.user = "oracle";
    session_ = miner::start_sv1_client(loop_, proxy_, identity, *this);
}

void Sv1Player::on_lost(const Error&) {
    session_.reset();
    work_.reset();
    unanswered_.clear();
    if (wanted_) redial_.after(kRedialMs, [this] { dial(); });
    on_change_();
}

void Sv1Player::on_work(std::shared_ptr<miner::Work> work) {
    work->ntime += kNtimeAhead;
    work_ = std::move(work);
    on_change_();
}

void Sv1Player::mine(std::uint64_t extranonce_start) {
    miner::Cursor cursor{miner::best_engine(), {}, extranonce_start};
    cursor.set_work(work_);
    std::uint64_t hashes = 0;
    while (true)
        if (auto share = cursor.step(1u << 20, 0, hashes)) return submit(*share);
}

void Sv1Player::submit(const miner::Share& share) {
    // The channel's prefix is inside of the coinbase here: the work itself tells whether it can be sent
    // again.
    oracle_.sending(Path::sv1, share, {});
    unanswered_.emplace(next_sequence_, share.hash);
    session_->submit(next_sequence_++, share);
}

bool Sv1Player::resend(const SentShare& known) {
    if (!is_ready()) return false;
    miner::Share share = known.share;
    if (miner::share_header(*work_, share.extranonce2.view(), share.ntime, share.nonce).hash() != share.hash)
        return false;
    share.work = work_;
    submit(share);
    return true;
}

void Sv1Player::on_accepted(std::uint32_t sequence) {
    auto share = unanswered_.find(sequence);
    if (share == unanswered_.end()) {
        oracle_.complain("the proxy accepts a share that waits for no answer");
    } else {
        oracle_.accepted(share->second);
        unanswered_.erase(share);
    }
    on_change_();
}

void Sv1Player::on_rejected(std::uint32_t sequence, std::string_view reason) {
    auto share = unanswered_.find(sequence);
    if (share != unanswered_.end()) {
        oracle_.rejected(share->second, std::string(reason));
        unanswered_.erase(share);
    }
    on_change_();
}

}  // namespace hp::crash
