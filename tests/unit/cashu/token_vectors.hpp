// Tokens as the vector files write them.
#pragma once
#include "cashu/tokens.hpp"
#include "fixtures.hpp"

namespace hp::cashu::test {

inline Token token_of_v3(const Json& json) {
    REQUIRE(json["token"].size() == 1);
    Token out{json["token"][0]["mint"], json.value("unit", "sat"), {}, {}};
    if (json.contains("memo")) out.memo = json["memo"].get<std::string>();
    for (const Json& p : json["token"][0]["proofs"])
        out.proofs.push_back({p["amount"], keyset_id(p["id"]), p["secret"], point(p["C"])});
    return out;
}

inline Token token_of_v4(const Json& json) {
    Token out{json["m"], json["u"], {}, {}};
    if (json.contains("d")) out.memo = json["d"].get<std::string>();
    for (const Json& group : json["t"])
        for (const Json& p : group["p"]) {
            Proof proof{p["a"], keyset_id(group["i"]), p["s"], point(p["c"])};
            if (p.contains("d"))
                proof.dleq = ProofDleq{hex_array<32>(p["d"]["e"]), hex_array<32>(p["d"]["s"]),
                                       hex_array<32>(p["d"]["r"])};
            if (p.contains("w")) proof.witness = p["w"].get<std::string>();
            out.proofs.push_back(std::move(proof));
        }
    return out;
}

}  // namespace hp::cashu::test
