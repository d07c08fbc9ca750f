// From jobs to headers: against published shares, against what cpuminer really sent, and never twice the
// same.
#include "miner/work.hpp"

#include <set>

#include "bitcoin/merkle.hpp"
#include "sv1/dialogue.hpp"
#include "sv1/parse.hpp"

using namespace hp;
using namespace hp::miner;

namespace {

Bytes bytes_of(const test::Json& json) { return from_hex(json.get<std::string>()).value(); }

std::shared_ptr<Work> easy_work(std::uint8_t extranonce2_size) {
    auto work = std::make_shared<Work>();
    work->coinbase_prefix = {1, 2, 3};
    work->coinbase_suffix = {4, 5};
    work->extranonce2_size = extranonce2_size;
    work->ntime = 1'700'000'000;
    work->target.fill(0xff);
    return work;
}

}  // namespace

TEST_CASE("shares of the vectors give their headers") {
    std::size_t shares = 0;
    test::for_each_vector(
        test::read_vectors("share-validation.json")["vectors"], [&](const test::Json& entry) {
            if (entry["channel"] != "extended" || !entry["expect"].contains("header")) return;
            ++shares;
            Work work;
            work.coinbase_prefix = bytes_of(entry["job"]["coinbase_tx_prefix"]);
            append(work.coinbase_prefix, bytes_of(entry["extranonce_prefix"]));
            work.coinbase_suffix = bytes_of(entry["job"]["coinbase_tx_suffix"]);
            for (const auto& node : entry["job"]["merkle_path"])
                work.merkle_path.push_back(array_from_hex<32>(node.get<std::string>()).value());
            work.prev_hash = array_from_hex<32>(entry["chain_tip"]["prev_hash"].get<std::string>()).value();
            work.nbits = entry["chain_tip"]["nbits"];
            work.version = entry["share"]["version"];
            const auto header = share_header(work, bytes_of(entry["share"]["extranonce"]),
                                             entry["share"]["ntime"], entry["share"]["nonce"]);
            CHECK(to_hex(header.encode()) == entry["expect"]["header"]);
            CHECK(to_hex(header.hash()) == entry["expect"]["hash_bytes"]);
        });
    CHECK(shares > 0);
}

TEST_CASE("every share that cpuminer sent meets the difficulty that it was given") {
    // An independent program's reading of SV1's byte orders: one swapped word and no hash would fit.
    sv1::Parser client, server;
    std::map<std::string, sv1::Notify> jobs;
    sv1::SetExtranonce extranonce;
    double difficulty = 0;
    std::size_t shares = 0;
    for (const auto& [from_client, line] : test::read_dialogue("cpuminer-dialogue.jsonl")) {
        CAPTURE(line);
        if (!from_client) {
            const auto message = server.from_server(line);
            REQUIRE(message.has_value());
            if (const auto* notify = std::get_if<sv1::Notify>(&*message)) jobs[notify->job_id] = *notify;
            if (const auto* set = std::get_if<sv1::SetDifficulty>(&*message)) difficulty = set->difficulty;
            if (const auto* answer = std::get_if<sv1::ServerAnswer>(&*message); answer && answer->subscribed)
                extranonce = *answer->subscribed;
            continue;
        }
        const auto message = client.from_client(line);
        REQUIRE(message.has_value());
        const auto* submit = std::get_if<sv1::Submit>(&message->body);
        if (submit == nullptr) continue;
        ++shares;
        REQUIRE(jobs.contains(std::string(submit->job_id)));
        const sv1::Notify& notify = jobs[std::string(submit->job_id)];
        CHECK(submit->extranonce2.size == extranonce.extranonce2_size);
        Work work;
        work.coinbase_prefix = notify.coinbase1;
        append(work.coinbase_prefix, extranonce.extranonce1);
        work.coinbase_suffix = notify.coinbase2;
        work.merkle_path = notify.merkle_branch;
        work.prev_hash = notify.prev_hash;
        work.version = notify.version;
        work.nbits = notify.nbits;
        const auto hash = share_header(work, submit->extranonce2.view(), submit->ntime, submit->nonce).hash();
        CHECK(bitcoin::meets(hash, bitcoin::target_from_difficulty(difficulty)));
    }
    CHECK(shares == 6);
}

TEST_CASE("a found share is what its header says") {
    auto work = easy_work(4);
    work->target = bitcoin::target_from_work_bits(6);
    work->merkle_path = {Bytes32{1}, Bytes32{2}};
    Cursor cursor{best_engine(), {}, 77};
    cursor.set_work(work);
    std::uint64_t hashes = 0;
    std::size_t found = 0;
    for (int i = 0; i < 200; ++i) {
        const auto share = cursor.step(100, 3, hashes);
        if (!share) continue;
        ++found;
        CHECK(share->extranonce2.size == 4);
        CHECK(share->ntime == work->ntime + 3);
        const auto header = share_header(*work, share->extranonce2.view(), share->ntime, share->nonce);
        CHECK(header.hash() == share->hash);
        CHECK(bitcoin::meets(share->hash, work->target));
    }
    CHECK(found > 50);
    CHECK(hashes > 0);
}

TEST_CASE("no header twice: extranonce2 rolls, then ntime, and new work goes on counting") {
    for (std::uint8_t size : {0, 1, 2, 8, 16, 32}) {
        CAPTURE(int{size});
        std::set<std::string> seen;
        // Two nonces a header, so that headers are used up fast.
        Cursor cursor{best_engine(), NonceRange{10, 12}, 0xffff'ffff'ffff'fffe};
        std::uint64_t hashes = 0;
        for (int job = 0; job < 3; ++job) {
            cursor.set_work(easy_work(size));
            for (int i = 0; i < 700; ++i) {
                const auto share = cursor.step(100, 0, hashes);
                REQUIRE(share.has_value());
                CHECK(share->extranonce2.size == size);
                CHECK(share->nonce >= 10);
                CHECK(share->nonce < 12);
                const auto header =
                    share_header(*share->work, share->extranonce2.view(), share->ntime, share->nonce);
                CHECK(seen.insert(to_hex(header.encode())).second);
            }
        }
        CHECK(seen.size() == 2100);
    }
}

TEST_CASE("the parts of the nonces are whole and do not overlap") {
    for (std::size_t count : {1, 2, 3, 7, 64}) {
        std::uint64_t next = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const auto part = NonceRange::part(i, count);
            CHECK(part.begin == next);
            CHECK(part.end > part.begin);
            next = part.end;
        }
        CHECK(next == std::uint64_t{1} << 32);
    }
}

TEST_CASE("an allowance is taken as often as it was given") {
    Allowance allowance;
    CHECK_FALSE(allowance.take());
    allowance.give(2);
    CHECK(allowance.take());
    CHECK(allowance.take());
    CHECK_FALSE(allowance.take());
    allowance.give(1);
    CHECK(allowance.take());
}
