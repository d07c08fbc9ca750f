// Failure as a value. Failures of the outside world are values; our own bugs are assertions (HP_ASSERT).
#pragma once
#include <cstdio>
#include <cstdlib>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace hp {

/// What kind of failure, as a person or a shell script needs to tell them apart.
enum class Errc {
    usage,     ///< called or configured wrongly: exit code 2
    io,        ///< file, socket or database failed
    timeout,   ///< a deadline passed
    protocol,  ///< the peer sent something that its protocol forbids
    refused,   ///< the peer, or a rule, said no
    invalid,   ///< a value does not parse or does not verify
    stopped,   ///< we were asked to stop; not printed as an error
};

/// A failure that a person may read: lower case, no full stop, values quoted; `hint` is a remedy or empty.
struct Error {
    Errc code{Errc::invalid};
    std::string what;
    std::string hint{};
};

template <class T = void>
using Result = tl::expected<T, Error>;

/// `return fail(Errc::io, "cannot open 'x'");`
inline tl::unexpected<Error> fail(Errc code, std::string what, std::string hint = {}) {
    return tl::unexpected<Error>(Error{code, std::move(what), std::move(hint)});
}
inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

[[noreturn]] inline void assertion_failed(const char* what, const char* file, int line) {
    std::fprintf(stderr, "hashpool: bug: %s (%s:%d)\n", what, file, line);
    std::abort();
}

}  // namespace hp

#define HP_CAT_(a, b) a##b
#define HP_CAT(a, b) HP_CAT_(a, b)
#define HP_TRY_(tmp, decl, expr)                               \
    auto tmp = (expr);                                         \
    if (!tmp) return ::tl::unexpected(std::move(tmp).error()); \
    decl = *std::move(tmp)
/// HP_TRY(auto n, parse(text)); returns the error from the function if there is one. Only inside braces.
#define HP_TRY(decl, expr) HP_TRY_(HP_CAT(hp_try_, __LINE__), decl, expr)
/// Likewise, without a value.
#define HP_DO(expr)                                                                            \
    do {                                                                                       \
        if (auto hp_do_ = (expr); !hp_do_) return ::tl::unexpected(std::move(hp_do_).error()); \
    } while (false)
/// Stays on in release builds. Never for input from outside.
#define HP_ASSERT(x) ((x) ? void() : ::hp::assertion_failed(#x, __FILE_NAME__, __LINE__))
