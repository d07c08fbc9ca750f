#include "crash/kill/plan.hpp"

namespace hp::crash {
namespace {

constexpr std::int64_t kKillWithinMs = 400;
constexpr std::int64_t kKillInRecoveryWithinMs = 60;
/// Passes at which a point is tried in turn, before random ones.
constexpr std::uint64_t kPassesInTurn = 4;
constexpr std::uint64_t kPassesAtRandom = 8;
/// Two of three rounds with blocks find one, few a second.
constexpr std::uint64_t kBlockPasses = 2;

std::vector<const PointInfo*> points_when(auto&& fits) {
    std::vector<const PointInfo*> out;
    for (const PointInfo& point : points())
        if (fits(point.when)) out.push_back(&point);
    return out;
}

const PointInfo* find(std::string_view name) {
    for (const PointInfo& point : points())
        if (point.name == name) return &point;
    return nullptr;
}

/// The visit-th point of the list, and at which pass.
void choose(Plan& plan, const std::vector<const PointInfo*>& list, std::uint64_t visit, Dice& dice) {
    plan.point = list[visit % list.size()];
    const std::uint64_t turn = visit / list.size();
    plan.pass = turn < kPassesInTurn ? turn + 1 : 1 + dice.roll(kPassesAtRandom);
}

std::vector<RecoveryKill> recovery_kills(const Plan& plan, Dice& dice) {
    // What is down decides what it can hit: a point's program, or a random round's victims.
    std::vector<Program> down;
    for (const auto& victim : plan.victims) down.push_back(victim.program);
    if (plan.point && plan.point->program != Program::wallet) down.push_back(plan.point->program);
    if (down.empty()) down.push_back(Program::proxy);
    RecoveryKill kill{down[dice.roll(down.size())], nullptr, 0};
    kill.after_ms = static_cast<std::int64_t>(dice.roll(kKillInRecoveryWithinMs));
    if (dice.one_in(2)) {
        if (kill.program == Program::pool) kill.point = find("P15");
        if (kill.program == Program::mint) kill.point = find(dice.one_in(2) ? "W6" : "K3");
    }
    return {kill};
}

}  // namespace

std::uint64_t mix(std::uint64_t seed, std::uint64_t number) {
    // splitmix64: neighbouring rounds have nothing in common.
    std::uint64_t z = seed + (number + 1) * 0x9e37'79b9'7f4a'7c15;
    z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9;
    z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
    return z ^ (z >> 31);
}

Epoch epoch_of(std::uint64_t round) {
    const std::uint64_t number = round / kRoundsPerEpoch;
    return {number, number % 3 == 1, number % 4 == 2 ? 100u : 0u};
}

Plan plan_of(std::uint64_t seed, std::uint64_t round) {
    static const auto creation = points_when([](When when) { return when == When::creation; });
    static const auto blocks = points_when([](When when) { return when == When::block; });
    static const auto others =
        points_when([](When when) { return when != When::creation && when != When::block; });
    Plan plan;
    plan.round = round;
    plan.seed = mix(seed, round);
    Dice dice{plan.seed};
    const Epoch epoch = epoch_of(round);
    const std::uint64_t place = round % kRoundsPerEpoch;
    if (place == 0) {
        choose(plan, creation, epoch.number, dice);
        plan.pass = 1 + dice.roll(plan.point->name == "D2" ? 2 : 1);
        return plan;
    }
    // Of the next 24 rounds 16 are named and 8 random, in turn: n, n, r.
    const std::uint64_t in_epoch = place - 1;
    const std::uint64_t named = epoch.number * 16 + in_epoch / 3 * 2 + in_epoch % 3;
    if (in_epoch % 3 == 2) {
        constexpr Program all[] = {Program::pool, Program::mint, Program::proxy};
        const std::uint64_t which = dice.roll(7) + 1;  // every set that is not empty
        for (std::size_t i = 0; i < 3; ++i)
            if (which >> i & 1)
                plan.victims.push_back({all[i], static_cast<std::int64_t>(dice.roll(kKillWithinMs + 1))});
    } else if (epoch.has_blocks && in_epoch % 6 == 0) {
        // Another order in each epoch, for its last rounds find fewer blocks.
        const std::uint64_t turn = epoch.number / 3;
        choose(plan, blocks, turn * 4 + (turn + in_epoch / 6) % 4, dice);
        plan.pass = 1 + dice.roll(kBlockPasses);
    } else {
        choose(plan, others, named, dice);
    }
    if (round % 4 == 3) plan.recovery = recovery_kills(plan, dice);
    return plan;
}

}  // namespace hp::crash
