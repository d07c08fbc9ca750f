#include "cashu/nut01.hpp"

#include <charconv>
#include <set>

#include "cashu/keyset_json.hpp"

namespace hp::cashu {
namespace {

/// Canonical decimal only: "01" or "+1" would let two texts name one amount.
Result<std::uint64_t> amount_from_text(std::string_view text) {
    std::uint64_t value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value == 0 || text.front() == '0')
        return fail(Errc::invalid, "expected an amount, got '" + printable(text, 24) + "'");
    return value;
}

}  // namespace

Result<Keys> keys_from_json(const JsonValue& object) {
    if (object.kind != JsonValue::Kind::object) return fail(Errc::invalid, "keys: expected an object");
    if (object.members.empty() || object.members.size() > kKeysMax)
        return fail(Errc::invalid, "keys: expected 1 to " + std::to_string(kKeysMax) + " keys, got " +
                                       std::to_string(object.members.size()));
    Keys keys;
    std::set<PublicKey33> seen;
    for (const auto& [name, value] : object.members) {
        auto amount = amount_from_text(name);
        if (!amount) return fail(inside("keys", std::move(amount).error()));
        HP_TRY(auto key, object.need_hex<33>(name));
        if (!crypto::is_valid_public_key(key))
            return fail(Errc::invalid, "keys." + name + ": not a compressed point of the curve");
        if (!seen.insert(key).second)
            return fail(Errc::invalid, "keys." + name + ": the key is already used for another amount");
        keys.emplace(*amount, key);
    }
    return keys;
}

Result<Keyset> keyset_from_json(const JsonValue& value) {
    Keyset out;
    HP_TRY(auto id, value.need_string("id"));
    HP_TRY(out.id, KeysetId::from_hex(id));
    if (out.id.is_short()) return fail(Errc::invalid, "id: a short id is not the id of a keyset");
    HP_TRY(out.unit, value.need_string("unit"));
    if (const JsonValue* active = value.find("active")) {
        if (active->kind != JsonValue::Kind::boolean)
            return fail(Errc::invalid, "active: expected a boolean");
        out.active = active->boolean;
    }
    if (value.find("input_fee_ppk")) {
        HP_TRY(out.input_fee_ppk, value.need_integer("input_fee_ppk"));
    }
    if (value.find("final_expiry")) {
        HP_TRY(auto expiry, value.need_integer("final_expiry"));
        if (expiry > static_cast<std::uint64_t>(INT64_MAX))
            return fail(Errc::invalid, "final_expiry: too large");
        out.final_expiry = static_cast<UnixSeconds>(expiry);
    }
    return out;
}

void append_keyset_json(std::string& out, const Keyset& keyset, WithKeys with_keys) {
    out += "{\"id\":";
    append_json_hex(out, keyset.id.bytes());
    out += ",\"unit\":";
    append_json_string(out, keyset.unit);
    out += keyset.active ? ",\"active\":true" : ",\"active\":false";
    // Always a number: CDK drops a keyset whose fee is null.
    out += ",\"input_fee_ppk\":";
    append_decimal(out, keyset.input_fee_ppk);
    out += ",\"final_expiry\":";
    if (keyset.final_expiry)
        append_decimal(out, static_cast<std::uint64_t>(*keyset.final_expiry));
    else
        out += "null";
    if (with_keys == WithKeys::yes) {
        out += ",\"keys\":{";
        bool first = true;
        for (const auto& [amount, key] : keyset.keys) {
            out += std::exchange(first, false) ? "\"" : ",\"";
            append_decimal(out, amount);
            out += "\":";
            append_json_hex(out, key);
        }
        out += '}';
    }
    out += '}';
}

std::string keysets_json(std::span<const Keyset* const> keysets, WithKeys with_keys) {
    std::string out = "{\"keysets\":";
    append_json_list(out, keysets,
                     [&](const Keyset* keyset) { append_keyset_json(out, *keyset, with_keys); });
    out += '}';
    return out;
}

Result<std::vector<Keyset>> keysets_from_json(std::string_view body, WithKeys with_keys) {
    HP_TRY(auto json, parse_json(body));
    HP_TRY(auto items, json.need_array("keysets"));
    std::vector<Keyset> out;
    for (const JsonValue& item : *items) {
        auto keyset = keyset_from_json(item);
        if (!keyset) return fail(inside("keysets", out.size(), std::move(keyset).error()));
        if (with_keys == WithKeys::yes) {
            auto member = item.need("keys");
            if (!member) return fail(inside("keysets", out.size(), std::move(member).error()));
            auto keys = keys_from_json(**member);
            if (!keys) return fail(inside("keysets", out.size(), std::move(keys).error()));
            keyset->keys = *std::move(keys);
        }
        out.push_back(*std::move(keyset));
    }
    return out;
}

Result<std::vector<Keyset>> keysets_with_keys_from_json(std::string_view body) {
    return keysets_from_json(body, WithKeys::yes);
}

std::string keys_json(std::span<const Keyset* const> keysets) { return keysets_json(keysets, WithKeys::yes); }

}  // namespace hp::cashu
