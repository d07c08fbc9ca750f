#include "cashu/tokens.hpp"

#include "cashu/cbor.hpp"
#include "crypto/base64url.hpp"

namespace hp::cashu {
namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// UTF-8 characters shown as a blank, or not at all, that get copied along with text.
constexpr std::string_view kBlanks[] = {
    "\xc2\x85",                      // next line
    "\xc2\xa0",                      // no-break space
    "\xc2\xad",                      // soft hyphen
    "\xe1\x9a\x80",                  // ogham space mark
    "\xe2\x81\x9f",                  // medium mathematical space
    "\xe2\x81\xa0",                  // word joiner
    "\xe2\x80\xa8", "\xe2\x80\xa9",  // line and paragraph separator
    "\xe2\x80\xaf",                  // narrow no-break space
    "\xe3\x80\x80",                  // ideographic space
    "\xef\xbb\xbf",                  // byte order mark
};

/// Bytes of the blank at `at`; 0: none.
std::size_t blank_size(std::string_view text, std::size_t at) {
    const std::string_view rest = text.substr(at);
    // U+2000 to U+200F: spaces of all widths, joiners, direction marks.
    if (rest.size() >= 3 && rest.starts_with("\xe2\x80") && static_cast<unsigned char>(rest[2]) >= 0x80 &&
        static_cast<unsigned char>(rest[2]) <= 0x8f)
        return 3;
    for (std::string_view blank : kBlanks)
        if (rest.starts_with(blank)) return blank.size();
    return 0;
}

/// Replace them by as many spaces, to keep positions.
std::string with_plain_blanks(std::string_view text) {
    std::string out{text};
    for (std::size_t at = 0; at < out.size(); ++at) {
        if (is_space(out[at])) out[at] = ' ';
        if (static_cast<unsigned char>(out[at]) < 0x80) continue;
        const std::size_t size = blank_size(out, at);
        std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(at), size, ' ');
    }
    return out;
}

std::string without_trailing_slash(std::string_view url) {
    while (!url.empty() && url.back() == '/') url.remove_suffix(1);
    return std::string(url);
}

/// Removes `prefix`, in any case, from the front, tolerating white space between its characters: a mail
/// client may wrap anywhere. Returns the number of characters consumed, or 0 if it is not there.
std::size_t match_prefix(std::string_view text, std::string_view prefix) {
    std::size_t at = 0;
    for (char wanted : prefix) {
        while (at < text.size() && is_space(text[at])) ++at;
        if (at == text.size()) return 0;
        const bool is_letter = wanted >= 'a' && wanted <= 'z';
        if ((is_letter ? text[at] | 0x20 : text[at]) != wanted) return 0;
        ++at;
    }
    return at;
}

/// What people may paste instead of a token.
struct Other {
    const char* prefix;
    const char* what;
    const char* hint;
};
constexpr Other kOthers[] = {
    {"creqa", "a payment request (NUT-18): it asks for ehash, but contains none",
     "pay it with a wallet that supports it"},
    {"creqb1", "a payment request (NUT-26): it asks for ehash, but contains none",
     "pay it with a wallet that supports it"},
    {"ur:", "one part of an animated QR code (NUT-16)", "copy the token as text instead"},
    {"lnbc", "a Lightning invoice", "ehash is received as a token, cashuB..."},
};

tl::unexpected<Error> bad_token(const std::string& what) { return fail(Errc::invalid, "token: " + what); }

/// base64 errors count from the start of the payload; users count from the start of what they pasted.
Result<Bytes> decode_payload(std::string_view text, std::size_t start) {
    // Replace characters before the payload by spaces, which the decoder skips and counts.
    std::string padded(start, ' ');
    padded += text.substr(start);
    auto bytes = crypto::base64url_decode(padded);
    if (!bytes) return bad_token(bytes.error().what);
    return bytes;
}

// V3

Result<Token> token_from_v3(std::string_view json_text) {
    HP_TRY(auto json, parse_json(json_text));
    HP_TRY(auto entries, json.need_array("token"));
    if (entries->empty()) return fail(Errc::invalid, "token: is empty");
    Token out;
    for (const JsonValue& entry : *entries) {
        HP_TRY(auto mint, entry.need_string("mint"));
        std::string url = without_trailing_slash(mint);
        if (!out.mint.empty() && url != out.mint)
            return fail(
                Errc::refused,
                "holds proofs of several mints ('" + printable(out.mint) + "', '" + printable(url) + "')",
                "split it into one token per mint");
        out.mint = url;
        HP_TRY(auto proofs, proofs_from_json(entry, "proofs"));
        for (const JsonValue& proof : entry.find("proofs")->items)
            if (const JsonValue* dleq = proof.find("dleq"); dleq && !dleq->find("r")) ++out.dleqs_dropped;
        for (Proof& proof : proofs) out.proofs.push_back(std::move(proof));
    }
    // A V3 token without a unit is in sat.
    out.unit = "sat";
    if (json.find("unit")) {
        HP_TRY(out.unit, json.need_string("unit"));
    }
    if (json.find("memo")) {
        HP_TRY(out.memo, json.need_string("memo"));
    }
    return out;
}

// V4

/// Calls `on_key` for each pair of a map; it reads the value and returns true, or returns false for an
/// unknown key. Refuses duplicate keys.
template <class OnKey>
void read_map(cbor::Reader& in, OnKey&& on_key) {
    cbor::Reader::Run pairs = in.map();
    std::vector<std::string> seen;
    while (in.next(pairs)) {
        std::string key = in.text();
        if (!in.ok()) return;
        if (!on_key(key)) {
            in.skip();
            continue;
        }
        if (std::find(seen.begin(), seen.end(), key) != seen.end())
            return in.fail("key '" + key + "' appears twice");
        seen.push_back(std::move(key));
    }
}

template <std::size_t N>
void read_fixed(cbor::Reader& in, ByteArray<N>& out) {
    const Bytes bytes = in.bytes();
    if (!in.ok()) return;
    if (bytes.size() != N)
        return in.fail("expected " + std::to_string(N) + " bytes, got " + std::to_string(bytes.size()));
    out = to_array<N>(bytes);
}

/// Nothing without `r`: then it proves nothing to the token's holder. `dropped` counts these.
std::optional<ProofDleq> read_dleq(cbor::Reader& in, std::size_t& dropped) {
    ProofDleq out;
    bool has_e = false, has_s = false, has_r = false;
    read_map(in, [&](std::string_view key) {
        if (key == "e") {
            read_fixed(in, out.e);
            has_e = true;
        } else if (key == "s") {
            read_fixed(in, out.s);
            has_s = true;
        } else if (key == "r") {
            has_r = !in.null();
            if (has_r) read_fixed(in, out.r);
        } else {
            return false;
        }
        return true;
    });
    if (in.ok() && !(has_e && has_s)) in.fail("dleq: expected e and s");
    if (has_r) return out;
    ++dropped;
    return std::nullopt;
}

Proof read_proof(cbor::Reader& in, std::size_t& dropped) {
    Proof out;
    bool has_amount = false, has_secret = false, has_point = false;
    read_map(in, [&](std::string_view key) {
        if (key == "a") {
            out.amount = in.unsigned_int();
            has_amount = true;
        } else if (key == "s") {
            out.secret = in.text();
            has_secret = true;
        } else if (key == "c") {
            read_fixed(in, out.C);
            if (in.ok() && !crypto::is_valid_public_key(out.C))
                in.fail("c: not a compressed point of the curve");
            has_point = true;
        } else if (key == "d") {
            if (!in.null()) out.dleq = read_dleq(in, dropped);
        } else if (key == "w") {
            if (!in.null()) out.witness = in.text();
        } else {
            return false;
        }
        return true;
    });
    if (in.ok() && !(has_amount && has_secret && has_point)) in.fail("a proof needs a, s and c");
    return out;
}

/// One entry of "t": proofs of one keyset.
void read_group(cbor::Reader& in, Token& token) {
    auto& proofs = token.proofs;
    std::size_t first = proofs.size();
    KeysetId id;
    bool has_id = false, has_proofs = false;
    read_map(in, [&](std::string_view key) {
        if (key == "i") {
            auto read = KeysetId::from_bytes(in.bytes());
            if (in.ok() && !read) in.fail(read.error().what);
            if (read) id = *read;
            has_id = true;
        } else if (key == "p") {
            for (auto items = in.array(); in.next(items);)
                proofs.push_back(read_proof(in, token.dleqs_dropped));
            has_proofs = true;
        } else {
            return false;
        }
        return true;
    });
    if (in.ok() && !(has_id && has_proofs)) in.fail("an entry of t needs i and p");
    for (std::size_t i = first; i < proofs.size(); ++i) proofs[i].id = id;
}

Result<Token> token_from_v4(ByteView bytes) {
    cbor::Reader in{bytes};
    Token out;
    bool has_proofs = false;
    read_map(in, [&](std::string_view key) {
        if (key == "t") {
            for (auto items = in.array(); in.next(items);) read_group(in, out);
            has_proofs = true;
        } else if (key == "m") {
            out.mint = without_trailing_slash(in.text());
        } else if (key == "u") {
            out.unit = in.text();
        } else if (key == "d") {
            if (!in.null()) out.memo = in.text();
        } else {
            return false;
        }
        return true;
    });
    if (in.ok() && (!has_proofs || out.mint.empty() || out.unit.empty())) in.fail("a token needs t, m and u");
    if (in.ok() && !in.at_end()) in.fail("bytes after the token");
    if (!in.ok()) return fail(Errc::invalid, in.error());
    return out;
}

void put_dleq(Bytes& out, const ProofDleq& dleq) {
    cbor::put_head(out, cbor::Major::map, 3);
    for (auto [name, bytes] : {std::pair{"e", &dleq.e}, {"s", &dleq.s}, {"r", &dleq.r}}) {
        cbor::put_text(out, name);
        cbor::put_bytes(out, *bytes);
    }
}

void put_proof(Bytes& out, const Proof& proof, WithDleq with_dleq) {
    bool dleq = proof.dleq && with_dleq == WithDleq::yes;
    cbor::put_head(out, cbor::Major::map, 3u + dleq + proof.witness.has_value());
    cbor::put_text(out, "a");
    cbor::put_head(out, cbor::Major::unsigned_int, proof.amount);
    cbor::put_text(out, "s");
    cbor::put_text(out, proof.secret);
    cbor::put_text(out, "c");
    cbor::put_bytes(out, proof.C);
    if (dleq) {
        cbor::put_text(out, "d");
        put_dleq(out, *proof.dleq);
    }
    if (proof.witness) {
        cbor::put_text(out, "w");
        cbor::put_text(out, *proof.witness);
    }
}

Bytes encode_cbor(const Token& token, TokenIds ids, WithDleq with_dleq) {
    HP_ASSERT(!token.mint.empty() && !token.unit.empty());
    // Groups in order of first appearance.
    std::vector<std::pair<KeysetId, std::vector<const Proof*>>> groups;
    for (const Proof& proof : token.proofs) {
        auto group =
            std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.first == proof.id; });
        if (group == groups.end()) group = groups.insert(groups.end(), {proof.id, {}});
        group->second.push_back(&proof);
    }
    Bytes out;
    cbor::put_head(out, cbor::Major::map, 3u + token.memo.has_value());
    cbor::put_text(out, "t");
    cbor::put_head(out, cbor::Major::array, groups.size());
    for (const auto& [id, proofs] : groups) {
        cbor::put_head(out, cbor::Major::map, 2);
        cbor::put_text(out, "i");
        cbor::put_bytes(out, ids == TokenIds::full ? id.bytes() : id.bytes().first(8));
        cbor::put_text(out, "p");
        cbor::put_head(out, cbor::Major::array, proofs.size());
        for (const Proof* proof : proofs) put_proof(out, *proof, with_dleq);
    }
    if (token.memo) {
        cbor::put_text(out, "d");
        cbor::put_text(out, *token.memo);
    }
    cbor::put_text(out, "m");
    cbor::put_text(out, without_trailing_slash(token.mint));
    cbor::put_text(out, "u");
    cbor::put_text(out, token.unit);
    return out;
}

}  // namespace

Result<Token> decode_token(std::string_view pasted) {
    if (pasted.size() > kTokenSizeMax)
        return bad_token("longer than " + std::to_string(kTokenSizeMax) + " characters");
    const std::string plain = with_plain_blanks(pasted);
    const std::string_view text = plain;
    const std::size_t web = match_prefix(text, "web+");
    std::size_t start = match_prefix(text.substr(web), "cashu:");
    if (start > 0) start += web;
    if (start > 0) start += match_prefix(text.substr(start), "//");
    std::size_t prefix = match_prefix(text.substr(start), "cashu");
    if (prefix == 0) {
        for (const auto& other : kOthers)
            if (match_prefix(text.substr(start), other.prefix) > 0)
                return fail(Errc::invalid, std::string{"token: this is "} + other.what, other.hint);
        return bad_token("position " + std::to_string(start) + ": expected 'cashuA' or 'cashuB'");
    }
    start += prefix;
    while (start < text.size() && is_space(text[start])) ++start;
    char version = start < text.size() ? text[start] : '\0';
    if (version != 'A' && version != 'B')
        return bad_token("position " + std::to_string(start) + ": expected version 'A' or 'B'");
    HP_TRY(auto payload, decode_payload(text, start + 1));
    auto token = version == 'A' ? token_from_v3(as_text(payload)) : token_from_v4(payload);
    if (!token)
        return fail(Error{token.error().code, "token: payload: " + token.error().what, token.error().hint});
    return token;
}

Result<Token> decode_token_raw(ByteView bytes) {
    if (bytes.size() > kTokenSizeMax)
        return bad_token("longer than " + std::to_string(kTokenSizeMax) + " bytes");
    if (bytes.size() < 5 || as_text(bytes.first(5)) != "crawB") return bad_token("byte 0: expected 'crawB'");
    auto token = token_from_v4(bytes.subspan(5));
    if (!token)
        return fail(Error{token.error().code, "token: payload: " + token.error().what, token.error().hint});
    return token;
}

std::string encode_token(const Token& token, TokenIds ids, WithDleq with_dleq) {
    return "cashuB" + crypto::base64url_encode(encode_cbor(token, ids, with_dleq));
}

Bytes encode_token_raw(const Token& token, TokenIds ids, WithDleq with_dleq) {
    Bytes out(as_bytes("crawB").begin(), as_bytes("crawB").end());
    append(out, encode_cbor(token, ids, with_dleq));
    return out;
}

Result<> resolve_ids(Token& token, std::span<const KeysetId> known) {
    std::vector<KeysetId> resolved;
    for (const Proof& proof : token.proofs) {
        HP_TRY(auto id, resolve(proof.id, known));
        resolved.push_back(id);
    }
    for (std::size_t i = 0; i < resolved.size(); ++i) token.proofs[i].id = resolved[i];
    return {};
}

}  // namespace hp::cashu
