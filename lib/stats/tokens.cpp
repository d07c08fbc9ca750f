#include "stats/tokens.hpp"

#include "crypto/sha256.hpp"

namespace hp::stats {
namespace {

constexpr std::size_t kTokenSizeMin = 16;

Bytes32 hash_of(std::string_view token) { return crypto::sha256(as_bytes(token)); }

}  // namespace

Result<Tokens> Tokens::parse(std::string_view text, const std::string& name) {
    Tokens out;
    for (int line = 1; !text.empty(); ++line) {
        const auto row = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(row.size() + 1, text.size()));
        if (row.empty() || row[0] == '#') continue;
        const auto wrong = [&](const std::string& why) {
            return fail(Errc::usage, name + ":" + std::to_string(line) + ": " + why);
        };
        const auto space = row.find(' ');
        if (space == std::string_view::npos || row.find(' ', space + 1) != std::string_view::npos)
            return wrong("expected SCOPE TOKEN, one space between them");
        const auto scope = scope_from_text(row.substr(0, space));
        if (!scope) return wrong(scope.error().what);
        if (row.size() - space - 1 < kTokenSizeMin)
            return wrong("the token is shorter than " + std::to_string(kTokenSizeMin) + " characters");
        out.scopes_[hash_of(row.substr(space + 1))] = *scope;
    }
    if (out.scopes_.empty()) return fail(Errc::usage, name + ": it contains no token");
    return out;
}

Result<> check_listener(const std::string& address, bool is_loopback, bool has_tokens) {
    if (has_tokens || is_loopback) return {};
    return fail(Errc::usage,
                "listening on " + address + " shows every worker's name to anyone who can reach it",
                "set tokens_file, or listen on 127.0.0.1");
}

Scope Tokens::scope_of(std::string_view authorization) const {
    constexpr std::string_view kBearer = "Bearer ";
    if (!authorization.starts_with(kBearer)) return Scope::none;
    const auto found = scopes_.find(hash_of(authorization.substr(kBearer.size())));
    return found == scopes_.end() ? Scope::none : found->second;
}

}  // namespace hp::stats
