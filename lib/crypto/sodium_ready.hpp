// libsodium must be initialised before use: it picks the machine's fastest code and opens the randomness
// source.
#pragma once

namespace hp::crypto {

/// Initialises libsodium on the first call, from any thread. Without randomness the program cannot go on.
void ensure_sodium_ready();

}  // namespace hp::crypto
