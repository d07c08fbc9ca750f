#include "cashu/nut06.hpp"

namespace hp::cashu {
namespace {

void append_text(std::string& out, const char* name, std::string_view value) {
    if (value.empty()) return;
    out += std::string(",\"") + name + "\":";
    append_json_string(out, value);
}

void append_nuts(std::string& out, const MintInfo& info) {
    std::string method, unit;
    append_json_string(method, info.method);
    append_json_string(unit, info.unit);
    // Creating a quote is refused, but minting one is not: "disabled": true would stop wallets from minting.
    // There are no limits: null would mean that too (NUT-04), but CDK up to 0.18.3 then refuses the whole
    // info.
    out += "\"nuts\":{\"4\":{\"methods\":[{\"method\":" + method + ",\"unit\":" + unit +
           "}],\"disabled\":false}";
    out += ",\"5\":{\"methods\":[],\"disabled\":true}";
    for (const char* nut : {"7", "9", "12", "20"})
        out += std::string(",\"") + nut + "\":{\"supported\":true}";
    // ttl null: an answer is stored with its operation and never forgotten.
    out += ",\"19\":{\"ttl\":null,\"cached_endpoints\":[";
    for (const std::string& path : {"/v1/mint/" + info.method, "/v1/mint/" + info.method + "/batch"}) {
        out += "{\"method\":\"POST\",\"path\":";
        append_json_string(out, path);
        out += "},";
    }
    out += "{\"method\":\"POST\",\"path\":\"/v1/swap\"}]}";
    out += ",\"29\":{\"max_batch_size\":";
    append_decimal(out, info.batch_size_max);
    out += ",\"methods\":[" + method + "]}}";
}

}  // namespace

std::string to_json(const MintInfo& info, UnixSeconds now) {
    std::string out = "{\"name\":";
    append_json_string(out, info.name);
    out += ",\"pubkey\":";
    append_json_hex(out, info.pubkey);
    append_text(out, "version", info.version);
    append_text(out, "description", info.description);
    append_text(out, "motd", info.motd);
    out += ",\"contact\":";
    append_json_list(out, info.contact, [&](const auto& contact) {
        out += "{\"method\":";
        append_json_string(out, contact.first);
        out += ",\"info\":";
        append_json_string(out, contact.second);
        out += '}';
    });
    if (!info.urls.empty()) {
        out += ",\"urls\":";
        append_json_list(out, info.urls, [&](const std::string& url) { append_json_string(out, url); });
    }
    out += ",\"time\":";
    append_decimal(out, static_cast<std::uint64_t>(std::max<UnixSeconds>(now, 0)));
    out += ",\"max_array_length\":";
    append_decimal(out, std::min(kInputsMax, kOutputsMax));
    out += ',';
    append_nuts(out, info);
    out += '}';
    return out;
}

Result<MintInfoSeen> mint_info_from_json(std::string_view body) {
    HP_TRY(auto json, parse_json(body));
    MintInfoSeen out;
    for (auto [name, into] : {std::pair{"name", &out.name}, {"version", &out.version}})
        if (json.find(name)) {
            HP_TRY(*into, json.need_string(name));
        }
    if (json.find("pubkey")) {
        HP_TRY(auto key, json.need_hex<33>("pubkey"));
        if (!crypto::is_valid_public_key(key))
            return fail(Errc::invalid, "pubkey: not a compressed point of the curve");
        out.pubkey = key;
    }
    HP_TRY(auto nuts, json.need("nuts"));
    if (const JsonValue* minting = nuts->find("4")) {
        auto methods = minting->need_array("methods");
        if (!methods) return fail(inside("nuts.4", std::move(methods).error()));
        for (const JsonValue& entry : **methods) {
            HP_TRY(auto method, entry.need_string("method"));
            HP_TRY(auto unit, entry.need_string("unit"));
            out.mint_methods.emplace_back(std::move(method), std::move(unit));
        }
        const JsonValue* disabled = minting->find("disabled");
        out.minting_disabled = disabled && disabled->kind == JsonValue::Kind::boolean && disabled->boolean;
    }
    if (const JsonValue* batch = nuts->find("29"); batch && batch->find("max_batch_size")) {
        HP_TRY(out.batch_size_max, batch->need_integer("max_batch_size"));
    }
    // Ignore anything that is not a list of strings; do not refuse a mint for it.
    if (const JsonValue* urls = json.find("urls"); urls && urls->kind == JsonValue::Kind::array)
        for (const JsonValue& url : urls->items)
            if (url.kind == JsonValue::Kind::string) out.urls.push_back(url.string);
    return out;
}

}  // namespace hp::cashu
