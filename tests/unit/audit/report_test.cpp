#include "audit/report.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "audit/files.hpp"
#include "audit/show.hpp"
#include "audit/twins.hpp"

using namespace hp;
using namespace hp::audit;

TEST_CASE("sums of 128 bits as text") {
    Wide big = Wide{1} << 100;
    CHECK(to_text(big) == "1267650600228229401496703205376");
    CHECK(to_text(-big) == "-1267650600228229401496703205376");
    CHECK(to_text(Wide{1} << 127) == "-170141183460469231731687303715884105728");
    CHECK(to_text(Wide{0}) == "0");
    CHECK(to_grouped_text(0) == "0");
    CHECK(to_grouped_text(999) == "999");
    CHECK(to_grouped_text(1000) == "1,000");
    CHECK(to_grouped_text(-1000) == "-1,000");
    CHECK(to_grouped_text(-100) == "-100");
    CHECK(to_grouped_text(1234567) == "1,234,567");
}

TEST_CASE("quote ids: only the text that the mint gives is one") {
    auto id = quote_id_from_text("01890a5d-ac96-774b-bcce-b302099a8057");
    REQUIRE(id);
    CHECK(to_text(*id) == "01890a5d-ac96-774b-bcce-b302099a8057");
    for (const char* text : {"", "01890a5dac96774bbcceb302099a8057", "01890A5D-ac96-774b-bcce-b302099a8057",
                             "01890a5d-ac96-774b-bcce-b302099a805", "01890a5d-ac96-774b-bcce-b302099a80570",
                             "01890a5d-ac96-774bb-cce-b302099a8057"})
        CHECK_MESSAGE(!quote_id_from_text(text), text);
}

TEST_CASE("twins: each value that comes more than once is found once") {
    Twins twins;
    auto value = [](std::uint64_t number) {
        Bytes32 out{};
        put_be(out.data(), number);
        return out;
    };
    for (std::uint64_t number : {5, 7, 9, 7, 7, 2, 5, 1}) twins.add(value(number));
    auto found = twins.found();
    REQUIRE(found.size() == 2);
    CHECK(get_be<std::uint64_t>(found[0].data()) == 5);
    CHECK(get_be<std::uint64_t>(found[1].data()) == 7);
    CHECK(Twins{}.found().empty());
}

TEST_CASE("a report: ok by a check, skipped without one, breach above all; only some texts are kept") {
    Report report{2};
    report.checked(I4, 0);
    report.checked(I5, 3);
    report.skip(I5, "half of it");
    report.skip(I5, "half of it");
    report.skip(I16, "no wallet");
    CHECK(report.ok());
    for (int i = 0; i < 5; ++i) report.breach(I8, "number ", i, " of ", Wide{1} << 70);
    CHECK_FALSE(report.ok());
    const auto& all = report.invariants();
    CHECK(all[I4].state() == State::ok);
    CHECK(all[I5].state() == State::ok);
    CHECK(all[I5].not_checked == std::vector<std::string>{"half of it"});
    CHECK(all[I16].state() == State::skipped);
    CHECK(all[I8].state() == State::breach);
    CHECK(all[I8].breach_count == 5);
    CHECK(all[I8].breaches == std::vector<std::string>{"number 0 of 1180591620717411303424",
                                                       "number 1 of 1180591620717411303424"});
    std::string lines = to_lines(report);
    CHECK(lines.find("and 3 more\n") != std::string::npos);
    CHECK(lines.find("not checked: no wallet\n") != std::string::npos);
}

TEST_CASE("the report as JSON: exact integers up to 64 bits, strings above") {
    Report report{1};
    report.totals.mints = 1;
    report.totals.quoted = static_cast<Wide>(UINT64_MAX);
    report.totals.signed_amount = static_cast<Wide>(UINT64_MAX) + 1;
    report.totals.spent = static_cast<Wide>(UINT64_MAX) + 6;
    std::string text = to_json(report);
    CHECK(text.find("\"quoted\":18446744073709551615,") != std::string::npos);
    auto json = nlohmann::json::parse(text);
    CHECK(json["ok"] == true);
    CHECK(json["totals"]["signed"] == "18446744073709551616");
    CHECK(json["totals"]["outstanding"] == -5);
    CHECK_FALSE(json["totals"].contains("accepted"));
    REQUIRE(json["invariants"].size() == 27);
    CHECK(json["invariants"][0]["id"] == "DB");
    for (std::size_t i = 1; i < 25; ++i) CHECK(json["invariants"][i]["id"] == "I" + std::to_string(i));
    // Nothing is skipped without a word once the audit has been through; these never are.
    for (Id id : {I2, I20, I21, I22, I23}) CHECK_FALSE(report.invariants()[id].not_checked.empty());
}

TEST_CASE("what is accepted is green up to its amount, and only where all that breaks it has one") {
    Report report{5};
    report.checked(I18);
    report.breach_of(200, I18, "two");
    report.breach_of(100, I18, "one");
    auto state = [&] { return report.invariants()[I18].state(); };
    CHECK(state() == State::breach);
    report.accept({I18, 299, "less"});
    CHECK(state() == State::breach);
    CHECK_FALSE(report.ok());
    // The highest counts, not the sum.
    report.accept({I18, 300, "all"});
    CHECK(state() == State::accepted);
    CHECK(report.ok());
    const std::string lines = to_lines(report);
    CHECK(lines.find("broken by 300") != std::string::npos);
    CHECK(lines.find("accepted up to 300: all") != std::string::npos);
    CHECK(nlohmann::json::parse(to_json(report))["invariants"][I18]["accepted"].size() == 2);
    report.breach_of(1, I18, "more");
    CHECK(state() == State::breach);
    report.accept({I18, 1000, "more"});
    CHECK(state() == State::accepted);
    report.breach(I18, "worth nothing that could be accepted");
    CHECK(state() == State::breach);
    CHECK(nlohmann::json::parse(to_json(report))["invariants"][I18]["breach_amount"].is_null());
}
