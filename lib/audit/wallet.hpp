// A wallet by itself (I15, I17, I18).
#pragma once
#include "audit/files.hpp"

namespace hp::audit {

/// Fills what the file's lists are for, and lets go of its snapshot.
void audit_wallet(WalletFile& wallet, Report& report);

}  // namespace hp::audit
