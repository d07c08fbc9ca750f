// The messages of Stratum V1, as values. One message is one line of JSON; see parse.hpp and build.hpp.
// Text members are views into the parser that made them, valid until its next call.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "sv1/notify.hpp"
#include "wire/types.hpp"

namespace hp::sv1 {

/// Error numbers of SV1 answers, `[code, text, null]`; `parse` is JSON-RPC's, for lines that are not a
/// request.
enum class ErrorCode : int {
    parse = -32700,
    other = 20,
    job_not_found = 21,  ///< also stale
    duplicate = 22,
    low_difficulty = 23,
    unauthorized = 24,
    not_subscribed = 25,
};

/// mining.configure, BIP 310: which extensions the miner wants. Each has its own result, so wrong parameters
/// of one are reported there and do not affect the others.
struct Configure {
    bool version_rolling{};
    std::uint32_t version_rolling_mask{0xffff'ffff};
    std::string_view version_rolling_error;  ///< empty: none
    bool minimum_difficulty{};
    double minimum_difficulty_value{};  ///< finite; 0: no minimum
    std::string_view minimum_difficulty_error;
    bool subscribe_extranonce{};
    bool info{};
    std::vector<std::string_view> unknown;  ///< answered with false
};
struct Subscribe {
    std::string_view user_agent;  ///< empty if the miner names none
    std::string_view session_id;  ///< of an earlier connection that it wants to resume
};
struct Authorize {
    std::string_view user;
    std::string_view password;
};
struct Submit {
    std::string_view worker;
    std::string_view job_id;
    wire::B0_32 extranonce2;
    std::uint32_t ntime{};
    std::uint32_t nonce{};
    /// BIP 310: only the rolled bits, or the whole version; only bits inside the mask count.
    std::optional<std::uint32_t> version_bits;
    /// A sixth parameter that is not a version: an error only for a miner that rolls the version.
    bool version_bits_malformed{};
};
struct SuggestDifficulty {
    double difficulty{};  ///< positive and finite
};
struct SuggestTarget {
    Bytes32 target{};  ///< little-endian number
};
struct ExtranonceSubscribe {};
/// Old proxies announce themselves with this; no answer needed.
struct MultiVersion {};
/// ESP-Miner answers mining.ping with a request of this name.
struct Pong {};
struct UnknownMethod {
    std::string_view method;
};
/// A miner's answer to our request (client.get_version, mining.ping).
struct ClientAnswer {
    std::string_view text;  ///< the result if it is a string
    bool is_error{};
};

/// A line from a miner. `id` is raw JSON: a string with its quotes, a number, or null.
struct ClientMessage {
    std::string_view id;
    std::variant<Configure, Subscribe, Authorize, Submit, SuggestDifficulty, SuggestTarget,
                 ExtranonceSubscribe, MultiVersion, Pong, UnknownMethod, ClientAnswer>
        body;
};

/// A line from a miner that gets an error answer: `[code, text, null]` under `id`.
struct BadLine {
    std::string id{"null"};
    ErrorCode code{ErrorCode::parse};
    std::string text;
};

struct SetDifficulty {
    double difficulty{};  ///< positive and finite
};
struct SetExtranonce {
    Bytes extranonce1;
    std::uint8_t extranonce2_size{};  ///< bytes
};
struct SetVersionMask {
    std::uint32_t mask{};
};
struct ShowMessage {
    std::string text;
};
struct Reconnect {
    std::string host;  ///< empty: the same
    std::uint16_t port{};
};
/// A request from the server that needs an answer (client.get_version, mining.ping), or is unknown to us.
struct ServerRequest {
    std::string id;
    std::string method;
};
/// The server's answer to our request, distinguished by its shape.
struct ServerAnswer {
    std::optional<std::uint64_t> id;  ///< nothing if it is not one of our ids
    bool ok{};                        ///< no error, and the result is neither false nor null
    int error_code{};
    std::string error_text;
    std::optional<SetExtranonce> subscribed;    ///< mining.subscribe's result
    std::optional<std::uint32_t> version_mask;  ///< mining.configure's result, version rolling granted
};
using ServerMessage = std::variant<Notify, SetDifficulty, SetExtranonce, SetVersionMask, ShowMessage,
                                   Reconnect, ServerRequest, ServerAnswer>;

}  // namespace hp::sv1
