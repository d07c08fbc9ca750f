#include "sv1/build.hpp"

#include <charconv>
#include <cmath>

#include "base/json_text.hpp"

namespace hp::sv1 {
namespace {

constexpr char kHex[] = "0123456789abcdef";

void append_hex(std::string& out, ByteView bytes) {
    const std::size_t start = out.size();
    out.resize(start + 2 * bytes.size());
    char* at = out.data() + start;
    for (std::uint8_t byte : bytes) {
        *at++ = kHex[byte >> 4];
        *at++ = kHex[byte & 15];
    }
}
void append_quoted_hex(std::string& out, ByteView bytes) {
    out += '"';
    append_hex(out, bytes);
    out += '"';
}
/// Big-endian, eight digits, in quotes.
void append_quoted_hex(std::string& out, std::uint32_t value) {
    std::uint8_t bytes[4];
    put_be(bytes, value);
    append_quoted_hex(out, ByteView(bytes));
}
template <class Int>
void append_integer(std::string& out, Int value) {
    char digits[24];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

/// `{"id":7,"method":"mining.x","params":[`
void open_request(std::string& out, std::uint64_t id, std::string_view method) {
    out += R"({"id":)";
    append_integer(out, id);
    out += R"(,"method":")";
    out += method;
    out += R"(","params":[)";
}
void open_notification(std::string& out, std::string_view method) {
    out += R"({"id":null,"method":")";
    out += method;
    out += R"(","params":[)";
}
void open_result(std::string& out, std::string_view id) {
    out += R"({"id":)";
    out += id;
    out += R"(,"result":)";
}
constexpr std::string_view kCloseResult = ",\"error\":null}\n";
constexpr std::string_view kCloseParams = "]}\n";

}  // namespace

void append_difficulty(std::string& out, double difficulty) {
    HP_ASSERT(std::isfinite(difficulty) && difficulty > 0);
    char digits[64];
    const bool plain = difficulty >= 1e-12 && difficulty < 1e18;
    const auto end = plain
                         ? std::to_chars(digits, digits + sizeof digits, difficulty, std::chars_format::fixed)
                         : std::to_chars(digits, digits + sizeof digits, difficulty);
    HP_ASSERT(end.ec == std::errc{});
    out.append(digits, end.ptr);
}

void append_true(std::string& out, std::string_view id) {
    open_result(out, id);
    out += "true";
    out += kCloseResult;
}

namespace {
void append_refusal(std::string& out, std::string_view id, std::string_view result, ErrorCode code,
                    std::string_view text) {
    open_result(out, id);
    out += result;
    out += R"(,"error":[)";
    append_integer(out, static_cast<int>(code));
    out += ',';
    append_json_string(out, text);
    out += ",null]}\n";
}
}  // namespace

void append_error(std::string& out, std::string_view id, ErrorCode code, std::string_view text) {
    append_refusal(out, id, "null", code, text);
}

void append_false(std::string& out, std::string_view id, ErrorCode code, std::string_view text) {
    append_refusal(out, id, "false", code, text);
}

void append_subscribed(std::string& out, std::string_view id, std::string_view session_id,
                       ByteView extranonce1, std::size_t extranonce2_size) {
    open_result(out, id);
    out += R"([[["mining.set_difficulty",)";
    append_json_string(out, session_id);
    out += R"(],["mining.notify",)";
    append_json_string(out, session_id);
    out += "]],";
    append_quoted_hex(out, extranonce1);
    out += ',';
    append_integer(out, extranonce2_size);
    out += ']';
    out += kCloseResult;
}

void append_configured(std::string& out, std::string_view id, const Configure& asked,
                       const Granted& granted) {
    open_result(out, id);
    out += '{';
    bool first = true;
    const auto member = [&](std::string_view name) -> std::string& {
        if (!std::exchange(first, false)) out += ',';
        append_json_string(out, name);
        return out += ':';
    };
    const auto yes_or_no = [](bool yes) { return yes ? "true" : "false"; };
    if (!asked.version_rolling_error.empty()) {
        append_json_string(member("version-rolling"), asked.version_rolling_error);
    } else if (asked.version_rolling) {
        member("version-rolling") += yes_or_no(granted.version_rolling_mask != 0);
        if (granted.version_rolling_mask != 0)
            append_quoted_hex(member("version-rolling.mask"), granted.version_rolling_mask);
    }
    if (!asked.minimum_difficulty_error.empty())
        append_json_string(member("minimum-difficulty"), asked.minimum_difficulty_error);
    else if (asked.minimum_difficulty)
        member("minimum-difficulty") += yes_or_no(granted.minimum_difficulty);
    if (asked.subscribe_extranonce) member("subscribe-extranonce") += yes_or_no(granted.subscribe_extranonce);
    if (asked.info) member("info") += "true";
    for (std::string_view name : asked.unknown) member(name) += "false";
    out += '}';
    out += kCloseResult;
}

void append_notify(std::string& out, const Notify& notify) {
    out.reserve(out.size() + 256 + notify.job_id.size() + 2 * notify.coinbase1.size() +
                2 * notify.coinbase2.size() + 67 * notify.merkle_branch.size());
    open_notification(out, "mining.notify");
    append_json_string(out, notify.job_id);
    out += ',';
    append_quoted_hex(out, swap_words(notify.prev_hash));
    out += ',';
    append_quoted_hex(out, notify.coinbase1);
    out += ',';
    append_quoted_hex(out, notify.coinbase2);
    out += ",[";
    for (std::size_t i = 0; i < notify.merkle_branch.size(); ++i) {
        if (i > 0) out += ',';
        append_quoted_hex(out, notify.merkle_branch[i]);
    }
    out += "],";
    append_quoted_hex(out, notify.version);
    out += ',';
    append_quoted_hex(out, notify.nbits);
    out += ',';
    append_quoted_hex(out, notify.ntime);
    out += notify.clean_jobs ? ",true" : ",false";
    out += kCloseParams;
}

void append_set_difficulty(std::string& out, double difficulty) {
    open_notification(out, "mining.set_difficulty");
    append_difficulty(out, difficulty);
    out += kCloseParams;
}

void append_set_extranonce(std::string& out, ByteView extranonce1, std::size_t extranonce2_size) {
    open_notification(out, "mining.set_extranonce");
    append_quoted_hex(out, extranonce1);
    out += ',';
    append_integer(out, extranonce2_size);
    out += kCloseParams;
}

void append_set_version_mask(std::string& out, std::uint32_t mask) {
    open_notification(out, "mining.set_version_mask");
    append_quoted_hex(out, mask);
    out += kCloseParams;
}

void append_show_message(std::string& out, std::string_view text) {
    open_notification(out, "client.show_message");
    append_json_string(out, text);
    out += kCloseParams;
}

void append_configure(std::string& out, std::uint64_t id, std::uint32_t version_rolling_mask,
                      std::uint32_t min_bit_count) {
    open_request(out, id, "mining.configure");
    out += R"(["version-rolling"],{"version-rolling.mask":)";
    append_quoted_hex(out, version_rolling_mask);
    out += R"(,"version-rolling.min-bit-count":)";
    append_integer(out, min_bit_count);
    out += '}';
    out += kCloseParams;
}

void append_subscribe(std::string& out, std::uint64_t id, std::string_view user_agent) {
    open_request(out, id, "mining.subscribe");
    append_json_string(out, user_agent);
    out += kCloseParams;
}

void append_authorize(std::string& out, std::uint64_t id, std::string_view user, std::string_view password) {
    open_request(out, id, "mining.authorize");
    append_json_string(out, user);
    out += ',';
    append_json_string(out, password);
    out += kCloseParams;
}

void append_suggest_difficulty(std::string& out, std::uint64_t id, double difficulty) {
    open_request(out, id, "mining.suggest_difficulty");
    append_difficulty(out, difficulty);
    out += kCloseParams;
}

void append_extranonce_subscribe(std::string& out, std::uint64_t id) {
    open_request(out, id, "mining.extranonce.subscribe");
    out += kCloseParams;
}

void append_submit(std::string& out, std::uint64_t id, std::string_view worker, std::string_view job_id,
                   ByteView extranonce2, std::uint32_t ntime, std::uint32_t nonce,
                   std::optional<std::uint32_t> version_bits) {
    open_request(out, id, "mining.submit");
    append_json_string(out, worker);
    out += ',';
    append_json_string(out, job_id);
    out += ',';
    append_quoted_hex(out, extranonce2);
    out += ',';
    append_quoted_hex(out, ntime);
    out += ',';
    append_quoted_hex(out, nonce);
    if (version_bits) {
        out += ',';
        append_quoted_hex(out, *version_bits);
    }
    out += kCloseParams;
}

void append_text_answer(std::string& out, std::string_view id, std::string_view text) {
    open_result(out, id);
    append_json_string(out, text);
    out += kCloseResult;
}

}  // namespace hp::sv1
