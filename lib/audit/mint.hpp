// A mint's ledger by itself (I1, I5-I9, I11-I13, I15, I24), and against the wallets that use it (I10, I16,
// I18).
#pragma once
#include "audit/files.hpp"

namespace hp::audit {

/// The wallets' snapshots must be older than the mint's; a new one is taken where needed.
void audit_mint(MintFile& mint, std::vector<WalletFile>& wallets, Report& report);

}  // namespace hp::audit
