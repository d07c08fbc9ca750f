// The bytes of each record, as they were when each program wrote them by hand: readers of old and new files
// see one format.
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "records/miner.hpp"
#include "records/mint.hpp"
#include "records/pool.hpp"
#include "records/proxy.hpp"
#include "records/template.hpp"
#include "records/write.hpp"

namespace {

using namespace hp;
using namespace hp::records;

constexpr UnixMs kAt = 1'760'000'000'123;
constexpr UnixMs kBefore = 1'760'000'000'000;
constexpr std::string_view kPeer = "192.0.2.1:5000";

Bytes32 counting() {
    Bytes32 out{};
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(i + 1);
    return out;
}
ByteArray<33> key() {
    ByteArray<33> out{};
    out.front() = 2;
    out.back() = 0xfe;
    return out;
}

class Lines {
  public:
    explicit Lines(std::string_view source) : source_{source} {}
    template <class R>
    void add(const R& record) {
        out_ += json_of(record, source_, kAt) + "\n";
    }
    const std::string& text() const { return out_; }

  private:
    std::string_view source_;
    std::string out_;
};

std::string pool_lines() {
    const Hex<32> hash{counting()};
    const Reversed reversed{counting()};
    constexpr std::string_view kQuote = "01890a5d-ac96-774b-bcce-b302099a8057";
    Lines out{"hp-pool"};
    out.add(ConnectionOpened{7, kPeer});
    out.add(ConnectionClosed{7, "the peer \"left\"\n\x01"});
    out.add(SetupRefused{0, kPeer, {"protocol-version-mismatch"}});
    out.add(ChannelRefused{7, kPeer, "rig\xc3\xa9", {"too-many-channels"}});
    out.add(UpdateRefused{7, 3, "invalid-channel-id"});
    out.add(ChannelOpened{7, 3, "rig1", 0.125});
    out.add(ChannelNamed{7, 3, "rig2"});
    out.add(ChannelClosed{7, 3, std::nullopt});
    out.add(ChannelClosed{7, 3, "too-many-invalid-shares"});
    out.add(TargetSet{7, 3, 1.5e20});
    out.add(ChannelStatus{.connection_id = 7,
                          .channel_id = 3,
                          .peer = kPeer,
                          .program = "acme/1 \x7f",
                          .kind = "extended",
                          .worker = "rig1",
                          .opened_ms = kBefore,
                          .difficulty = 1.855568279003053e-09,
                          .target = reversed,
                          .nominal_hash_rate_hps = 1e12,
                          .extranonce_size = 4});
    out.add(ShareAccepted{.connection_id = 7,
                          .channel_id = 3,
                          .worker = "rig1",
                          .sequence_number = 9,
                          .seq = UINT64_MAX,
                          .share_hash = hash,
                          .amount = std::uint64_t{1} << 62,
                          .work_hashes = 68719476736.0});
    ShareRejected rejected{.connection_id = 7,
                           .channel_id = 3,
                           .worker = "rig1",
                           .sequence_number = 9,
                           .reason = {"stale-share"},
                           .job_id = 4,
                           .peer = kPeer,
                           .detail = "job 4"};
    out.add(rejected);
    rejected.share_hash = hash;
    rejected.locking_key = {key()};
    out.add(rejected);
    out.add(BlockFound{reversed, 55, "rig1"});
    out.add(TipChanged{reversed, 0x1d00ffff});
    out.add(QuoteCreated{12, kQuote, 16, hash, false, 9});
    out.add(QuoteCreated{12, kQuote, 16, hash, true, std::nullopt});
    out.add(QuoteDead{12, {4}, "wrong amount"});
    out.add(QuoteRequeued{12});
    records::MintStatus mint{.mint = "a",
                             .configured = true,
                             .since_ms = kBefore,
                             .pending = 2,
                             .inflight = 1,
                             .created = 5,
                             .dead = 1};
    out.add(mint);
    mint.connected = true;
    mint.peer = "192.0.2.9:1";
    mint.oldest_pending_ms = 9'999'999'999'999;
    mint.oldest_age_ms = 0;
    out.add(mint);
    out.add(Alarm{"mint \"x\" rolled back"});
    out.add(PoolStatus{.started_ms = kBefore,
                       .connections = 1,
                       .channels = 2,
                       .channels_busiest = 3,
                       .channels_max = 4096,
                       .channels_unproven = 22,
                       .channels_unproven_max = 23,
                       .channels_total_max = 24,
                       .outbox_pending = 5,
                       .outbox_dead = 6,
                       .mint_connected = true,
                       .wal_bytes = 7,
                       .wal_held_ms = 8,
                       .messages_ignored = 9,
                       .handshakes_failed = 11,
                       .connections_refused = 12,
                       .connections_cut_for_memory = 19,
                       .connections_dropped_slow = 13,
                       .frames_damaged = 14,
                       .channels_closed_for_invalid_shares = 15,
                       .shares_unjudged = 16,
                       .connections_closed_for_refusals = 25,
                       .connections_closed_for_room = 26,
                       .refused_shares_not_kept = 20,
                       .clock_off_ms = -17,
                       .clock_behind_tip_s = 18,
                       .template_provider_connected = true,
                       .template_provider_since_ms = kBefore,
                       .has_template = true,
                       .template_age_ms = 21});
    return out.text();
}

std::string mint_lines() {
    Lines out{"hp-mint"};
    out.add(EhashIssued{100, 3});
    out.add(EhashSwapped{100, 4});
    out.add(QuotesCreated{1, 2, 3, 400});
    out.add(RequestRefused{"/v1/mint/quote/ehash", 400, {20001}});
    out.add(RequestRefused{"/v1/swap", 404, {0}});
    out.add(LinkUp{"192.0.2.9:1", 77});
    out.add(LinkDown{"gone"});
    out.add(PoolRollback{"192.0.2.9:1", 5});
    out.add(QuotesHeld{6});
    out.add(QuotesReleased{7, "alice"});
    out.add(LedgerStatus{.generation = 1,
                         .quotes = 2,
                         .operations = 3,
                         .issued = 4,
                         .spent = UINT64_MAX,
                         .held = 5,
                         .held_amount = 6,
                         .signing = true,
                         .wal_bytes = 7,
                         .wal_held_ms = 8});
    out.add(Alarm{"nothing is signed"});
    return out.text();
}

void add_downstreams(Lines& out) {
    const std::vector<std::uint8_t> extranonce{0xab, 0xcd};
    DownstreamStatus miner{.miner_id = 1,
                           .peer = kPeer,
                           .user_agent = "cgminer/4",
                           .connected_ms = kBefore,
                           .version_mask = {0x1fffe000}};
    out.add(miner);
    miner.worker = "rig1";
    miner.worker_count = 2;
    miner.workers = {{{"rig1", 0, 0, 0}, {"rig\"2", 5, 6, 7.5}}};
    miner.channel = {4, 1.855568279003053e-09, Reversed{counting()}, HexText{extranonce}, 8};
    out.add(miner);
    const std::string name = "0123456789012345678901234567890123456789";
    miner.worker = name;
    miner.worker_count = 100;
    miner.workers = {std::vector<WorkerCounts>(100, {name, 0, 0, 0})};
    miner.channel = {};
    miner.version_mask = {};
    out.add(miner);
}

std::string proxy_lines() {
    Lines out{"hp-proxy"};
    out.add(MinerConnected{1, kPeer});
    out.add(MinerAuthorized{1, "rig1", "cgminer/4"});
    out.add(MinerRefused{1, kPeer, {}, "speaks TLS"});
    out.add(MinerChannelRefused{1, "rig1", {"no-template-yet"}});
    out.add(UpstreamRefused{"192.0.2.7:34254", {"unsupported-protocol"}});
    out.add(MinerDisconnected{1, {}, "gone"});
    add_downstreams(out);
    out.add(MinerShareAccepted{1, "rig1", 12});
    out.add(MinerShareRejected{.miner_id = 1, .worker = "rig1", .reason = {"unauthorized"}, .peer = kPeer});
    out.add(MinerShareRejected{1, "rig1", {"stale-share"}, kPeer, Hex<32>{counting()}, Hex<33>{key()}});
    out.add(QuoteForOtherKey{1, "rig1", "q1", 16});
    out.add(QuoteFailed{1, "rig1", "no"});
    out.add(TokenMinted{"q1", 16, 30});
    out.add(TokenMinted{"q1", 0, std::nullopt});
    out.add(Alarm{"lies"});
    out.add(QuoteParked{"q1", "refused"});
    out.add(ProxyStatus{.started_ms = kBefore,
                        .miners = 3,
                        .pool_connected = true,
                        .pool_connections = 1,
                        .pool_channels = 2,
                        .pool_channels_max = 4096,
                        .messages_ignored = 3,
                        .mint_connected = true,
                        .wallet_balance = 44,
                        .closed_for_invalid_shares = 5,
                        .closed_for_requests = 6,
                        .closed_for_outage = 7,
                        .shares_unjudged = 8,
                        .clock_off_ms = 9});
    return out.text();
}

std::string miner_lines() {
    MinerFigures figures{.elapsed_s = {12},
                         .hash_rate_hps = {123457},
                         .hashes = 77,
                         .connections_open = 1,
                         .connects = 1,
                         .disconnects = 2,
                         .shares_submitted = 3,
                         .shares_accepted = 4,
                         .shares_rejected = 5,
                         .shares_dropped_stale = 6,
                         .rejected_by_reason = {{"stale-share", 2}, {"other", 3}},
                         .ack_p50_ms = {1.536},
                         .ack_p99_ms = {1.536},
                         .quotes = 7,
                         .quote_failures = 8,
                         .ehash = 9};
    Lines out{"hp-miner"};
    out.add(MinerStatus{figures});
    figures.elapsed_s = {12.346};
    out.add(MinerSummary{figures});
    return out.text();
}

}  // namespace

TEST_CASE("each record has the bytes that it has always had") {
    std::ifstream file{HP_SOURCE_DIR "/tests/data/records.jsonl"};
    std::istringstream got{pool_lines() + mint_lines() + proxy_lines() + miner_lines()};
    std::size_t count = 0;
    for (std::string expected, line; std::getline(file, expected); ++count) {
        std::getline(got, line);
        CHECK(line == expected);
    }
    CHECK(count == 57);
    CHECK(got.peek() == std::istringstream::traits_type::eof());
}
