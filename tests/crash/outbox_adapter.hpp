// What the crash tests need to know about the outbox's interface and schema, in one place.
#pragma once
#include "pool/outbox.hpp"

namespace hp::crash::outbox_adapter {

inline constexpr const char* kHole =
    "SELECT 1 FROM (SELECT count(*) AS rows, coalesce(max(seq), 0) AS highest FROM outbox) WHERE rows <> "
    "highest";
inline constexpr pool::MintId kMint = 0;

inline Result<std::unique_ptr<pool::Outbox>> open(const std::string& path, store::Writer::Post post,
                                                  UnixMs now) {
    static const std::vector<std::string> names{"mint"};
    return pool::Outbox::open(path, names, std::move(post), now);
}
inline std::uint64_t generation(const pool::Outbox& outbox) {
    const auto& memory = outbox.mints_at_open().at(kMint).memory;
    return memory ? memory->generation : 0;
}
inline void remember(pool::Outbox& outbox, std::uint64_t generation, std::function<void(Result<>)> done) {
    outbox.remember_mint(kMint, {Bytes32{9}, generation}, std::nullopt, 0,
                         [done = std::move(done)](Result<bool> saved) {
                             if (saved)
                                 done({});
                             else
                                 done(fail(saved.error()));
                         });
}
/// A job that changes nothing.
inline void read_a_row(pool::Outbox& outbox) {
    outbox.page(1, ~std::uint64_t{0} >> 2, 1, [](auto) {});
}

}  // namespace hp::crash::outbox_adapter
