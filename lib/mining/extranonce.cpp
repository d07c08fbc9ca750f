#include "mining/extranonce.hpp"

#include "wire/connection_refusal.hpp"

namespace hp::mining {
namespace {

constexpr std::size_t full_size(FullExtranonce full) { return static_cast<std::size_t>(full); }

}  // namespace

Result<ByteArray<kExtranoncePrefixSize>> ExtranonceAllocator::next() {
    if (granted_count_ > 0xffff'ffff)
        return fail(Errc::refused, "no extranonce prefixes are left in this run", "restart the pool");
    ByteArray<kExtranoncePrefixSize> out;
    put_be(out.data(), server_id_);
    put_be(out.data() + 2, epoch_);
    put_be(out.data() + 4, static_cast<std::uint32_t>(granted_count_));
    ++granted_count_;
    return out;
}

Result<ExtranonceGrant> ExtranonceAllocator::grant_extended(std::uint16_t min_extranonce_size) {
    const auto full = min_extranonce_size <= full_size(FullExtranonce::short16) - kExtranoncePrefixSize
                          ? FullExtranonce::short16
                          : FullExtranonce::long32;
    const std::size_t size = full_size(full) - kExtranoncePrefixSize;
    if (min_extranonce_size > size) return fail(Errc::refused, wire::channel_refusal::kExtranonce);
    HP_TRY(auto prefix, next());
    return ExtranonceGrant{wire::B0_32::from(prefix), static_cast<std::uint8_t>(size), full};
}

Result<ExtranonceGrant> ExtranonceAllocator::grant_standard() {
    HP_TRY(auto unique, next());
    ByteArray<full_size(FullExtranonce::short16)> prefix{};
    std::ranges::copy(unique, prefix.begin());
    return ExtranonceGrant{wire::B0_32::from(prefix), 0, FullExtranonce::short16};
}

}  // namespace hp::mining
