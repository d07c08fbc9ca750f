// JSON of frames: its exact form, what is not lost, and what is refused.
#include "sv2/describe.hpp"
#include "samples.hpp"
#include "sv2/registry.hpp"
#include "vectors.hpp"

namespace hp::test {
namespace {

std::string shown(std::string_view hex) {
    const auto text = frame_to_json(hex);
    REQUIRE_MESSAGE(text, text.error().what);
    return *text;
}
std::string encoded(std::string_view json) {
    const auto hex = json_to_frame(json);
    REQUIRE_MESSAGE(hex, hex.error().what);
    return *hex;
}
std::string refusal(std::string_view json) {
    const auto hex = json_to_frame(json);
    REQUIRE_FALSE(hex);
    return hex.error().what;
}

TEST_CASE("a frame is one line of JSON with its keys in order") {
    CHECK(shown("000001060000020003000000") ==
          R"({"extension_type":0,"channel_msg":false,"msg_type":1,"name":"SetupConnection.Success",)"
          R"("fields":{"used_version":2,"flags":3}})");
    CHECK(shown("00801b3000000100000007000000020000000300000004000000000000200801020304050607080200010a0057"
                "6f726b65725f303031") ==
          R"({"extension_type":0,"channel_msg":true,"msg_type":27,"name":"SubmitSharesExtended",)"
          R"("fields":{"channel_id":1,"sequence_number":7,"job_id":2,"nonce":3,"ntime":4,)"
          R"("version":536870912,"extranonce":"0102030405060708"},)"
          R"("tlv":[{"extension_type":2,"field_type":1,"value":"576f726b65725f303031"}]})");
}

TEST_CASE("hex may have white space and 0x") {
    const std::string json = shown("000001060000020003000000");
    CHECK(shown(" 0x000001060000020003000000\r\n") == json);
    CHECK(shown("00 00 01 06 00 00\t02 00 03 00 00 00") == json);
    CHECK(convert_line(" 000001060000020003000000\n").value() == json);
    CHECK(convert_line("  " + json + "\n").value() == "000001060000020003000000");
    CHECK_FALSE(frame_to_json(""));
    CHECK_FALSE(frame_to_json("0x"));
    CHECK_FALSE(frame_to_json("00000106000002000300000"));
    CHECK_FALSE(frame_to_json("00000106000002000300000g"));
    CHECK_FALSE(convert_line(""));
}

TEST_CASE("an unknown message keeps its payload") {
    const std::string json =
        R"({"extension_type":16384,"channel_msg":true,"msg_type":30,"name":null,"payload":"0102ff"})";
    CHECK(shown("00c01e0300000102ff") == json);
    CHECK(encoded(json) == "00c01e0300000102ff");
    // A legacy number in another extension is not that message.
    CHECK(Json::parse(shown("000080000000"))["name"].is_null());
    CHECK(refusal(R"({"extension_type":32768,"channel_msg":true,"msg_type":30,"name":null,"payload":""})") ==
          "extension_type: expected a whole number from 0 to 32767, got 32768");
    CHECK(refusal(R"({"channel_msg":true,"msg_type":30,"name":null,"payload":""})") ==
          "extension_type: missing");
    CHECK(refusal(R"({"extension_type":1,"channel_msg":true,"msg_type":30,"name":null,"fields":{}})") ==
          "unknown field 'fields'");
}

TEST_CASE("a wrong channel bit is shown, and never encoded") {
    const std::string json = shown("008001060000020003000000");
    CHECK(Json::parse(json)["name"] == "SetupConnection.Success");
    CHECK(Json::parse(json)["channel_msg"] == true);
    CHECK(refusal(json) == "channel_msg: expected false for SetupConnection.Success, got true");
}

TEST_CASE("texts are escaped to ASCII on one line, and bytes that are no UTF-8 are kept as hex") {
    const auto with_reason = [](const std::string& reason) {
        return encode_frame(mining::CloseChannel{1, {reason}});
    };
    for (const std::string& reason :
         {std::string(), std::string("a\nb\r\x1b[2J\0c", 9), std::string("\"\\{}"),
          std::string("\u202e\u2028"), std::string("\x7f\xc2\x85\U0001f600"), std::string("\xff\xfe"),
          std::string("ok\xc3"), std::string("\xed\xa0\x80"), std::string(255, '\xf0'),
          std::string("{\"hex\":\"00\"}")}) {
        CAPTURE(to_hex(as_bytes(reason)));
        const Bytes frame = with_reason(reason);
        const auto text = describe_frame(frame);
        REQUIRE(text);
        CHECK(std::ranges::all_of(*text, [](char c) { return c >= 0x20 && c < 0x7f; }));
        const auto back = frame_from_description(*text);
        REQUIRE(back);
        CHECK(*back == frame);
    }
    CHECK(Json::parse(*describe_frame(with_reason("ok\xc3")))["fields"]["reason_code"] ==
          Json{{"hex", "6f6bc3"}});
    CHECK(Json::parse(*describe_frame(with_reason("\u00e9")))["fields"]["reason_code"] == "\u00e9");
}

TEST_CASE("F32 is exact or the shortest, and its odd values are bits") {
    const auto rate = [](F32 value) {
        const auto text = describe_frame(encode_frame(mining::UpdateChannel{1, value, {}}));
        REQUIRE(text);
        const auto start = text->find("\"nominal_hash_rate\":") + 20;
        const auto back = frame_from_description(*text);
        REQUIRE(back);
        CHECK(decode<mining::UpdateChannel>(ByteView(*back).subspan(kHeaderSize))->nominal_hash_rate ==
              value);
        return text->substr(start, text->find(",\"maximum_target\"") - start);
    };
    CHECK(rate(F32::from(0.345f)) == "0.345");
    CHECK(rate(F32::from(0.1f)) == "0.1");
    CHECK(rate(F32::from(0)) == "0.0");
    CHECK(rate({0x80000000}) == "-0.0");
    CHECK(rate(F32::from(596229977276416.0f)) == "596229977276416.0");
    CHECK(rate(F32::from(-1.5f)) == "-1.5");
    CHECK(rate({0x7f7fffff}) == "3.4028234663852886e+38");
    CHECK(rate({0x7fc00000}) == R"({"bits":2143289344})");
    CHECK(rate({0xff800000}) == R"({"bits":4286578688})");
    // A walk over all exponents and many significands.
    for (std::uint64_t bits = 0; bits <= 0xffff'ffff; bits += 0x1'2345)
        rate({static_cast<std::uint32_t>(bits)});
    for (std::uint32_t bits = 1; bits < 100; ++bits) rate({bits});
}

TEST_CASE("every message survives JSON") {
    boost::mp11::mp_for_each<boost::mp11::mp_transform<std::type_identity, AllMessages>>(
        []<class M>(std::type_identity<M>) {
            CAPTURE(M::info.name);
            const Tlv tlvs[] = {{2, 1, {1, 2, 3}}, {0xffff, 0xff, {}}};
            const Bytes frame = encode_frame(Sampler(false).message<M>(), tlvs);
            const auto text = describe_frame(frame);
            REQUIRE_MESSAGE(text, text.error().what);
            const auto back = frame_from_description(*text);
            REQUIRE_MESSAGE(back, back.error().what);
            CHECK(*back == frame);

            // Each field is required, whatever it is.
            const Json json = Json::parse(*text);
            for (const auto& [name, value] : json["fields"].items()) {
                Json without = json;
                without["fields"].erase(name);
                CHECK(refusal(without.dump()) == std::string(M::info.name) + ": " + name + ": missing");
                // No type takes an object with an unknown key.
                Json odd = json;
                odd["fields"][name] = Json{{"odd", 1}};
                CHECK(
                    refusal(odd.dump()).starts_with(std::string(M::info.name) + ": " + name + ": expected "));
            }
        });
}

TEST_CASE("what does not fit is refused by name") {
    const std::string start = R"({"name":"SetupConnection.Success","fields":)";
    CHECK(encoded(start + R"({"used_version":2,"flags":3}})") == "000001060000020003000000");
    CHECK(encoded(start + R"({"flags":3,"used_version":2}})") == "000001060000020003000000");
    const std::string place = "SetupConnection.Success: ";
    CHECK(refusal(start + R"({"used_version":2}})") == place + "flags: missing");
    CHECK(refusal(start + R"({"used_version":2,"flags":3,"flag":1}})") == place + "unknown field 'flag'");
    CHECK(refusal(start + R"({"used_version":65536,"flags":3}})") ==
          place + "used_version: expected a whole number from 0 to 65535, got 65536");
    CHECK(refusal(start + R"({"used_version":2,"flags":-1}})") ==
          place + "flags: expected a whole number from 0 to 4294967295, got -1");
    CHECK(refusal(start + R"({"used_version":2.0,"flags":1}})") ==
          place + "used_version: expected a whole number from 0 to 65535, got 2.0");
    CHECK(refusal(start + R"({"used_version":[[]],"flags":1}})") ==
          place + "used_version: expected a whole number from 0 to 65535, got an array");
    CHECK(refusal(start + R"({"used_version":2,"used_version":2,"flags":3}})") ==
          "field 'used_version' appears twice");
    CHECK(refusal(start + R"({"used_version":2,"flags":3},"extra":1})") == "unknown field 'extra'");
    CHECK(refusal(start + R"([]})") == "fields: expected an object, got an array");
    CHECK(refusal(R"({"name":"SetupConnection.Success"})") == "fields: missing");
    CHECK(refusal(R"({"name":"Setup"})") == "name: there is no message 'Setup'");
    CHECK(refusal(R"({"name":5})") == "name: expected a string or null, got 5");
    CHECK(refusal(R"({})") == "name: missing");
    CHECK(refusal(R"([])") == "expected an object, got an array");
    CHECK(refusal(R"({"name")") == "not a JSON document");
    CHECK(refusal("") == "not a JSON document");
    const std::string deep = std::string(400'000, '[') + std::string(400'000, ']');
    const std::string too_deep = "nested deeper than 8 levels";
    CHECK(refusal(std::string(400'000, '[')) == too_deep);
    CHECK(refusal(start + deep + "}") == too_deep);
    CHECK(refusal(R"({"name":"SetTarget","msg_type":)" + deep + R"(,"fields":{}})") == too_deep);
    CHECK(refusal(R"({"name":"SetTarget","header":{"msg_type":)" + deep + R"(},"fields":{}})") == too_deep);
}

TEST_CASE("header fields may be left out, and must fit when they are there") {
    const std::string rest = R"("fields":{"used_version":2,"flags":3}})";
    const std::string start = R"({"name":"SetupConnection.Success",)";
    CHECK(encoded(start + R"("msg_type":1,"channel_msg":false,"extension_type":0,)" + rest) ==
          "000001060000020003000000");
    CHECK(refusal(start + R"("msg_type":2,)" + rest) ==
          "msg_type: expected 1 for SetupConnection.Success, got 2");
    CHECK(refusal(start + R"("extension_type":1,)" + rest) ==
          "extension_type: expected 0 for SetupConnection.Success, got 1");
    CHECK(refusal(start + R"("channel_msg":0,)" + rest) == "channel_msg: expected true or false, got 0");
    const std::string both = R"({"name":"SetNewPrevHash","fields":{}})";
    CHECK(refusal(both) == "msg_type: missing; SetNewPrevHash is 32 or 114");
    CHECK(refusal(R"({"name":"SetNewPrevHash","msg_type":114,"fields":{}})") ==
          "SetNewPrevHash: template_id: missing");
}

TEST_CASE("sizes are checked before anything is encoded") {
    const auto token = [](std::size_t bytes) {
        return json_to_frame(R"({"name":"DeclareMiningJob.Success","fields":{"request_id":1,)"
                             R"("new_mining_job_token":")" +
                             std::string(2 * bytes, 'a') + "\"}}");
    };
    CHECK(token(255));
    CHECK(token(256).error().what ==
          "DeclareMiningJob.Success: new_mining_job_token: expected at most 255 bytes, got 256");
    const auto prefix = [](const std::string& hex) {
        return json_to_frame(
            R"({"name":"SetExtranoncePrefix","fields":{"channel_id":1,"extranonce_prefix":")" + hex + "\"}}");
    };
    CHECK(prefix(std::string(64, '0')));
    CHECK(prefix(std::string(66, '0')).error().what ==
          "SetExtranoncePrefix: extranonce_prefix: expected at most 32 bytes, got 33");
    CHECK(prefix("0").error().what == "SetExtranoncePrefix: extranonce_prefix: odd number of hex digits (1)");
    const auto reason = [](std::size_t bytes) {
        return json_to_frame(R"({"name":"CloseChannel","fields":{"channel_id":1,"reason_code":")" +
                             std::string(bytes, 'a') + "\"}}");
    };
    CHECK(reason(255));
    CHECK_FALSE(reason(256));
    // A list longer than its count can say, and elements that are named by their place.
    Json path = Json::array();
    for (int i = 0; i < 256; ++i) path.push_back(std::string(64, '1'));
    Json job = Json::parse(*describe_frame(encode_frame(mining::NewExtendedMiningJob{})));
    job["fields"]["merkle_path"] = path;
    CHECK(refusal(job.dump()) == "NewExtendedMiningJob: merkle_path: expected at most 255 elements, got 256");
    path.erase(0);
    job["fields"]["merkle_path"] = path;
    CHECK(json_to_frame(job.dump()));
    path[2] = "11";
    job["fields"]["merkle_path"] = path;
    CHECK(refusal(job.dump()) ==
          "NewExtendedMiningJob: merkle_path: [2]: expected 64 hex digits, got 2 characters");
    // Each part fits, the frame does not.
    const Json big{{"name", "RequestTransactionData.Success"},
                   {"fields",
                    {{"template_id", 1},
                     {"excess_data", ""},
                     {"transaction_list", {std::string(18'000'000, 'a'), std::string(18'000'000, 'b')}}}}};
    CHECK(refusal(big.dump()) == "payload of 18000018 bytes, a frame has at most 16777215");
}

TEST_CASE("TLVs are strict, too") {
    const auto with_tlv = [](const std::string& tlv) {
        return R"({"name":"SetupConnection.Success","fields":{"used_version":2,"flags":3},"tlv":)" + tlv +
               "}";
    };
    CHECK(encoded(with_tlv(R"([{"extension_type":2,"field_type":1,"value":"6162"}])")) ==
          "0000010d0000020003000000020001020061"
          "62");
    CHECK(encoded(with_tlv("[]")) == "000001060000020003000000");
    CHECK(refusal(with_tlv("{}")) == "tlv: expected an array, got an object");
    CHECK(refusal(with_tlv("[1]")) == "tlv: [0]: expected an object, got 1");
    CHECK(refusal(with_tlv(R"([{"extension_type":2,"field_type":256,"value":""}])")) ==
          "tlv: [0]: field_type: expected a whole number from 0 to 255, got 256");
    CHECK(refusal(with_tlv(R"([{"extension_type":2,"value":""}])")) == "tlv: [0]: field_type: missing");
    CHECK(refusal(with_tlv(R"([{"extension_type":2,"field_type":1,"value":"","x":1}])")) ==
          "tlv: [0]: unknown field 'x'");
}

TEST_CASE("errors do not carry an untrusted text as it came") {
    const std::string what =
        refusal("{\"name\":\"CloseChannel\",\"fields\":{\"channel_id\":\"\\u001b[2J\\n\u202e" +
                std::string(5000, 'x') + "\",\"reason_code\":\"\"}}");
    CHECK(what.size() < 300);
    CHECK(std::ranges::all_of(what, [](char c) { return c >= 0x20 && c < 0x7f; }));
}

}  // namespace
}  // namespace hp::test
