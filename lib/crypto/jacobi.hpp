// The Jacobi symbol over 256-bit numbers: tells squares from non-squares without computing a root. Variable
// time, for public values only. OpenSSL's BN_kronecker does the same in four times the time, and an
// ElligatorSwift encoding needs about six of these.
#pragma once
#include "base/bytes.hpp"

namespace hp::crypto {

/// (a / n) for little-endian a < n and odd n: 1, -1, or 0 if they share a factor.
int jacobi(const Bytes32& a_le, const Bytes32& n_le);

}  // namespace hp::crypto
