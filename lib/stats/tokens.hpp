// Who may see what over HTTP: bearer tokens with a scope.
#pragma once
#include <map>
#include <string_view>

#include "base/bytes.hpp"
#include "stats/api.hpp"

namespace hp::stats {

/// Whether figures may be served at the address: they name every worker, so without tokens only on loopback.
Result<> check_listener(const std::string& address, bool is_loopback, bool has_tokens);

class Tokens {
  public:
    /// Lines of SCOPE TOKEN; empty lines and those that begin with # are ignored. `name` is the file's, for
    /// errors: "NAME:LINE: what".
    static Result<Tokens> parse(std::string_view text, const std::string& name);
    /// What the value of an Authorization header may see.
    Scope scope_of(std::string_view authorization) const;

  private:
    /// By hash, so that the time of a lookup reveals nothing about a token.
    std::map<Bytes32, Scope> scopes_;
};

}  // namespace hp::stats
