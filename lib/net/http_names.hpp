// Whether a request was meant for us: a foreign page can reach a server on loopback under its own name by
// letting it point there (DNS rebinding), and then counts as the same origin. Pure.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "net/http.hpp"

namespace hp::net {

class HttpNames {
  public:
    /// Accepted are loopback's names, the host of the listen address (if that means all addresses: any IP
    /// address, which cannot be rebound), and the public names, for a TLS proxy in front.
    HttpNames(const Endpoint& listen, std::vector<std::string> public_names);
    /// Why the request's Host, or its Origin if it has one, is not ours; for the answer.
    std::optional<std::string> fault_of(const HttpRequest& request) const;

  private:
    bool is_ours(const std::string& host) const;
    bool is_public(const std::string& host) const;
    std::string listen_host_;
    bool listens_everywhere_;
    std::vector<std::string> public_names_;
};

}  // namespace hp::net
