// Where a payout goes: the output script of an address, or a script given in hex.
#pragma once
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace hp::bitcoin {

/// sim is our embedded chain; its addresses are regtest's.
enum class Network { sim, regtest, testnet4, signet, mainnet };

std::string_view network_name(Network network);
Result<Network> network_from_name(std::string_view name);

/// A P2PKH, P2SH, P2WPKH, P2WSH or P2TR address of this network, or "raw(HEX)" with a script of 1 to 10000
/// bytes. An address of another network is refused, naming that network; so are other witness versions and
/// program lengths, since today anyone may spend from them.
Result<Bytes> script_from_text(std::string_view text, Network network);

/// A segwit address by BIP 173 (version 0) or BIP 350 (1 to 16).
/// REQUIRES: version <= 16, program of 2 to 40 bytes
std::string segwit_address(Network network, unsigned version, ByteView program);

}  // namespace hp::bitcoin
