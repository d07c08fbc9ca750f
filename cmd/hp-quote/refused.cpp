#include "refused.hpp"

#include <fstream>
#include <nlohmann/json.hpp>

#include "places.hpp"
#include "pool/refused_file.hpp"

namespace hp::hp_quote {
namespace {

using KeptJson = nlohmann::json;

std::string text_or_empty(const KeptJson& object, const char* name) {
    const auto at = object.find(name);
    return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}
std::uint64_t number_or_0(const KeptJson& object, const char* name) {
    const auto at = object.find(name);
    return at != object.end() && at->is_number_unsigned() ? at->get<std::uint64_t>() : 0;
}

/// The pool may be writing a line.
void read_file(const std::string& path, const std::vector<std::string>& hashes,
               std::vector<RefusedRow>& out) {
    std::ifstream in{path};
    for (std::string line; std::getline(in, line);) {
        // One line in thousands matches: parse only that.
        const bool is_meant = std::ranges::any_of(
            hashes, [&](const std::string& hash) { return line.find(hash) != line.npos; });
        if (!is_meant) continue;
        const KeptJson json = KeptJson::parse(line, nullptr, false);
        if (!json.is_object() || !json.contains("refused") || !json["refused"].is_object()) continue;
        const KeptJson& refused = json["refused"];
        const std::string hash = text_or_empty(refused, "share_hash");
        const auto bytes = array_from_hex<32>(hash);
        if (!bytes || std::ranges::find(hashes, hash) == hashes.end()) continue;
        out.push_back({.at_ms = static_cast<std::int64_t>(number_or_0(refused, "at_ms")),
                       .reason = text_or_empty(refused, "reason"),
                       .detail = text_or_empty(refused, "detail"),
                       .peer = text_or_empty(refused, "peer"),
                       .worker = text_or_empty(refused, "worker"),
                       .locking_key = text_or_empty(refused, "locking_key"),
                       .connection_id = number_or_0(refused, "connection_id"),
                       .channel_id = number_or_0(refused, "channel_id"),
                       .sequence_number = number_or_0(refused, "sequence_number"),
                       .hash = *bytes});
    }
}

}  // namespace

Result<RefusedFound> find_refused(const Places& places, const std::vector<Bytes32>& hashes) {
    RefusedFound out;
    if (hashes.empty()) return out;
    const auto path = refused_path(places);
    if (!path) {
        out.why = path.error().what;
        return out;
    }
    if (path->empty()) {
        out.why = "keep_refused is empty: the pool keeps no refused shares";
        return out;
    }
    const bool is_there = std::ifstream{*path}.good();
    if (!is_there && !places.refused.empty())
        return fail(Errc::io, "cannot open '" + printable(*path, 4096) + "'");
    std::vector<std::string> texts;
    for (const Bytes32& hash : hashes) texts.push_back(to_hex(hash));
    for (const std::string& file : {pool::older_refused_file(*path), *path}) read_file(file, texts, out.rows);
    if (out.rows.empty())
        out.why = (is_there ? "not among those in '" : "there is no '") + printable(*path, 4096) + "'";
    return out;
}

}  // namespace hp::hp_quote
