// A wallet by itself (I15, I17, I18).
#pragma once
#include "audit/files.hpp"

namespace hp::audit {

/// Fills the file's lists, and releases its snapshot.
void audit_wallet(WalletFile& wallet, Report& report);

}  // namespace hp::audit
