#include "config/mint_key.hpp"

#include <algorithm>

#include "base/bytes.hpp"

namespace hp::config {
namespace {

constexpr std::size_t kNameSizeMax = 32;
constexpr std::ptrdiff_t kKeysOfNameMax = 2;

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= kNameSizeMax && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
}

}  // namespace

std::optional<MintKey> mint_key_from_text(std::string_view text) {
    MintKey out{std::string(kOnlyMint), {}};
    if (const auto colon = text.find(':'); colon != std::string_view::npos) {
        out.name = text.substr(0, colon);
        text.remove_prefix(colon + 1);
    }
    const auto key = array_from_hex<32>(text);
    if (!is_name(out.name) || !key || !crypto::is_valid_xonly(*key)) return {};
    out.key = *key;
    return out;
}

Result<std::vector<MintKey>> mint_keys_from_list(const std::vector<std::string>& entries) {
    std::vector<MintKey> out;
    for (const auto& entry : entries) {
        auto mint = mint_key_from_text(entry);
        if (!mint) return fail(Errc::usage, "'" + printable(entry, 100) + "' is not [NAME:]KEY");
        if (std::ranges::find(out, mint->key, &MintKey::key) != out.end())
            return fail(Errc::usage, "has the key " + to_hex(mint->key) + " twice, allowed: once");
        if (std::ranges::count(out, mint->name, &MintKey::name) >= kKeysOfNameMax)
            return fail(Errc::usage, "has three keys of mint '" + mint->name +
                                         "', allowed: one, or two while its key rotates; another mint needs "
                                         "its own NAME:");
        out.push_back(std::move(*mint));
    }
    return out;
}

std::vector<std::string> mint_names(const std::vector<MintKey>& keys) {
    std::vector<std::string> out;
    for (const MintKey& mint : keys)
        if (std::ranges::find(out, mint.name) == out.end()) out.push_back(mint.name);
    return out;
}

}  // namespace hp::config
