#include "audit/keyset_id.hpp"

#include <charconv>
#include <nlohmann/json.hpp>

#include "audit/sha256.hpp"

namespace hp::audit {

std::optional<KeysetText> keyset_from_text(std::string_view json) {
    try {
        auto keysets = nlohmann::json::parse(json).at("keysets");
        if (keysets.size() != 1) return std::nullopt;
        const auto& keyset = keysets.at(0);
        KeysetText out;
        auto id = from_hex(keyset.at("id").get<std::string>());
        if (!id || id->empty()) return std::nullopt;
        out.id = *id;
        out.unit = keyset.at("unit").get<std::string>();
        out.input_fee_ppk = keyset.at("input_fee_ppk").get<std::uint64_t>();
        if (keyset.contains("final_expiry") && !keyset.at("final_expiry").is_null())
            out.final_expiry = keyset.at("final_expiry").get<std::uint64_t>();
        for (const auto& [name, key] : keyset.at("keys").items()) {
            std::uint64_t amount = 0;
            auto read = std::from_chars(name.data(), name.data() + name.size(), amount);
            auto bytes = array_from_hex<33>(key.get<std::string>());
            if (read.ptr != name.data() + name.size() || !bytes) return std::nullopt;
            out.keys[amount] = *bytes;
        }
        return out;
    } catch (const nlohmann::json::exception&) {
        return std::nullopt;
    }
}

Bytes id_of(const KeysetText& keyset) {
    Sha256 sha256;
    Bytes out{keyset.id.front()};
    if (keyset.id.front() == 0) {
        Bytes all;
        for (const auto& [amount, key] : keyset.keys) append(all, key);
        append(out, ByteView{sha256.once(all)}.first(7));
        return out;
    }
    std::string all;
    for (const auto& [amount, key] : keyset.keys)
        all += (all.empty() ? "" : ",") + std::to_string(amount) + ":" + to_hex(key);
    all += "|unit:";
    for (char c : keyset.unit) all += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    if (keyset.input_fee_ppk > 0) all += "|input_fee_ppk:" + std::to_string(keyset.input_fee_ppk);
    if (keyset.final_expiry > 0) all += "|final_expiry:" + std::to_string(keyset.final_expiry);
    append(out, sha256.once(as_bytes(all)));
    return out;
}

}  // namespace hp::audit
