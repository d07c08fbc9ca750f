// Messages to lines, appended to a string. Every line ends with '\n'. An `id` is raw JSON, as in the request.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "sv1/messages.hpp"

namespace hp::sv1 {

/// Digits that every miner's parser understands: an integer if the value is one, else the shortest decimal
/// fraction for the same double; no exponent from 1e-12 up to 1e18. REQUIRES: positive and finite
void append_difficulty(std::string& out, double difficulty);

// Server to miner.

void append_true(std::string& out, std::string_view id);
void append_error(std::string& out, std::string_view id, ErrorCode code, std::string_view text);
/// Likewise with the result false: mining.authorize refused.
void append_false(std::string& out, std::string_view id, ErrorCode code, std::string_view text);
inline void append_error(std::string& out, const BadLine& bad) {
    append_error(out, bad.id, bad.code, bad.text);
}
void append_subscribed(std::string& out, std::string_view id, std::string_view session_id,
                       ByteView extranonce1, std::size_t extranonce2_size);
/// What the server grants of a mining.configure; only what was requested is answered.
struct Granted {
    std::uint32_t version_rolling_mask{};  ///< 0: refused
    bool minimum_difficulty{};
    bool subscribe_extranonce{};
};
void append_configured(std::string& out, std::string_view id, const Configure& asked, const Granted& granted);
void append_notify(std::string& out, const Notify& notify);
void append_set_difficulty(std::string& out, double difficulty);
void append_set_extranonce(std::string& out, ByteView extranonce1, std::size_t extranonce2_size);
void append_set_version_mask(std::string& out, std::uint32_t mask);
void append_show_message(std::string& out, std::string_view text);

// Miner to server. Ids are the miner's own numbers.

void append_configure(std::string& out, std::uint64_t id, std::uint32_t version_rolling_mask,
                      std::uint32_t min_bit_count);
void append_subscribe(std::string& out, std::uint64_t id, std::string_view user_agent);
void append_authorize(std::string& out, std::uint64_t id, std::string_view user, std::string_view password);
void append_suggest_difficulty(std::string& out, std::uint64_t id, double difficulty);
void append_extranonce_subscribe(std::string& out, std::uint64_t id);
void append_submit(std::string& out, std::uint64_t id, std::string_view worker, std::string_view job_id,
                   ByteView extranonce2, std::uint32_t ntime, std::uint32_t nonce,
                   std::optional<std::uint32_t> version_bits);
/// The answer to client.get_version (the program's name and version) or mining.ping ("pong").
void append_text_answer(std::string& out, std::string_view id, std::string_view text);

}  // namespace hp::sv1
