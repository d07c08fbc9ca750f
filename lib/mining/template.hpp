// Templates and chain tips from a Template Provider, checked before jobs are made from them.
#pragma once
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "bitcoin/target.hpp"
#include "bitcoin/transaction.hpp"
#include "sv2/templates.hpp"

namespace hp::mining {

/// SV2 7.2 allows a template up to 8 bytes at the start of the scriptSig.
inline constexpr std::size_t kCoinbasePrefixMax = 8;
/// A block of the smallest transactions has fewer than 2^17 of them; we accept 32 levels.
inline constexpr std::size_t kMerklePathMax = 32;

/// A template that can become a valid block.
struct Template {
    std::uint64_t template_id{};
    bool future_template{};
    std::uint32_t version{};
    std::uint32_t coinbase_tx_version{};
    Bytes coinbase_prefix{};
    std::uint32_t coinbase_tx_input_sequence{};
    bitcoin::Sats value_remaining_sats{};
    std::vector<bitcoin::TxOut> outputs{};
    std::uint32_t coinbase_tx_locktime{};
    std::vector<Bytes32> merkle_path{};  ///< header byte order
};

/// Refuses, with a reason: a coinbase prefix over 8 bytes, outputs that do not parse to the announced count,
/// value 0 or above 21e14 (alone or with the template's outputs), a merkle path over 32 levels.
Result<Template> template_from(const sv2::templates::NewTemplate& message);

/// The block that jobs build on.
struct Tip {
    Bytes32 prev_hash{};
    std::uint32_t min_ntime{};  ///< seconds since 1970: minimum for shares
    std::uint32_t nbits{};
    bitcoin::Target network_target{};  ///< from nbits: a hash at or below it is a block
};

/// Refuses nbits that are not a valid target, like Bitcoin Core.
Result<Tip> tip_from(const sv2::templates::SetNewPrevHash& message);
Result<Tip> make_tip(const Bytes32& prev_hash, std::uint32_t min_ntime, std::uint32_t nbits);

}  // namespace hp::mining
