#include "net/http_date.hpp"

#include <array>
#include <ctime>

namespace hp::net {

std::string http_date(UnixSeconds when) {
    static constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::time_t seconds = when;
    std::tm tm{};
    ::gmtime_r(&seconds, &tm);
    char text[64];
    // Not strftime's %a and %b: those follow the locale.
    int size = std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT",
                             kDays[static_cast<std::size_t>(tm.tm_wday)], tm.tm_mday,
                             kMonths[static_cast<std::size_t>(tm.tm_mon)], tm.tm_year + 1900, tm.tm_hour,
                             tm.tm_min, tm.tm_sec);
    return {text, static_cast<std::size_t>(size)};
}

}  // namespace hp::net
