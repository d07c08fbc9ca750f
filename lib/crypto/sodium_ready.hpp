// libsodium must be initialized before use: it selects the machine's fastest code and opens the randomness
// source.
#pragma once

namespace hp::crypto {

/// Initializes libsodium on the first call, from any thread. Without randomness the program cannot continue.
void ensure_sodium_ready();

}  // namespace hp::crypto
