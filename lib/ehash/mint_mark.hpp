// How far a mint's ledger has come, as recorded elsewhere (at the pool, and in the mint's mark file), to
// notice a database restored from a backup: a ledger never goes back.
#pragma once
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "sv2/link.hpp"

namespace hp::ehash {

/// Sums of amounts: the sum of many amounts of up to 2^62 does not fit 64 bits.
__extension__ typedef unsigned __int128 Amount128;
std::string to_text(Amount128 value);

/// As of a ledger's last durable commit.
struct MintMark {
    Bytes32 store{};              ///< the database's random id
    std::uint64_t generation{};   ///< number of the mint's start
    std::uint64_t quotes{};       ///< made
    std::uint64_t operations{};   ///< mint and swap operations
    Amount128 issued{}, spent{};  ///< ehash issued for quotes; proofs spent in swaps
    friend bool operator==(const MintMark&, const MintMark&) = default;
};

/// Known commits that a ledger lacks.
struct Setback {
    bool is_other_store{};  ///< another database: everything known is lacking
    std::uint64_t generations{}, quotes{}, operations{};
    Amount128 issued{}, spent{};
    /// Maximum units: quotes that could be minted again, and proofs that could be spent again.
    Amount128 doubled_max() const { return issued + spent; }
};
/// Nothing: the ledger at `has` is at `known` or beyond it in everything.
std::optional<Setback> setback(const MintMark& has, const MintMark& known);

/// "start 3, 7 quotes, 12 operations, issued 700, spent 300"
std::string describe(const MintMark& mark);
/// "1 start, 2 quotes, 1 operation, issued 0, spent 100: at most 100 can be doubled"
std::string describe(const Setback& setback);

/// The mark file: "hashpool mint mark 1", then a line "NAME VALUE" for each member.
std::string file_text(const MintMark& mark);
Result<MintMark> mint_mark_from_text(std::string_view text);

sv2::link::MintMark to_message(const MintMark& mark);
/// The message does not identify the mint: LinkAuth did, with the generation. Numbers of 2^63 and sums of
/// 2^95 or more are refused: they are stored as SQLite integers, sums in two halves, the lower of 32 bits.
Result<MintMark> mint_mark_from_message(const sv2::link::MintMark& message, const Bytes32& store,
                                        std::uint64_t generation);

}  // namespace hp::ehash
