#include "cashu/nut00.hpp"

#include "crypto/sha256.hpp"

namespace hp::cashu {

PublicKey33 hash_to_curve(ByteView message) {
    Bytes32 inner = crypto::sha256({as_bytes("Secp256k1_HashToCurve_Cashu_"), message});
    PublicKey33 point;
    point[0] = 0x02;
    // Every second x is on the curve: finding a message that fails 2^16 times is infeasible.
    for (std::uint32_t counter = 0; counter < (1u << 16); ++counter) {
        std::uint8_t counter4[4];
        put_le(counter4, counter);
        Bytes32 x = crypto::sha256({inner, counter4});
        std::copy(x.begin(), x.end(), point.begin() + 1);
        if (crypto::is_valid_public_key(point)) return point;
    }
    HP_ASSERT(!"no point within 2^16 attempts");
    return point;
}

std::optional<PublicKey33> blind(std::string_view secret, const SecretKey& r) {
    return crypto::add(y_of(secret), r.public_key());
}

std::optional<PublicKey33> sign_blinded(const SecretKey& k, const PublicKey33& B_) {
    return crypto::multiply(k, B_);
}

std::optional<PublicKey33> unblind(const PublicKey33& C_, const SecretKey& r, const PublicKey33& K) {
    auto rK = crypto::multiply(r, K);
    auto minus_rK = rK ? crypto::negate(*rK) : std::nullopt;
    return minus_rK ? crypto::add(C_, *minus_rK) : std::nullopt;
}

bool verify_unblinded(const SecretKey& k, const PublicKey33& Y, const PublicKey33& C) {
    auto kY = crypto::multiply(k, Y);
    if (!kY) return false;
    // kY is the signature that a forger wants: stopping at the first difference would leak it byte by byte.
    std::uint8_t difference = 0;
    for (std::size_t i = 0; i < C.size(); ++i)
        difference = static_cast<std::uint8_t>(difference | ((*kY)[i] ^ C[i]));
    return difference == 0;
}

namespace {

Result<PublicKey33> point_from_json(const JsonValue& value, std::string_view name) {
    HP_TRY(auto point, value.need_hex<33>(name));
    if (point[0] != 2 && point[0] != 3)
        return fail(Errc::invalid, std::string(name) +
                                       ": expected a compressed point (02 or 03), got prefix " +
                                       to_hex(ByteView(point).first(1)));
    if (!crypto::is_valid_public_key(point))
        return fail(Errc::invalid, std::string(name) + ": not a point of the curve");
    return point;
}

Result<KeysetId> id_from_json(const JsonValue& value) {
    HP_TRY(auto hex, value.need_string("id"));
    auto id = KeysetId::from_hex(hex);
    if (!id) return fail(Errc::invalid, "id: " + id.error().what);
    return *id;
}

template <class Item, class FromJson>
Result<std::vector<Item>> list_from_json(const JsonValue& parent, std::string_view name,
                                         FromJson&& from_json) {
    HP_TRY(auto items, parent.need_array(name));
    std::vector<Item> out;
    out.reserve(items->size());
    for (const JsonValue& item : *items) {
        auto value = from_json(item);
        if (!value) return fail(inside(name, out.size(), std::move(value).error()));
        out.push_back(*std::move(value));
    }
    return out;
}

}  // namespace

Result<BlindedMessage> blinded_message_from_json(const JsonValue& value) {
    BlindedMessage out;
    HP_TRY(out.amount, value.need_integer("amount"));
    HP_TRY(out.id, id_from_json(value));
    HP_TRY(out.B_, point_from_json(value, "B_"));
    return out;
}

Result<BlindSignature> blind_signature_from_json(const JsonValue& value) {
    BlindSignature out;
    HP_TRY(out.amount, value.need_integer("amount"));
    HP_TRY(out.id, id_from_json(value));
    HP_TRY(out.C_, point_from_json(value, "C_"));
    if (const JsonValue* dleq = value.find("dleq")) {
        auto e = dleq->need_hex<32>("e");
        if (!e) return fail(inside("dleq", std::move(e).error()));
        auto s = dleq->need_hex<32>("s");
        if (!s) return fail(inside("dleq", std::move(s).error()));
        out.dleq = Dleq{*e, *s};
    }
    return out;
}

Result<Proof> proof_from_json(const JsonValue& value) {
    Proof out;
    HP_TRY(out.amount, value.need_integer("amount"));
    HP_TRY(out.id, id_from_json(value));
    HP_TRY(out.secret, value.need_string("secret"));
    HP_TRY(out.C, point_from_json(value, "C"));
    if (value.find("witness")) {
        HP_TRY(out.witness, value.need_string("witness"));
    }
    if (const JsonValue* dleq = value.find("dleq")) {
        ProofDleq numbers;
        for (auto [name, into] : {std::pair{"e", &numbers.e}, {"s", &numbers.s}, {"r", &numbers.r}}) {
            if (*name == 'r' && !dleq->find(name)) return out;  // proves nothing to the reader
            if (auto read = dleq->need_hex_into(name, *into); !read)
                return fail(inside("dleq", std::move(read).error()));
        }
        out.dleq = numbers;
    }
    return out;
}

Result<std::vector<BlindedMessage>> blinded_messages_from_json(const JsonValue& parent,
                                                               std::string_view name) {
    return list_from_json<BlindedMessage>(parent, name, blinded_message_from_json);
}

Result<std::vector<BlindSignature>> blind_signatures_from_json(const JsonValue& parent,
                                                               std::string_view name) {
    return list_from_json<BlindSignature>(parent, name, blind_signature_from_json);
}

Result<std::vector<Proof>> proofs_from_json(const JsonValue& parent, std::string_view name) {
    return list_from_json<Proof>(parent, name, proof_from_json);
}

void append_json(std::string& out, const BlindedMessage& message) {
    out += "{\"amount\":";
    append_decimal(out, message.amount);
    out += ",\"id\":";
    append_json_hex(out, message.id.bytes());
    out += ",\"B_\":";
    append_json_hex(out, message.B_);
    out += '}';
}

void append_json(std::string& out, const BlindSignature& signature) {
    out += "{\"amount\":";
    append_decimal(out, signature.amount);
    out += ",\"id\":";
    append_json_hex(out, signature.id.bytes());
    out += ",\"C_\":";
    append_json_hex(out, signature.C_);
    if (signature.dleq) {
        out += ",\"dleq\":{\"e\":";
        append_json_hex(out, signature.dleq->e);
        out += ",\"s\":";
        append_json_hex(out, signature.dleq->s);
        out += '}';
    }
    out += '}';
}

void append_json(std::string& out, const Proof& proof, WithDleq with_dleq) {
    out += "{\"amount\":";
    append_decimal(out, proof.amount);
    out += ",\"id\":";
    append_json_hex(out, proof.id.bytes());
    out += ",\"secret\":";
    append_json_string(out, proof.secret);
    out += ",\"C\":";
    append_json_hex(out, proof.C);
    if (proof.witness) {
        out += ",\"witness\":";
        append_json_string(out, *proof.witness);
    }
    if (proof.dleq && with_dleq == WithDleq::yes) {
        out += ",\"dleq\":{\"e\":";
        append_json_hex(out, proof.dleq->e);
        out += ",\"s\":";
        append_json_hex(out, proof.dleq->s);
        out += ",\"r\":";
        append_json_hex(out, proof.dleq->r);
        out += '}';
    }
    out += '}';
}

std::string signatures_json(std::span<const BlindSignature> signatures) {
    std::string out = "{\"signatures\":";
    append_json_list(out, signatures, [&](const BlindSignature& signature) { append_json(out, signature); });
    out += '}';
    return out;
}

Result<std::vector<BlindSignature>> signatures_from_json(std::string_view body) {
    HP_TRY(auto json, parse_json(body));
    return blind_signatures_from_json(json, "signatures");
}

}  // namespace hp::cashu
