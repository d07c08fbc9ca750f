// Times as written by people, logs and date(1).
#include <charconv>
#include <chrono>
#include <optional>

#include "base/bytes.hpp"
#include "stats/text.hpp"

namespace hp::stats {
namespace {

/// Parses from the front; stops at the first fault.
class TimeScanner {
  public:
    explicit TimeScanner(std::string_view text) : rest_{text} {}
    bool done() const { return is_good_ && rest_.empty(); }
    bool take(std::string_view any_of) {
        if (rest_.empty() || any_of.find(rest_.front()) == std::string_view::npos) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void need(char c) { is_good_ = take({&c, 1}) && is_good_; }
    /// Exactly `digits` decimal digits, value at most `max`.
    int number(std::size_t digits, int max) {
        int out = 0;
        const auto [end, error] =
            std::from_chars(rest_.data(), rest_.data() + std::min(digits, rest_.size()), out);
        is_good_ = is_good_ && error == std::errc{} && end == rest_.data() + digits && out >= 0 && out <= max;
        rest_.remove_prefix(std::min(digits, rest_.size()));
        return out;
    }
    /// The digits after a point; truncated to milliseconds.
    int fraction_ms() {
        int out = 0, digits = 0;
        for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
             rest_.remove_prefix(1), ++digits)
            if (digits < 3) out = out * 10 + (rest_.front() - '0');
        is_good_ = is_good_ && digits > 0;
        for (; digits < 3; ++digits) out *= 10;
        return out;
    }

  private:
    std::string_view rest_;
    bool is_good_{true};
};

/// RFC 3339 with optional time of day, seconds and zone (default UTC), and a space allowed in place of the T.
std::optional<UnixMs> from_date(std::string_view text) {
    TimeScanner in{text};
    const int year = in.number(4, 9999);
    in.need('-');
    const int month = in.number(2, 12);
    in.need('-');
    const int day = in.number(2, 31);
    const std::chrono::year_month_day date{std::chrono::year{year},
                                           std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    std::int64_t day_ms = 0, zone_min = 0;
    if (in.take("Tt ")) {
        const int hour = in.number(2, 23);
        in.need(':');
        const int minute = in.number(2, 59);
        int second = 0, ms = 0;
        if (in.take(":")) {
            second = in.number(2, 60);  // 60: a leap second, which Unix time counts as the next one
            if (in.take(".")) ms = in.fraction_ms();
        }
        day_ms = ((hour * 60LL + minute) * 60 + second) * 1000 + ms;
        const bool is_east = in.take("+");
        if (is_east || in.take("-")) {
            const int hours = in.number(2, 23);
            in.need(':');
            zone_min = (hours * 60LL + in.number(2, 59)) * (is_east ? 1 : -1);
        } else {
            in.take("Zz");
        }
    }
    if (!in.done() || !date.ok()) return std::nullopt;
    const auto days = std::chrono::sys_days{date}.time_since_epoch().count();
    return UnixMs{days} * 86'400'000 + day_ms - zone_min * 60'000;
}

/// Seconds since 1970, as printed by date +%s, or with date's @ in front. A year alone does not count.
std::optional<UnixMs> from_seconds(std::string_view text) {
    constexpr std::size_t kDigitsMin = 9, kDigitsMax = 11;
    const bool is_marked = text.starts_with('@');
    if (is_marked) text.remove_prefix(1);
    const auto point = std::min(text.find('.'), text.size());
    if (point == 0 || point > kDigitsMax || (!is_marked && point < kDigitsMin)) return std::nullopt;
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + point, seconds);
    if (error != std::errc{} || end != text.data() + point || seconds < 0) return std::nullopt;
    TimeScanner behind{text.substr(point)};
    const int ms = behind.take(".") ? behind.fraction_ms() : 0;
    if (!behind.done()) return std::nullopt;
    return seconds * 1000 + ms;
}

}  // namespace

Result<UnixMs> time_from_text(std::string_view text) {
    if (const auto at = from_date(text)) return *at;
    if (const auto at = from_seconds(text)) return *at;
    return fail(Errc::usage,
                "expected a time such as 2026-11-26T12:00:00Z, 2026-11-26T13:00:00.5+01:00, '2026-11-26 "
                "12:00' (UTC) or 1795694400 (seconds since 1970), got '" +
                    printable(text, 64) + "'");
}

}  // namespace hp::stats
