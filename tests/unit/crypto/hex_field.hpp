// Reads hex fields of a vector entry; a missing or malformed one fails the test.
#pragma once
#include "base/bytes.hpp"
#include "vectors.hpp"

namespace hp::test {

inline Bytes hex_field(const Json& entry, const char* name) {
    auto bytes = from_hex(entry.at(name).get<std::string>());
    REQUIRE_MESSAGE(bytes.has_value(), "not hex: " << name);
    return *bytes;
}

template <std::size_t N>
ByteArray<N> hex_array(const Json& entry, const char* name) {
    const Bytes bytes = hex_field(entry, name);
    REQUIRE_MESSAGE(bytes.size() == N, "wrong size: " << name);
    return to_array<N>(bytes);
}

}  // namespace hp::test
