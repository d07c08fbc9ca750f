#include "miner/work.hpp"

#include "bitcoin/merkle.hpp"

namespace hp::miner {

bitcoin::BlockHeader share_header(const Work& work, ByteView extranonce2, std::uint32_t ntime,
                                  std::uint32_t nonce) {
    crypto::Sha256 coinbase;
    coinbase.update(work.coinbase_prefix).update(extranonce2).update(work.coinbase_suffix);
    const Bytes32 txid = crypto::sha256(coinbase.finish());
    return {work.version, work.prev_hash, bitcoin::merkle_root_from_path(txid, work.merkle_path),
            ntime,        work.nbits,     nonce};
}

NonceRange NonceRange::part(std::size_t index, std::size_t count) {
    HP_ASSERT(index < count);
    constexpr std::uint64_t all = std::uint64_t{1} << 32;
    return {all * index / count, all * (index + 1) / count};
}

void Cursor::set_work(std::shared_ptr<const Work> work) {
    work_ = std::move(work);
    scanner_.reset();
}

void Cursor::next_header(std::uint32_t elapsed_s) {
    const std::uint64_t made = headers_made_++;
    const std::size_t size = work_->extranonce2_size;
    // Eight bytes never wrap; fewer do, and then ntime makes the difference.
    const bool wraps = size < 8;
    const std::uint64_t period = wraps ? std::uint64_t{1} << (8 * size) : 0;
    const std::uint64_t value = wraps ? (extranonce2_start_ + made) % period : extranonce2_start_ + made;
    const std::uint64_t turns = wraps ? made / period : 0;
    ByteArray<8> number;
    put_be(number.data(), value);
    extranonce2_ = {};
    extranonce2_.size = static_cast<std::uint8_t>(size);
    const std::size_t kept = std::min<std::size_t>(size, number.size());
    std::copy_n(number.end() - static_cast<std::ptrdiff_t>(kept), kept,
                extranonce2_.bytes.begin() + static_cast<std::ptrdiff_t>(size - kept));
    ntime_ = work_->ntime + elapsed_s + static_cast<std::uint32_t>(turns);
    const auto header = share_header(*work_, extranonce2_.view(), ntime_, 0).encode();
    scanner_.emplace(engine_, header, work_->target);
    next_nonce_ = nonces_.begin;
}

std::optional<Share> Cursor::step(std::uint64_t count, std::uint32_t elapsed_s, std::uint64_t& hashes_done) {
    HP_ASSERT(work_ != nullptr);
    if (!scanner_ || next_nonce_ >= nonces_.end) next_header(elapsed_s);
    const std::uint64_t here = std::min(count, nonces_.end - next_nonce_);
    const auto found = scanner_->scan(static_cast<std::uint32_t>(next_nonce_), here, hashes_done);
    next_nonce_ = found ? std::uint64_t{found->nonce} + 1 : next_nonce_ + here;
    if (!found) return {};
    return Share{0, work_, extranonce2_, ntime_, found->nonce, found->hash};
}

}  // namespace hp::miner
