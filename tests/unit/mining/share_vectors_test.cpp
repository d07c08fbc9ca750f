// tests/vectors/share-validation.json and coinbase-split.json, through the live path and the written one.
#include "bitcoin/coinbase.hpp"
#include "bitcoin/merkle.hpp"
#include "mining/channel.hpp"
#include "mining/check_shares.hpp"
#include "vectors.hpp"

using namespace hp;
using namespace hp::mining;
using hp::test::for_each_vector;
using hp::test::Json;
using hp::test::read_vectors;

namespace {

Bytes hex(const Json& v) { return from_hex(v.get<std::string>()).value(); }
Bytes32 hex32(const Json& v) { return to_array<32>(hex(v)); }

ExtendedJob job_of(const Json& parts, const Json& v) {
    ExtendedJob job;
    job.job_id = 1;
    job.version = v.at("job").at("version");
    job.version_rolling_allowed = v.at("job").value("version_rolling_allowed", true);
    job.full_extranonce_size = static_cast<std::uint8_t>(hex(v.at("extranonce_prefix")).size() +
                                                         v.at("extranonce_size").get<std::size_t>());
    job.coinbase = {hex(parts.at("coinbase_tx_prefix")), hex(parts.at("coinbase_tx_suffix"))};
    for (const Json& node : parts.at("merkle_path")) job.merkle_path.push_back(hex32(node));
    return job;
}

Channel channel_of(const Json& v, std::size_t full_size) {
    const auto prefix = hex(v.at("extranonce_prefix"));
    Channel channel{{.channel_id = 1,
                     .kind = v.at("channel") == "standard" ? ChannelKind::standard : ChannelKind::extended,
                     .extranonce_prefix = wire::B0_32::from(prefix),
                     .extranonce_size = static_cast<std::uint8_t>(full_size - prefix.size()),
                     .target = hex32(v.at("job_target"))}};
    const Json& tip = v.at("chain_tip");
    channel.set_tip(std::make_shared<Tip>(
                        make_tip(hex32(tip.at("prev_hash")), tip.at("min_ntime"), tip.at("nbits")).value()),
                    0);
    return channel;
}

}  // namespace

TEST_CASE("a channel judges every share as the vectors say") {
    for_each_vector(read_vectors("share-validation.json").at("vectors"), [](const Json& v) {
        const Json& parts = v.at("job").contains("built_from") ? v.at("job").at("built_from") : v.at("job");
        // Some standard jobs are given by their merkle root alone: those go through check_share_line below.
        if (!parts.contains("coinbase_tx_prefix")) return;
        const auto job = std::make_shared<ExtendedJob>(job_of(parts, v));
        Channel channel = channel_of(v, job->full_extranonce_size);
        channel.add_job(job);
        const Json& s = v.at("share");
        const Bytes extranonce = s.contains("extranonce") ? hex(s.at("extranonce")) : Bytes{};
        const Share share{1, s.at("nonce"), s.at("ntime"), s.at("version"), extranonce};
        DuplicateSet seen;
        const auto verdict = channel.check(share, 0xffff'ffff, 0, seen);
        const Json& expect = v.at("expect");
        CHECK(outcome_text(verdict.outcome) == expect.at("outcome"));
        const bool hashed = verdict.outcome == Outcome::valid || verdict.outcome == Outcome::block ||
                            verdict.outcome == Outcome::difficulty_too_low;
        if (hashed) {
            CHECK(to_hex(verdict.header) == expect.at("header"));
            CHECK(to_hex(verdict.hash) == expect.at("hash_bytes"));
        }
        if (verdict.outcome == Outcome::valid || verdict.outcome == Outcome::block) {
            CHECK(channel.check(share, 0xffff'ffff, 0, seen).outcome == Outcome::duplicate_share);
        }
        if (channel.kind() == ChannelKind::standard)
            CHECK(to_hex(standard_job_message(*job, 1, channel.extranonce_prefix().view(), 5)
                             .merkle_root.bytes) == v.at("job").at("merkle_root"));
    });
}

TEST_CASE("a written share gets the vectors' answer, with the same members") {
    for_each_vector(read_vectors("share-validation.json").at("vectors"), [](const Json& v) {
        Json input = v;
        input.erase("expect");
        const auto line = check_share_line(input.dump());
        REQUIRE_MESSAGE(line, line.error().what);
        CHECK(line->find('\n') == std::string::npos);
        Json expected = v.at("expect");
        expected["id"] = v.at("id");
        CHECK(Json::parse(*line) == expected);
        CHECK(check_share_line(v.dump()).value() == *line);
    });
}

TEST_CASE("an error names the member of a written share") {
    const Json vectors = read_vectors("share-validation.json").at("vectors");
    const auto extended =
        std::ranges::find_if(vectors, [](const Json& v) { return v.at("channel") == "extended"; });
    REQUIRE(extended != vectors.end());
    const Json good = *extended;
    const auto error_of = [](const Json& v) {
        auto line = check_share_line(v.dump());
        return line ? "accepted: " + *line : line.error().what;
    };
    const auto changed = [&](const char* path, const Json& value) {
        Json v = good;
        v[Json::json_pointer(path)] = value;
        return error_of(v);
    };
    const auto without = [&](const char* parent, const char* member) {
        Json v = good;
        v[Json::json_pointer(parent)].erase(member);
        return error_of(v);
    };
    CHECK(without("", "channel") == "channel: missing, expected a string");
    CHECK(without("", "job") == "job.version: missing, expected a whole number");
    CHECK(without("/share", "nonce") == "share.nonce: missing, expected a whole number");
    CHECK(without("/chain_tip", "nbits") == "chain_tip.nbits: missing, expected a whole number");
    CHECK(changed("/channel", "wide") == "channel: expected 'extended' or 'standard', got 'wide'");
    CHECK(changed("/share/nonce", -1) == "share.nonce: expected a whole number");
    CHECK(changed("/share/nonce", 1.5) == "share.nonce: expected a whole number");
    CHECK(changed("/share/ntime", 4294967296) == "share.ntime: expected at most 4294967295, got 4294967296");
    CHECK(changed("/job_target", "00ff") == "job_target: expected 32 bytes, got 2");
    CHECK(changed("/share/extranonce", "0x").starts_with("share.extranonce: "));
    CHECK(changed("/job/merkle_path", Json::array({1})) == "job.merkle_path: expected strings of hex");
    CHECK(changed("/chain_tip/nbits", 0).starts_with("chain_tip.nbits: "));
    for (const char* text : {"", "[]", "{", "null", "{} x"})
        CHECK(check_share_line(text).error().what == "expected one JSON object per line");
}

TEST_CASE("coinbases split as the vectors say") {
    for_each_vector(read_vectors("coinbase-split.json").at("splits"), [](const Json& v) {
        const Json& t = v.at("template");
        sv2::templates::NewTemplate message;
        message.coinbase_tx_version = t.at("coinbase_tx_version");
        message.coinbase_prefix.value = hex(t.at("coinbase_prefix"));
        message.coinbase_tx_input_sequence = t.at("coinbase_tx_input_sequence");
        message.coinbase_tx_locktime = t.at("coinbase_tx_locktime");
        message.coinbase_tx_outputs_count = t.at("coinbase_tx_outputs_count");
        message.coinbase_tx_outputs.value = hex(t.at("coinbase_tx_outputs"));
        std::vector<bitcoin::TxOut> pool_outputs;
        for (const Json& output : v.at("pool_outputs")) {
            pool_outputs.push_back(bitcoin::parse_outputs(hex(output), 1).value().at(0));
            message.coinbase_tx_value_remaining += pool_outputs.back().value_sats;
        }
        const auto checked = template_from(message).value();
        const std::string tag = v.at("scriptsig_tag");
        const std::size_t size = v.at("full_extranonce_size");
        const auto form = [&](const char* name) {
            return CoinbaseSplit{hex(v.at(name).at("coinbase_tx_prefix")),
                                 hex(v.at(name).at("coinbase_tx_suffix"))};
        };
        const auto stripped =
            split_coinbase(checked, pool_outputs, tag, size, bitcoin::WitnessForm::stripped);
        REQUIRE_MESSAGE(stripped, stripped.error().what);
        CHECK(*stripped == form("stripped"));
        const auto full =
            split_coinbase(checked, pool_outputs, tag, size, bitcoin::WitnessForm::full).value();
        CHECK(full == form("with_bip141"));
        CHECK(strip_bip141(full, size).value() == *stripped);
        // Our own jobs pay one script.
        if (pool_outputs.size() != 1) return;
        const auto job = make_job(checked, 1, pool_outputs[0].script_pubkey, tag, size).value();
        CHECK(job.coinbase == *stripped);
        const bool commits =
            t.at("coinbase_tx_outputs").get<std::string>().find("6a24aa21a9ed") != std::string::npos;
        CHECK(job.has_witness_commitment == commits);
        if (!commits) return;  // a block without witness: its coinbase needs no BIP 141 parts
        const Bytes extranonce(size, 0x5a);
        Bytes whole = full.prefix;
        append(whole, extranonce);
        append(whole, full.suffix);
        CHECK(block_coinbase(job, extranonce, {}) == whole);
    });
}

TEST_CASE("BIP 141 parts are stripped as the vectors say") {
    for_each_vector(read_vectors("coinbase-split.json").at("bip141_strip"), [](const Json& v) {
        const CoinbaseSplit given{hex(v.at("prefix")), hex(v.at("suffix"))};
        // The length of the extranonce is what is missing of the scriptSig.
        const bool marked = !v.at("already_stripped").get<bool>();
        const std::size_t script_at = marked ? 44 : 42;
        const std::size_t size = given.prefix.at(script_at - 1) - (given.prefix.size() - script_at);
        const auto stripped = strip_bip141(given, size);
        REQUIRE_MESSAGE(stripped, stripped.error().what);
        if (marked)
            CHECK(*stripped == CoinbaseSplit{hex(v.at("stripped_prefix")), hex(v.at("stripped_suffix"))});
        else
            CHECK(*stripped == given);
        CHECK_FALSE(strip_bip141(given, size + 1));
    });
}
