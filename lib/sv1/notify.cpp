#include "sv1/notify.hpp"

namespace hp::sv1 {

Bytes32 swap_words(const Bytes32& hash) {
    Bytes32 out;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = hash[(i & ~std::size_t{3}) + (3 - (i & 3))];
    return out;
}

ExtranonceSplit split_extranonce(ByteView before, std::size_t extranonce1_size,
                                 std::uint8_t extranonce2_size) {
    HP_ASSERT(extranonce1_size <= before.size());
    const ByteView tail = before.first(before.size() - extranonce1_size);
    const ByteView extranonce1 = before.last(extranonce1_size);
    return {Bytes(tail.begin(), tail.end()), Bytes(extranonce1.begin(), extranonce1.end()), extranonce2_size};
}

Notify notify_from_job(std::string job_id, std::uint32_t version, const Bytes32& prev_hash,
                       std::uint32_t nbits, std::uint32_t ntime, std::vector<Bytes32> merkle_path,
                       ByteView coinbase_tx_prefix, const ExtranonceSplit& split, ByteView coinbase_tx_suffix,
                       bool clean_jobs) {
    Notify notify;
    notify.job_id = std::move(job_id);
    notify.prev_hash = prev_hash;
    notify.coinbase1.reserve(coinbase_tx_prefix.size() + split.coinbase1_tail.size());
    append(notify.coinbase1, coinbase_tx_prefix);
    append(notify.coinbase1, split.coinbase1_tail);
    append(notify.coinbase2, coinbase_tx_suffix);
    notify.merkle_branch = std::move(merkle_path);
    notify.version = version;
    notify.nbits = nbits;
    notify.ntime = ntime;
    notify.clean_jobs = clean_jobs;
    return notify;
}

}  // namespace hp::sv1
