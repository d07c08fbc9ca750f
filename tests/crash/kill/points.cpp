#include "crash/kill/points.hpp"

namespace hp::crash {
namespace {

using enum Program;
using enum When;

constexpr PointInfo kPoints[] = {
    {"P1", pool, work, "share validated, nothing written"},
    {"P2", pool, work, "row inserted, not committed"},
    {"P3", pool, work, "committed, reply not queued"},
    {"P4", pool, work, "reply queued, not on the wire"},
    {"P5", pool, work, "reply on the wire"},
    {"P6", pool, work, "row picked for sending"},
    {"P7", pool, work, "half a request on the wire"},
    {"P8", pool, work, "request on the wire"},
    {"P9", pool, work, "answer read, not stored"},
    {"P10", pool, work, "quote id written, not committed"},
    {"P11", pool, work, "quote id committed"},
    {"P12", pool, work, "proxy notified, quote id not saved"},
    {"P13", pool, block, "block found, solution not sent"},
    {"P14", pool, block, "solution on the wire, its share not committed"},
    {"P15", pool, start, "duplicate check being rebuilt"},
    {"P16", pool, block, "solution on disk, the whole block not"},
    {"P17", pool, block, "whole block on disk, nobody told"},
    {"Q1", mint, work, "request read"},
    {"Q2", mint, work, "checked, before the transaction"},
    {"Q3", mint, work, "quote inserted, paid in the same row"},
    {"Q4", mint, work, "all quotes of a read written, not committed"},
    {"Q5", mint, work, "committed, response not sent"},
    {"Q6", mint, work, "half a response on the wire"},
    {"Q7", mint, work, "response on the wire"},
    {"S1", mint, work, "HTTP request parsed"},
    {"S2", mint, work, "NUT-20 signature verified"},
    {"S3", mint, work, "blind-signed in memory"},
    {"S4", mint, work, "signatures inserted"},
    {"S5", mint, work, "issued raised, not committed"},
    {"S6", mint, work, "committed, response not sent"},
    {"S7", mint, work, "half a response on the wire"},
    {"S8", mint, work, "digest of the request written: the key to the same answer"},
    {"W1", mint, work, "inputs verified"},
    {"W3", mint, work, "outputs signed, not stored"},
    {"W4", mint, work, "all written, not committed"},
    {"W5", mint, work, "committed, response not sent"},
    {"W6", mint, start, "database recovered; generation raised"},
    {"M1", mint, start, "mark file: nothing written"},
    {"M2", mint, start, "mark file: new one synced, not in place"},
    {"M3", mint, start, "mark file: in place, its directory not synced"},
    {"K1", mint, creation, "derivation index taken"},
    {"K2", mint, creation, "keyset row written, not committed"},
    {"K3", mint, rotation, "new keyset active, old one not yet inactive"},
    {"K4", mint, creation, "keyset committed, not announced"},
    {"X1", proxy, work, "notification read"},
    {"X2", proxy, work, "quote stored, not committed"},
    {"X3", proxy, work, "counters raised, not committed"},
    {"X4", proxy, work, "counters and request committed, request not sent"},
    {"X5", proxy, work, "request on the wire"},
    {"X6", proxy, work, "signatures received, not stored"},
    {"X7", proxy, work, "proofs stored, not committed"},
    {"X8", proxy, work, "committed, nobody notified"},
    {"X9", wallet, sending, "proofs reserved, not committed"},
    {"X10", wallet, sending, "token stored, not shown"},
    {"X11", wallet, restore, "a batch found, not committed"},
    {"Y1", proxy, work, "SV1 submit read"},
    {"Y2", proxy, work, "share forwarded"},
    {"Y3", proxy, work, "pool answered, miner not"},
    {"Y4", proxy, work, "the pool was lost, shares in flight get that answer"},
    {"D1", pool, work, "before and after a checkpoint"},
    {"D1", mint, work, "before and after a checkpoint"},
    {"D2", pool, creation, "schema step written, and committed"},
    {"D2", mint, creation, "schema step written, and committed"},
    {"D2", proxy, creation, "schema step written, and committed"},
    {"D3", pool, upgrade, "backup before a migration, page by page"},
};

}  // namespace

std::span<const PointInfo> points() { return kPoints; }

std::string_view name_of(Program program) {
    constexpr std::string_view names[] = {"pool", "mint", "proxy", "wallet"};
    return names[static_cast<std::size_t>(program)];
}

std::string_view command_of(Program program) {
    constexpr std::string_view names[] = {"hp-pool", "hp-mint", "hp-proxy", "hp-wallet"};
    return names[static_cast<std::size_t>(program)];
}

}  // namespace hp::crash
