// Test vectors: read from $HP_VECTORS_DIR, default tests/vectors of the source tree. A missing or empty file
// fails.
#pragma once
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace hp::test {

using Json = nlohmann::json;

inline std::string vectors_dir() {
    const char* dir = std::getenv("HP_VECTORS_DIR");
    return dir && *dir ? dir : HP_SOURCE_DIR "/tests/vectors";
}

/// The whole file, parsed; fails the test when it is missing or not JSON.
inline Json read_vectors(const std::string& name) {
    std::ifstream in(vectors_dir() + "/" + name);
    REQUIRE_MESSAGE(in.good(), "missing vector file: " << vectors_dir() << "/" << name);
    Json json = Json::parse(in, nullptr, false);
    REQUIRE_MESSAGE(!json.is_discarded(), "not JSON: " << name);
    return json;
}

/// Calls `each` for every entry of an array (or of `file[list]`), and fails when there is none.
template <class Each>
void for_each_vector(const Json& list, Each&& each) {
    REQUIRE(list.is_array());
    REQUIRE_MESSAGE(!list.empty(), "empty vector list");
    for (const Json& entry : list) {
        CAPTURE(entry.dump());
        each(entry);
    }
}

}  // namespace hp::test
