// For archive*.cpp only: what an archive's file has.
#pragma once
#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "store/sqlite.hpp"

namespace hp::pool {

inline constexpr const char* kArchivedColumns =
    "share.seq, ntime, share_hash, header, target, amount, locking_key, worker, accepted_ms, job, "
    "extranonce, "
    "quote_id, acked_ms";
inline constexpr const char* kJobColumns =
    "id, digest, first_ms, version, coinbase_prefix, coinbase_suffix, merkle_path";

inline std::uint64_t whole(const store::Statement& row, int column) {
    return static_cast<std::uint64_t>(row.integer(column));
}

/// Exact for any number of rows.
struct Sum {
    std::uint64_t high{0}, low{0};
    void add(std::uint64_t amount) {
        low += amount & 0xffff'ffff;
        high += (amount >> 32) + (low >> 32);
        low &= 0xffff'ffff;
    }
    void subtract(std::uint64_t amount) {
        const std::uint64_t less_low = amount & 0xffff'ffff;
        if (low < less_low) {
            low += std::uint64_t{1} << 32;
            --high;
        }
        low -= less_low;
        high -= amount >> 32;
    }
};

tl::unexpected<Error> archive_error(const std::string& file, const std::string& what);
Result<store::Database> open_archive(const std::string& file, store::Mode mode);

}  // namespace hp::pool
