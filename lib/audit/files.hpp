// The databases under audit, each open with its snapshot, and what of them is small enough to hold.
#pragma once
#include <optional>

#include "audit/mark.hpp"
#include "audit/report.hpp"
#include "store/reading.hpp"

namespace hp::audit {

/// Of a quote: UUID, 16 bytes.
using QuoteId = ByteArray<16>;
/// 8-4-4-4-12 lower-case hex digits.
std::string to_text(const QuoteId& id);
std::optional<QuoteId> quote_id_from_text(std::string_view text);

/// For the text of a breach.
std::string hex(ByteView bytes);

/// `view` as an array when it has that size.
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
    /// How far it has dealt with the rows of each pool.
    std::vector<std::pair<Bytes, std::int64_t>> pools;
    /// How far it has come by its own count.
    Mark progress;
    /// Old copies of it that were let in, as the file beside its mark says.
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
    std::optional<Mark> mark;  ///< as the mint told it
};

struct PoolFile {
    std::string path;
    store::Reading reading;
    Bytes store;
    std::vector<MintIdentity> mints;

    static Result<PoolFile> open(const std::string& path);
};

/// What of a wallet must be compared with its mint. A wallet's snapshot holds up its writers, so that these
/// are copied and the snapshot is let go.
struct WalletFile {
    struct Output {
        Bytes33 b{};  ///< B_
        std::uint64_t amount{};
        std::uint16_t keyset{};
        bool is_done{};  ///< its operation has ended well
    };
    enum class Coin : std::uint8_t { unspent, reserved, spending, spent };
    struct Proof {
        Bytes33 y{};
        ByteArray<16> e{};  ///< the first half of the DLEQ's e, which the mint's signature has too
        std::uint64_t amount{};
        std::uint16_t keyset{};
        Coin coin{};
        bool has_e{}, is_signed{};
    };
    struct Keyset {
        Bytes id;
        std::optional<std::uint64_t> input_fee_ppk{};  ///< nothing when its keys are not here
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
