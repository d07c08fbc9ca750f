// Our own chain with real proof of work at a constant toy difficulty, for development, tests and demos. It
// has Bitcoin's blocks and block rules; only its coins come from nowhere: every height offers seven synthetic
// transactions, and a block may include any of them. Pure: the time is passed in, and blocks are stored
// elsewhere.
#pragma once
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "bitcoin/header.hpp"
#include "templates/source.hpp"

namespace hp::templates {

class SimChain {
  public:
    static constexpr std::size_t kTransactionsPerHeight = 7;

    /// `block_bits`: a block takes 2^block_bits hashes on average; 1 to 60. The genesis block depends on it
    /// and, as in Bitcoin, is trusted without proof of work.
    explicit SimChain(unsigned block_bits);

    std::uint32_t height() const { return static_cast<std::uint32_t>(headers_.size() - 1); }
    const Bytes32& tip_hash() const { return tip_hash_; }
    std::uint32_t nbits() const { return nbits_; }
    /// The earliest time of the next block: the median of the last eleven, plus one second.
    std::uint32_t time_min() const;

    /// The next block's template with the first `transaction_count` (at most seven) of its transactions.
    std::shared_ptr<const BlockTemplate> make_template(UnixSeconds now, std::size_t transaction_count) const;
    /// How many transactions a template of this tip starts with: 0 to 7, by height.
    std::size_t first_transaction_count() const;

    /// A block that passed check(); extend() accepts it as long as the tip is the same.
    struct Checked {
        bitcoin::BlockHeader header{};
        Bytes32 hash{};
    };
    /// All rules: serialization, proof of work, tip, time, merkle root, height, amounts, witness commitment,
    /// transactions. The error starts with a BIP 22 reject reason.
    Result<Checked> check(ByteView block, UnixSeconds now) const;
    /// REQUIRES: block.header.prev_hash == tip_hash()
    void extend(const Checked& block);

  private:
    void offer_transactions();
    std::uint32_t nbits_;
    bitcoin::Target target_;
    std::vector<bitcoin::BlockHeader> headers_;
    struct HashOfHash {
        std::size_t operator()(const Bytes32& hash) const { return get_le<std::size_t>(hash.data()); }
    };
    std::unordered_map<Bytes32, std::uint32_t, HashOfHash> heights_;
    Bytes32 tip_hash_{};
    std::vector<std::shared_ptr<const TemplateTransaction>> offered_;
};

}  // namespace hp::templates
