// Lines of JSON to messages. Any bytes are safe input: what does not parse is an error with a text for
// people. Rules where JSON is ambiguous: a duplicate of a relevant member (id, method, params, result, error)
// is an error; other members are ignored; nesting goes 16 deep; a line has at most kLineBytesMax bytes.
#pragma once
#include <memory>

#include "sv1/messages.hpp"

namespace hp::sv1 {

inline constexpr std::size_t kLineBytesMax = 1u << 20;
inline constexpr std::size_t kDepthMax = 16;
inline constexpr std::size_t kIdBytesMax = 128;
inline constexpr std::size_t kMerkleBranchesMax = 255;
/// Extensions of a mining.configure that are answered with false; further ones are not answered.
inline constexpr std::size_t kUnknownExtensionsMax = 64;

/// Some clients end lines with CR LF LF or send blank lines as a keep-alive; these are not answered.
bool is_blank(std::string_view line);

/// Keeps its buffers between lines: use one per thread or connection, not per line.
class Parser {
  public:
    Parser();
    ~Parser();
    Parser(Parser&&) noexcept;
    Parser& operator=(Parser&&) noexcept;

    /// A miner's line. The result's views live until the next call.
    tl::expected<ClientMessage, BadLine> from_client(std::string_view line);
    /// A server's line, for a miner.
    Result<ServerMessage> from_server(std::string_view line);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace hp::sv1
