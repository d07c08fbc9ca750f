// The declared messages are exactly those of the message table, and what is derived from them fits.
#include <map>
#include <set>

#include "samples.hpp"
#include "sv2/registry.hpp"
#include "vectors.hpp"

namespace hp::test {
namespace {

Json read_table() {
    std::ifstream in(HP_SOURCE_DIR "/tests/spec/sv2-messages.json");
    Json table = Json::parse(in, nullptr, false);
    REQUIRE_MESSAGE(!table.is_discarded(), "tests/spec/sv2-messages.json is missing or not JSON");
    return table;
}

/// All messages of the table, with the family that each should be declared in.
std::vector<std::pair<Family, Json>> table_messages() {
    const std::map<std::string, Family> families{{"common", Family::common},
                                                 {"mining", Family::mining},
                                                 {"job_declaration", Family::job_declaration},
                                                 {"template_distribution", Family::templates},
                                                 {"extensions_negotiation", Family::extensions}};
    const Json table = read_table();
    std::vector<std::pair<Family, Json>> out;
    for (const Json& message : table["messages"]) {
        const auto family = families.find(message["protocol"]);
        REQUIRE(family != families.end());
        out.emplace_back(family->second, message);
    }
    for (const Json& message : table["hashpool_legacy"]["messages"])
        out.emplace_back(Family::legacy, message);
    REQUIRE(out.size() >= 49);
    return out;
}

TEST_CASE("every message of the table is declared with its numbers and fields") {
    for (const auto& [family, message] : table_messages()) {
        CAPTURE(message.dump());
        const MessageRow* row = find_message(message["extension_type"], message["msg_type"]);
        REQUIRE(row);
        CHECK(row->name == message["name"].get<std::string>());
        CHECK(row->family == family);
        CHECK(row->channel_msg == message["channel_msg"].get<bool>());
        const auto fields = row->fields();
        REQUIRE(fields.size() == message["fields"].size());
        for (std::size_t i = 0; i < fields.size(); ++i) {
            CHECK(fields[i].name == message["fields"][i]["name"].get<std::string>());
            CHECK(fields[i].type == message["fields"][i]["type"].get<std::string>());
        }
    }
}

TEST_CASE(
    "nothing is declared that the table does not have, except our own ehash, link, records and blocks "
    "messages") {
    std::set<std::pair<int, int>> in_table;
    for (const auto& [family, message] : table_messages())
        in_table.emplace(message["extension_type"].get<int>(), message["msg_type"].get<int>());
    std::size_t of_table = 0, our_own = 0;
    for (const MessageRow& row : message_rows()) {
        CAPTURE(row.name);
        if (row.family == Family::ehash || row.family == Family::link || row.family == Family::records ||
            row.family == Family::blocks) {
            ++our_own;
            // Experimental range of extension types.
            CHECK(row.extension_type >= 0x4000);
            CHECK(row.extension_type <= 0x7fff);
        } else {
            ++of_table;
            CHECK(in_table.contains({row.extension_type, row.msg_type}));
        }
    }
    CHECK(of_table == in_table.size());
    CHECK(our_own ==
          boost::mp11::mp_size<ehash::Messages>::value + boost::mp11::mp_size<link::Messages>::value +
              boost::mp11::mp_size<records::Messages>::value + boost::mp11::mp_size<blocks::Messages>::value);
}

TEST_CASE("a message is found by its numbers, and nothing by other numbers") {
    for (const MessageRow& row : message_rows())
        CHECK(find_message(row.extension_type, row.msg_type) == &row);
    const Json table = read_table();
    for_each_vector(table["reserved"], [](const Json& m) { CHECK_FALSE(find_message(0, m["msg_type"])); });
    for_each_vector(table["retired"], [](const Json& m) { CHECK_FALSE(find_message(0, m["msg_type"])); });
    CHECK_FALSE(find_message(0, 0x80));
    CHECK_FALSE(find_message(3, 0xc0));
    CHECK_FALSE(find_message(0x8000, 0x15));
    CHECK(find_messages("SetNewPrevHash").size() == 2);
    CHECK(find_messages("SetTarget").size() == 1);
    CHECK(find_messages("settarget").empty());
}

TEST_CASE("the payload limit is the size of the largest legal message, and room for foreign TLVs") {
    const auto limit = [](std::uint16_t extension_type, std::uint8_t msg_type) {
        return payload_limit(extension_type, msg_type) - kForeignTlvsMax;
    };
    CHECK(limit(0, 0x01) == 6);
    CHECK(limit(0, 0x00) == 1 + 2 + 2 + 4 + 256 + 2 + 4 * 256);
    CHECK(limit(0, 0x1a) == 24 + 38 + 260);
    CHECK(limit(0, 0x15) == 4 + 4 + 5 + 4 + 32);
    CHECK(limit(0, 0x57) == 4 + 256 + 4 + 2 * 65537 + (2 + 65535 * 32) + 65537);
    // With the TLV that names the worker, 5 + 32 bytes, and those of the owner, 5 + 33 and 5 + 255.
    CHECK(limit(0, 0x1b) == 24 + 33 + 37 + 38 + 260);
    // With the TLV of the locking key: 5 + 33 bytes.
    CHECK(limit(0, 0x13) == 4 + 256 + 4 + 32 + 2 + 38);
    // Lists of transactions may fill a frame.
    CHECK(payload_limit(0, 0x56) == 0xff'ffff);
    CHECK(payload_limit(0, 0x74) == 0xff'ffff);
    CHECK(payload_limit(blocks::kExtensionType, 0x00) == 0xff'ffff);
    // The negotiation of extensions lists a handful, not 65,535.
    CHECK(limit(1, 0x00) == 2 + 2 * (2 + 2 * extensions::kListedMax));
    // Unknown: reserved number, legacy number in the wrong extension, unknown extension.
    CHECK(payload_limit(0, 0x1e) == 65536);
    CHECK(payload_limit(0, 0x80) == 65536);
    CHECK(payload_limit(0x7fff, 0x00) == 65536);
    std::size_t checked = 0;
    boost::mp11::mp_for_each<boost::mp11::mp_transform<std::type_identity, AllMessages>>([&](auto type) {
        using M = typename decltype(type)::type;
        const MessageRow* row = find_message(M::info.extension_type, M::info.msg_type);
        REQUIRE(row);
        // Those that may fill a frame cannot be built at their largest.
        if (row->payload_max == 0xff'ffff) return;
        const std::size_t size = encode_frame(Sampler(true).message<M>()).size() - kHeaderSize;
        CAPTURE(row->name);
        CHECK(row->payload_max >= size);
        const bool has_name = row->name == "UpdateChannel" || row->name.starts_with("SubmitSharesE") ||
                              row->name == "SubmitSharesStandard";
        CHECK(row->payload_max - size <= (has_name ? 298u + 37u : 38u));
        ++checked;
    });
    CHECK(checked == message_rows().size() - 3);
}

TEST_CASE("the payload limit of a connection knows only the families that it speaks") {
    constexpr auto mining = payload_limit_of<Family::mining, Family::ehash>;
    CHECK(mining(0, 0x1a) == 24 + 38 + 260 + kForeignTlvsMax);
    CHECK(mining(0, 0x01) == 6 + kForeignTlvsMax);
    CHECK(mining(1, 0x00) == payload_limit(1, 0x00));
    CHECK(mining(ehash::kExtensionType, 0x00) == payload_limit(ehash::kExtensionType, 0x00));
    CHECK(mining(0, 0x74) == kUnknownPayloadMax);
    CHECK(mining(link::kExtensionType, 0x20) == kUnknownPayloadMax);
    constexpr auto on_link = payload_limit_of<Family::link>;
    CHECK(on_link(link::kExtensionType, 0x20) == 8 + kForeignTlvsMax);
    CHECK(on_link(0, 0x1a) == kUnknownPayloadMax);
}

TEST_CASE("a connection speaks its own families, and what opens any connection") {
    constexpr auto spoken = is_spoken<Family::mining, Family::ehash>;
    CHECK(spoken(0, 0x00));
    CHECK(spoken(0, 0x1b));
    CHECK(spoken(1, 0x00));
    CHECK(spoken(ehash::kExtensionType, 0x00));
    CHECK_FALSE(spoken(0, 0x71));
    CHECK_FALSE(spoken(0, 0x1e));
    CHECK_FALSE(spoken(1, 0x03));
    CHECK_FALSE(spoken(ehash::kExtensionType, 0x7f));
    CHECK_FALSE(spoken(0x7fff, 0x00));
    CHECK(message_name(0, 0x71) == "NewTemplate");
    CHECK(message_name(0, 0x7f) == "0x7f");
    CHECK(message_name(0x4851, 0x7f) == "0x7f of extension 0x4851");
}

TEST_CASE("after the last field of any message come TLVs, known or not, or nothing") {
    boost::mp11::mp_for_each<boost::mp11::mp_transform<std::type_identity, AllMessages>>([](auto type) {
        using M = typename decltype(type)::type;
        CAPTURE(M::info.name);
        const M message = Sampler(false).message<M>();
        const Bytes whole = encode_frame(message);
        const auto with = [&](const Bytes& more) {
            Bytes payload(whole.begin() + kHeaderSize, whole.end());
            append(payload, more);
            return decode<M>(payload);
        };
        const auto is_taken = [&](const Bytes& more) {
            const auto decoded = with(more);
            return decoded && *decoded == message;
        };
        CHECK(is_taken({}));
        CHECK(is_taken({0xfe, 0x7f, 9, 3, 0, 'a', 'b', 'c'}));
        CHECK(is_taken({0xfe, 0x7f, 9, 0, 0, 0x02, 0x00, 1, 1, 0, 'w'}));
        for (const Bytes& junk :
             {Bytes{0}, Bytes{1, 2, 3, 4}, Bytes(5, 0), Bytes(8, 0xff), Bytes{0x00, 0x80, 1, 0, 0},
              Bytes{0xfe, 0x7f, 9, 3, 0, 'a', 'b'}, Bytes{0xfe, 0x7f, 9, 0, 0, 7}}) {
            CAPTURE(to_hex(junk));
            const auto decoded = with(junk);
            REQUIRE_FALSE(decoded);
            CHECK(decoded.error().what.starts_with(std::string(M::info.name) +
                                                   ": after the last field: TLV: "));
        }
    });
}

}  // namespace
}  // namespace hp::test
