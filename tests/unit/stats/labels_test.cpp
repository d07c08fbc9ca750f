// What counters have before their first event.
#include <doctest/doctest.h>

#include <algorithm>

#include "cashu/errors.hpp"
#include "records/declared.hpp"
#include "stats/metrics.hpp"
#include "stats/rules.hpp"

namespace {

using namespace hp;
using namespace hp::stats;

records::Labels known_labels(std::string_view type) {
    const auto& record = *records::find(type);
    return records::known_labels(record, record.series.front());
}

bool has_label(std::string_view series, std::string_view label) {
    const auto all = known_labels(series);
    return std::ranges::find(all, label) != all.end();
}

}  // namespace

TEST_CASE("every code of Cashu and of the link, and every reason, is a label before its first event") {
    for (const char* code : {"0", "10001", "11001", "20002", "31004", "50000"})
        CHECK(has_label("request_refused", code));
    CHECK_FALSE(has_label("request_refused", "10002"));
    CHECK(cashu::all_codes().size() == 37);
    CHECK(known_labels("quote_dead").size() == 7);
    CHECK(has_label("quote_dead", "1"));
    CHECK(has_label("quote_dead", "7"));
    CHECK(has_label("quote_created", "false"));
    CHECK(has_label("share_rejected", "stale-share"));
    CHECK(has_label("channel_refused", "no-template-yet"));
    CHECK(known_labels("share_accepted").empty());  // workers
}

TEST_CASE("every counter of a page without any record stands at 0, and so does every latency") {
    const std::string page = metrics_text({}, {}, {});
    std::size_t families = 0;
    for (std::size_t at = 0; (at = page.find("# TYPE ", at)) != std::string::npos; ++at) {
        const auto name = page.substr(at + 7, page.find(' ', at + 7) - at - 7);
        const auto type = page.substr(at + 8 + name.size(), page.find('\n', at) - at - 8 - name.size());
        if (type == "gauge") continue;
        CAPTURE(name);
        const auto sample = page.find("\n" + name + (type == "histogram" ? "_count" : ""), at);
        REQUIRE(sample != std::string::npos);
        const auto line = page.substr(sample + 1, page.find('\n', sample + 1) - sample - 1);
        CHECK(line.ends_with(" 0"));
        ++families;
    }
    CHECK(families >= 25);
    CHECK(page.find("hashpool_quotes_dead_total{code=\"5\"} 0\n") != std::string::npos);
    CHECK(page.find("hashpool_share_to_quote_seconds_bucket{le=\"+Inf\"} 0\n") != std::string::npos);
}
