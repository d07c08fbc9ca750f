// How a benchmark ends when it cannot measure.
#pragma once
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

#include "base/result.hpp"

namespace hp::bench {

/// A benchmark that cannot continue has nothing to measure.
struct Failure : std::runtime_error {
    using std::runtime_error::runtime_error;
};
template <class T>
T expect(Result<T> result) {
    if (!result) throw Failure(result.error().what);
    return *std::move(result);
}
inline int expect_fd(int result, const char* what) {
    if (result < 0) throw Failure(std::string(what) + ": " + std::strerror(errno));
    return result;
}

}  // namespace hp::bench
