#include "cashu/nut02.hpp"

#include <bit>

#include "cashu/keyset_json.hpp"
#include "crypto/bip32.hpp"
#include "crypto/sha256.hpp"

namespace hp::cashu {
namespace {

// Units are ASCII; the C library's tolower would depend on the locale.
std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    return out;
}
std::string upper(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - ('a' - 'A'));
    return out;
}

KeysetId id_of(std::uint8_t version, ByteView rest) {
    Bytes bytes{version};
    append(bytes, rest);
    auto id = KeysetId::from_bytes(bytes);
    HP_ASSERT(id.has_value());
    return *id;
}

}  // namespace

KeysetId keyset_id_v1(const Keys& keys) {
    crypto::Sha256 hash;
    for (const auto& [amount, key] : keys) hash.update(key);
    Bytes32 digest = hash.finish();
    return id_of(0, ByteView(digest).first(7));
}

KeysetId keyset_id_v2(const Keys& keys, std::string_view unit, std::uint64_t input_fee_ppk,
                      std::optional<UnixSeconds> final_expiry) {
    std::string preimage;
    for (const auto& [amount, key] : keys) {
        if (!preimage.empty()) preimage += ',';
        append_decimal(preimage, amount);
        preimage += ':' + to_hex(key);
    }
    preimage += "|unit:" + lower(unit);
    if (input_fee_ppk > 0) preimage += "|input_fee_ppk:" + std::to_string(input_fee_ppk);
    if (final_expiry && *final_expiry > 0) preimage += "|final_expiry:" + std::to_string(*final_expiry);
    return id_of(1, crypto::sha256(as_bytes(preimage)));
}

bool id_matches(const Keyset& keyset) {
    if (keyset.id.version() == 0) return keyset.id == keyset_id_v1(keyset.keys);
    return keyset.id == keyset_id_v2(keyset.keys, keyset.unit, keyset.input_fee_ppk, keyset.final_expiry);
}

std::optional<std::uint64_t> input_fee(std::span<const std::uint64_t> input_fee_ppk) {
    std::uint64_t sum = 999;
    for (std::uint64_t ppk : input_fee_ppk)
        if (__builtin_add_overflow(sum, ppk, &sum)) return std::nullopt;
    return sum / 1000;
}

std::string keysets_json(std::span<const Keyset* const> keysets) {
    return keysets_json(keysets, WithKeys::no);
}

Result<std::vector<Keyset>> keysets_from_json(std::string_view body) {
    return keysets_from_json(body, WithKeys::no);
}

std::vector<std::uint64_t> split_amount(std::uint64_t amount) {
    std::vector<std::uint64_t> out;
    for (; amount != 0; amount &= amount - 1) out.push_back(amount & (~amount + 1));
    return out;
}

const SecretKey* MintKeyset::key_for(std::uint64_t amount) const {
    if (!std::has_single_bit(amount)) return nullptr;
    auto exponent = static_cast<std::size_t>(std::countr_zero(amount));
    return exponent < secret_keys.size() ? &secret_keys[exponent] : nullptr;
}

std::uint32_t unit_index(std::string_view unit) {
    return get_be<std::uint32_t>(crypto::sha256(as_bytes(upper(unit))).data()) & 0x7fff'ffff;
}

Result<MintKeyset> derive_keyset(ByteView seed, std::string_view unit, std::uint32_t index,
                                 std::uint64_t input_fee_ppk, std::optional<UnixSeconds> final_expiry,
                                 unsigned key_count) {
    using crypto::kHardened;
    HP_ASSERT(key_count >= 1 && key_count <= 64);
    if (index >= kHardened)
        return fail(Errc::usage, "keyset index " + std::to_string(index) + " is above 2^31 - 1");
    if (final_expiry && *final_expiry <= 0)
        return fail(Errc::usage, "a keyset's final expiry must be after 1970");
    const std::uint32_t path[] = {129372 | kHardened, unit_index(unit) | kHardened, index | kHardened};
    HP_TRY(auto parent, crypto::bip32_derive(seed, path));
    MintKeyset out;
    for (std::uint32_t i = 0; i < key_count; ++i) {
        HP_TRY(auto child, crypto::bip32_child(parent, i | kHardened));
        out.keyset.keys.emplace(std::uint64_t{1} << i, child.key.public_key());
        out.secret_keys.push_back(child.key);
    }
    out.keyset.unit = lower(unit);
    out.keyset.input_fee_ppk = input_fee_ppk;
    out.keyset.final_expiry = final_expiry;
    out.keyset.id = keyset_id_v2(out.keyset.keys, unit, input_fee_ppk, final_expiry);
    return out;
}

Result<> MintKeysets::insert(MintKeyset keyset) {
    const KeysetId id = keyset.keyset.id;
    for (const auto& [other_id, other] : by_id_)
        if (other.keyset.unit != keyset.keyset.unit &&
            unit_index(other.keyset.unit) == unit_index(keyset.keyset.unit))
            return fail(Errc::usage, "units '" + other.keyset.unit + "' and '" + keyset.keyset.unit +
                                         "' derive the same keys");
    if (!by_id_.emplace(id, std::move(keyset)).second)
        return fail(Errc::usage, "keyset '" + id.hex() + "' already exists");
    in_order_.push_back(id);
    return {};
}

void MintKeysets::set_active(const KeysetId& id, bool active) {
    auto found = by_id_.find(id);
    HP_ASSERT(found != by_id_.end());
    found->second.keyset.active = active;
}

const MintKeyset* MintKeysets::find(const KeysetId& id) const {
    auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : &found->second;
}

const MintKeyset* MintKeysets::active(std::string_view unit) const {
    for (auto id = in_order_.rbegin(); id != in_order_.rend(); ++id)
        if (const MintKeyset* keyset = find(*id); keyset->keyset.active && keyset->keyset.unit == unit)
            return keyset;
    return nullptr;
}

std::vector<const Keyset*> MintKeysets::all() const {
    std::vector<const Keyset*> out;
    for (const KeysetId& id : in_order_) out.push_back(&find(id)->keyset);
    return out;
}

std::vector<const Keyset*> MintKeysets::all_active() const {
    std::vector<const Keyset*> out = all();
    std::erase_if(out, [](const Keyset* keyset) { return !keyset->active; });
    return out;
}

}  // namespace hp::cashu
