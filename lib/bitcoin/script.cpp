#include "bitcoin/script.hpp"

#include <array>

#include "bitcoin/bech32.hpp"
#include "crypto/base58.hpp"

namespace hp::bitcoin {
namespace {

constexpr std::size_t kScriptSizeMax = 10'000;

struct Parameters {
    Network network;
    std::string_view name;
    std::string_view hrp;
    std::uint8_t pubkey_hash_version;
    std::uint8_t script_hash_version;
};
// Order matters: sim and regtest share addresses, as do testnet4 and signet.
constexpr std::array<Parameters, 5> kNetworks{{
    {Network::sim, "sim", "bcrt", 0x6f, 0xc4},
    {Network::regtest, "regtest", "bcrt", 0x6f, 0xc4},
    {Network::testnet4, "testnet4", "tb", 0x6f, 0xc4},
    {Network::signet, "signet", "tb", 0x6f, 0xc4},
    {Network::mainnet, "mainnet", "bc", 0x00, 0x05},
}};

const Parameters& parameters(Network network) {
    for (const Parameters& p : kNetworks)
        if (p.network == network) return p;
    assertion_failed("an unlisted network", __FILE_NAME__, __LINE__);
}

/// "testnet4 or signet": every network that `matches`.
template <class Matches>
std::string networks_with(Matches matches) {
    std::string out;
    for (const Parameters& p : kNetworks)
        if (matches(p)) out += (out.empty() ? "" : " or ") + std::string(p.name);
    return out;
}

tl::unexpected<Error> bad(std::string_view text, const std::string& why, std::string hint = {}) {
    return fail(Errc::invalid, "address '" + printable(text) + "': " + why, std::move(hint));
}

tl::unexpected<Error> wrong_network(std::string_view text, const std::string& its_networks,
                                    const Parameters& ours) {
    if (its_networks.empty()) return bad(text, "of an unknown network");
    return bad(text, "an address of " + its_networks + ", expected one of " + std::string(ours.name));
}

Result<Bytes> script_from_raw(std::string_view text) {
    if (!text.ends_with(')')) return bad(text, "raw( without a closing parenthesis");
    auto script = from_hex(text.substr(4, text.size() - 5));
    if (!script) return bad(text, "raw() holds " + script.error().what, "write the script in hex: raw(51)");
    if (script->empty() || script->size() > kScriptSizeMax)
        return bad(text, "raw() holds " + std::to_string(script->size()) + " bytes, expected 1 to 10000");
    return script;
}

Result<Bytes> script_from_segwit(std::string_view text, const Parameters& ours) {
    HP_TRY(auto address, decode_segwit_address(text));
    if (address.hrp != ours.hrp)
        return wrong_network(text, networks_with([&](const Parameters& p) { return p.hrp == address.hrp; }),
                             ours);
    if (address.version > 1 || (address.version == 1 && address.program.size() != 32))
        return bad(text, "witness version " + std::to_string(address.version) + " with " +
                             std::to_string(address.program.size()) +
                             " bytes has no rules yet: anyone could spend from it");
    Bytes script{static_cast<std::uint8_t>(address.version == 0 ? 0x00 : 0x50 + address.version),
                 static_cast<std::uint8_t>(address.program.size())};
    append(script, address.program);
    return script;
}

Result<Bytes> script_from_base58(std::string_view text, const Parameters& ours) {
    auto payload = crypto::base58check_decode(text);
    if (!payload) return bad(text, "neither segwit nor base58check (a typo?)");
    if (payload->size() != 21)
        return bad(text, std::to_string(payload->size()) + " bytes of payload, expected 21");
    const std::uint8_t version = payload->front();
    const ByteView hash = ByteView{*payload}.subspan(1);
    Bytes script;
    if (version == ours.pubkey_hash_version) {  // OP_DUP OP_HASH160 <hash> OP_EQUALVERIFY OP_CHECKSIG
        script = {0x76, 0xa9, 0x14};
        append(script, hash);
        append(script, ByteArray<2>{0x88, 0xac});
    } else if (version == ours.script_hash_version) {  // OP_HASH160 <hash> OP_EQUAL
        script = {0xa9, 0x14};
        append(script, hash);
        append(script, ByteArray<1>{0x87});
    } else {
        return wrong_network(text, networks_with([&](const Parameters& p) {
                                 return version == p.pubkey_hash_version || version == p.script_hash_version;
                             }),
                             ours);
    }
    return script;
}

bool looks_segwit(std::string_view text) {
    std::string lower;
    for (char c : text.substr(0, 5)) lower.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
    return lower.starts_with("bc1") || lower.starts_with("tb1") || lower.starts_with("bcrt1");
}

}  // namespace

std::string_view network_name(Network network) { return parameters(network).name; }

Result<Network> network_from_name(std::string_view name) {
    for (const Parameters& p : kNetworks)
        if (p.name == name) return p.network;
    return fail(Errc::invalid, "network '" + printable(name) + "' is unknown",
                "use " + networks_with([](const Parameters&) { return true; }));
}

Result<Bytes> script_from_text(std::string_view text, Network network) {
    const Parameters& ours = parameters(network);
    if (text.empty())
        return fail(Errc::invalid, "address is empty",
                    "give an address of " + std::string(ours.name) + ", or raw(HEX)");
    if (text.starts_with("raw(")) return script_from_raw(text);
    return looks_segwit(text) ? script_from_segwit(text, ours) : script_from_base58(text, ours);
}

std::string segwit_address(Network network, unsigned version, ByteView program) {
    return encode_segwit_address(
        {std::string(parameters(network).hrp), version, Bytes(program.begin(), program.end())});
}

}  // namespace hp::bitcoin
