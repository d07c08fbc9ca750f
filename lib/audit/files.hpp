// The databases under audit, each open with its snapshot, and the parts small enough to hold in memory.
#pragma once
#include <optional>

#include "audit/mark.hpp"
#include "audit/report.hpp"
#include "store/reading.hpp"

namespace hp::audit {

/// A quote's: UUID, 16 bytes.
using QuoteId = ByteArray<16>;
/// 8-4-4-4-12 lower-case hex digits.
std::string to_text(const QuoteId& id);
std::optional<QuoteId> quote_id_from_text(std::string_view text);

/// For the text of a breach.
std::string hex(ByteView bytes);

/// `view` as an array if it has that size.
template <std::size_t N>
std::optional<ByteArray<N>> sized(ByteView view) {
    if (view.size() != N) return std::nullopt;
    return to_array<N>(view);
}

struct MintKeyset {
    Bytes id;
    std::string unit;
    std::uint64_t input_fee_ppk{};
    std::uint64_t key_count{};
};

struct MintFile {
    std::string path;
    store::Reading reading;
    Bytes store;
    std::int64_t generation{};
    std::vector<MintKeyset> keysets;
    /// How far it has settled the rows of each pool.
    std::vector<std::pair<Bytes, std::int64_t>> pools;
    /// How far it has come, by its own count.
    Mark progress;
    /// Old copies of it that were accepted, from the file beside its mark.
    std::vector<LetIn> let_in{};

    static Result<MintFile> open(const std::string& path);
    std::optional<std::size_t> keyset_index(ByteView id) const;
};

/// A mint as a pool's outbox knows it.
struct MintIdentity {
    std::int64_t id{};
    std::string name;
    std::optional<Bytes> store;  ///< nothing before the first contact
    std::int64_t generation{};
    std::optional<Mark> mark;  ///< as reported by the mint
    /// Rows that are in archive files: up to this number, except those still here.
    struct Archived {
        std::int64_t until{0}, rows{0};
        Wide amount{0};
    };
    Archived archived{};
};

struct PoolFile {
    std::string path;
    store::Reading reading;
    Bytes store;
    std::vector<MintIdentity> mints;
    bool has_jobs{true};  ///< false: of an older schema

    static Result<PoolFile> open(const std::string& path);
};

/// What to compare between a wallet and its mint. A wallet's snapshot blocks its writers, so this is copied
/// and the snapshot released.
struct WalletFile {
    struct Output {
        Bytes33 b{};  ///< B_
        std::uint64_t amount{};
        std::uint16_t keyset{};
        bool is_done{};  ///< its operation is done
    };
    enum class Coin : std::uint8_t { unspent, reserved, spending, spent };
    struct Proof {
        Bytes33 y{};
        ByteArray<16> e{};  ///< the first half of the DLEQ's e, which is in the mint's signature too
        std::uint64_t amount{};
        std::uint16_t keyset{};
        Coin coin{};
        bool has_e{}, is_signed{};
    };
    struct Keyset {
        Bytes id;
        std::optional<std::uint64_t> input_fee_ppk{};  ///< nothing if its keys are missing
        std::size_t key_count{0};
    };
    std::string path;
    store::Reading reading;
    std::vector<Keyset> keysets;
    std::vector<Output> outputs;
    std::vector<Proof> proofs;
    struct DoneQuote {
        QuoteId id{};
        std::int64_t amount{};
    };
    std::vector<DoneQuote> done_quotes;

    static Result<WalletFile> open(const std::string& path);
    bool is_of(const MintFile& mint) const;
};

/// `PRAGMA quick_check`, or integrity_check, which compares indexes with tables too.
void check_structure(store::Reading& reading, const std::string& path, bool deep, Report& report);

}  // namespace hp::audit
