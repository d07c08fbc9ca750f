// tests/vectors/sv2-frames.json.
#pragma once
#include "base/bytes.hpp"
#include "vectors.hpp"

namespace hp::test {

inline const Json& frames_file() {
    static const Json file = read_vectors("sv2-frames.json");
    return file;
}

inline Bytes bytes_of(const Json& hex) {
    auto bytes = from_hex(hex.get<std::string>());
    REQUIRE(bytes);
    return *bytes;
}

}  // namespace hp::test
