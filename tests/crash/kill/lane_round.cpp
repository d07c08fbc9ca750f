// A round: work, a kill in the middle of it, recovery (perhaps with another kill), everything unanswered sent
// again, coming to rest, and the audit.
#include <filesystem>
#include <fstream>

#include "crash/kill/lane.hpp"
#include "crash/kill/sql.hpp"

namespace hp::crash {
namespace {

using enum Program;

constexpr std::int64_t kWaveLimitMs = 5'000;
constexpr std::int64_t kReconnectLimitMs = 20'000;
/// Longer than the interval of a proxy's lookups for missed quotes, 60 s: what another process left in its
/// wallet waits for that.
constexpr std::int64_t kSettleLimitMs = 90'000;
constexpr std::int64_t kRestPollMs = 4;
/// Time for the other processes to follow a wave, before the next one.
constexpr std::int64_t kAfterWaveMs = 25;
constexpr unsigned kWavesMax = 8;
/// How long a round waits for a late random kill, with nothing to do.
constexpr std::int64_t kIdleStepMs = 20;

/// Points that are passed only a few times, however long the work.
std::uint64_t pass_within_reach(const Plan& plan) {
    auto name = plan.point->name;
    if (name == "K3" || name == "Y4" || name.starts_with("M")) return 1;
    if (name == "W6" || name == "X11") return 1 + (plan.pass - 1) % 2;
    if (plan.point->when == When::block || name == "X9" || name == "X10") return 1 + (plan.pass - 1) % 3;
    return plan.pass;
}

class Stopwatch {
  public:
    explicit Stopwatch(std::atomic<std::uint64_t>& total) : total_{total} {}
    ~Stopwatch() {
        total_ += static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - since_)
                .count());
    }

  private:
    std::atomic<std::uint64_t>& total_;
    std::chrono::steady_clock::time_point since_{std::chrono::steady_clock::now()};
};

}  // namespace

void Lane::play(const Plan& plan) {
    Dice dice{mix(plan.seed, 1)};
    oracle_->note("round " + std::to_string(plan.round));
    {
        Stopwatch watch{totals_.work_us};
        work(plan, dice);
    }
    {
        Stopwatch watch{totals_.restart_us};
        if (plan.point && (plan.point->when == When::start || plan.point->when == When::rotation))
            break_start(plan);
        if (plan.point && plan.point->when == When::upgrade) break_upgrade(plan);
        if (!plan.point && dice.one_in(16)) restart_template();
        recover(plan);
    }
    disarm();
    {
        Stopwatch watch{totals_.reconnect_us};
        reconnect();
        send_again(dice);
    }
    {
        Stopwatch watch{totals_.settle_us};
        settle();
    }
    {
        Stopwatch watch{totals_.audit_us};
        check(AuditKind::settled);
    }
    count_points(plan);
}

// ---- work

void Lane::mine_wave(Dice& dice) {
    const std::uint64_t sv2_shares = 1 + dice.roll(3), sv1_shares = 1 + dice.roll(2);
    for (std::uint64_t i = 0; i < sv2_shares && sv2_->is_ready(); ++i)
        sv2_->mine(dice.roll(Sv2Player::kChannels), dice.roll(UINT64_MAX));
    for (std::uint64_t i = 0; i < sv1_shares && sv1_->is_ready(); ++i) sv1_->mine(dice.roll(UINT64_MAX));
    totals_.shares_sent += sv1_shares + sv2_shares;
}

/// The oracle's wallet makes a token and receives it again: a swap or two.
void Lane::move_money(Dice& dice) {
    if (money_moves_) return;
    money_moves_ = true;
    wallet_->balance([this, dice = dice.roll(UINT64_MAX)](const Result<wallet::Balance>& balance) {
        if (balance && balance->unspent >= 8) return move_money(1 + dice % (balance->unspent / 2));
        money_moves_ = false;
        nudge();
    });
}

void Lane::move_money(std::uint64_t amount) {
    wallet_->send(amount, "", [this](Result<std::string> token) {
        if (!token) {
            // For example not enough for the fee: nothing has changed.
            if (token.error().code != Errc::refused)
                failures_.push_back("oracle's send: " + token.error().what);
            money_moves_ = false;
            return nudge();
        }
        wallet_->receive(*token, [this](Result<std::uint64_t> received) {
            if (!received && received.error().what.find("fee") == std::string::npos)
                failures_.push_back("oracle's receive: " + received.error().what);
            money_moves_ = false;
            nudge();
        });
    });
}

/// hp-wallet beside the running proxy: a token of 1 to 8 units, or everything from the seed.
void Lane::call_wallet(const Plan& plan, Dice& dice) {
    const bool is_named = plan.point && plan.point->program == Program::wallet;
    if (wallet_command_runs_ || !(is_named || dice.one_in(8))) return;
    const bool restores = is_named ? plan.point->when == When::restore : dice.one_in(6);
    std::vector<std::string> arguments{settings_.build_dir + "/crash/hp-wallet", "--config-dir",
                                       dir_ + "/conf"};
    if (restores)
        arguments.push_back("restore");
    else
        arguments.insert(arguments.end(), {"send", std::to_string(1 + dice.roll(8))});
    wallet_command_runs_ = true;
    wallet_command_sends_ = !restores;
    process(Program::wallet)
        .start(arguments, environment(Program::wallet), log_of("wallet"), dir_ + "/wallet.out");
}

void Lane::on_wallet_command_ended() {
    wallet_command_runs_ = false;
    nudge();
    if (process(Program::wallet).last_status() != 0 || !wallet_command_sends_ || !wallet_) return;
    std::ifstream file{dir_ + "/wallet.out"};
    std::string token;
    std::getline(file, token);
    if (token.empty()) return;
    // It was shown, so it is valid, once.
    oracle_->token_shown(token);
    wallet_->receive(token, [this](Result<std::uint64_t> received) {
        if (!received && received.error().what.find("fee") == std::string::npos)
            failures_.push_back("a token that hp-wallet showed: " + received.error().what);
        nudge();
    });
}

bool Lane::wave_is_done() const {
    return sv2_->unanswered() == 0 && sv2_->unquoted() == 0 && sv1_->unanswered() == 0 && unminted_.empty() &&
           !money_moves_ && !wallet_command_runs_;
}

void Lane::work(const Plan& plan, Dice& dice) {
    const bool is_start =
        plan.point && (plan.point->when == When::start || plan.point->when == When::rotation ||
                       plan.point->when == When::upgrade);
    const bool is_creation = plan.point && plan.point->when == When::creation;
    const bool loses_pool = plan.point && plan.point->name == "Y4";
    if (plan.point && !is_start && !is_creation) arm(*plan.point, pass_within_reach(plan));

    std::vector<std::unique_ptr<net::Timer>> timers;
    std::size_t alive = plan.victims.size();
    for (const auto& victim : plan.victims) {
        timers.push_back(std::make_unique<net::Timer>(loop_));
        timers.back()->after(victim.after_ms, [this, &alive, victim] {
            process(victim.program).kill();
            --alive;
            nudge();
        });
    }
    const unsigned waves = is_start || is_creation ? 1 : kWavesMax;
    auto is_hit = [&] {
        if (plan.point && !is_start && !is_creation) {
            Slot* slot = slot_of(*plan.point);
            return slot->passes_left <= 0 && !process(plan.point->program).is_running();
        }
        return !plan.victims.empty() && alive == 0;
    };
    for (unsigned wave = 0; wave < waves && !is_hit(); ++wave) {
        mine_wave(dice);
        move_money(dice);
        call_wallet(plan, dice);
        if (loses_pool) process(pool).kill();
        // With a process down a wave does not end by itself.
        auto is_over = [&] {
            return is_hit() || wave_is_done() || !process(pool).is_running() || !process(mint).is_running() ||
                   !process(proxy).is_running();
        };
        if (!wait_until(is_over, kWaveLimitMs) && !plan.victims.empty())
            fail_round("a wave of shares has no end");
        if (!is_hit()) wait_until(is_hit, kAfterWaveMs);
    }
    wait_until(is_hit, plan.victims.empty() ? kAfterWaveMs : 1000, kIdleStepMs);
    if (is_creation) return;
    for (const auto& victim : plan.victims) wait_for_end(victim.program);
    if (plan.point && !is_hit()) {
        if (!is_start) ++totals_.not_reached;
        disarm();
        if (plan.point->program != Program::wallet) {
            process(plan.point->program).kill();
            wait_for_end(plan.point->program);
        }
    }
}

// ---- recovery

void Lane::break_start(const Plan& plan) {
    const Program program = plan.point->program;
    if (plan.point->when == When::rotation) keyset_amounts_ = keyset_amounts_ == 63 ? 62 : 63;
    arm(*plan.point, pass_within_reach(plan));
    start(program);
    if (!wait_until([&] { return !process(program).is_running() || process(program).is_ready(); },
                    kReconnectLimitMs))
        fail_round(std::string(command_of(program)) + " neither starts nor ends");
    if (process(program).is_running()) ++totals_.not_reached;
    disarm();
}

/// The dead pool's database goes to a newer schema, in a copy.
void Lane::break_upgrade(const Plan& plan) {
    namespace fs = std::filesystem;
    const std::string copy = dir_ + "/upgrade.db";
    for (const char* end : {"", "-wal", "-shm", "-journal", ".lock"}) fs::remove(copy + end);
    for (const auto& file : fs::directory_iterator(dir_))
        if (file.path().filename().string().starts_with("upgrade.db.backup")) fs::remove(file.path());
    fs::copy_file(files_.outbox, copy);
    if (fs::exists(files_.outbox + "-wal")) fs::copy_file(files_.outbox + "-wal", copy + "-wal");
    std::int64_t version = 0, rows = 0;
    {
        Sql sql;
        sql.attach(copy, "copy", true);
        version = sql.number("PRAGMA copy.user_version");
        rows = sql.number("SELECT count(*) FROM copy.outbox");
    }
    arm(*plan.point, plan.pass);
    bool was_killed = false;
    for (unsigned attempt = 0; attempt == 0 || helper_->was_killed(); ++attempt) {
        helper_->start({settings_.build_dir + "/crash/hp-upgrade", copy, std::to_string(version)},
                       environment(pool), log_of("upgrade"));
        if (!wait_until([this] { return !helper_->is_running(); }, kReconnectLimitMs))
            fail_round("hp-upgrade hangs");
        was_killed |= helper_->was_killed();
    }
    if (!was_killed) ++totals_.not_reached;
    disarm();
    if (helper_->last_status() != 0) fail_round("hp-upgrade " + helper_->how_it_ended());
    Sql sql;
    const std::string backup = copy + ".backup-v" + std::to_string(version);
    for (const auto& [file, wanted] : {std::pair{copy, version + 2}, std::pair{backup, version}}) {
        sql.attach(file, "made", true);
        if (sql.number("PRAGMA made.user_version") != wanted ||
            sql.number("SELECT count(*) FROM made.outbox") != rows ||
            sql.rows("PRAGMA made.integrity_check").front() != "ok")
            fail_round(file + " is not the outbox's database of schema " + std::to_string(wanted));
        sql.exec("DETACH made");
    }
}

/// Its result is in the file; the pool reconnects by itself.
void Lane::restart_template() {
    template_->kill();
    if (!wait_until([this] { return !template_->is_running(); }, kReconnectLimitMs))
        fail_round("hp-template lives");
    template_->start({settings_.build_dir + "/bin/hp-template", "--config-dir", dir_ + "/conf"},
                     environment(pool), log_of("template"));
    if (!wait_until([this] { return template_->is_ready(); }, kReconnectLimitMs))
        fail_round("hp-template does not start again");
}

void Lane::recover(const Plan& plan) {
    net::Timer timer{loop_};
    for (const RecoveryKill& kill : plan.recovery) {
        if (kill.point) {
            if (kill.point->when == When::rotation) keyset_amounts_ = keyset_amounts_ == 63 ? 62 : 63;
            arm(*kill.point, 1);
        } else {
            timer.after(kill.after_ms, [this, kill] { process(kill.program).kill(); });
        }
    }
    const bool pool_was_down = !process(pool).is_running();
    const bool proxy_was_down = !process(proxy).is_running();
    wait_for_all();
    if (!plan.recovery.empty() && !plan.recovery.front().point) {
        // The kill may come after everything was up.
        const auto end = steady_ms_now() + plan.recovery.front().after_ms + 1;
        wait_until([&] { return steady_ms_now() >= end; }, 1000, 1);
        wait_for_all();
    }
    if (pool_was_down || proxy_was_down) {
        // Its channel is a new one, or will be soon.
        sv1_->close();
        sv1_->connect();
    }
}

void Lane::reconnect() {
    if (!wait_until([this] { return sv2_->is_ready() && sv1_->is_ready(); }, kReconnectLimitMs))
        fail_round(std::string("the miners have no work: SV2 ") + (sv2_->is_ready() ? "yes" : "no") +
                   ", SV1 " + (sv1_->is_ready() ? "yes" : "no"));
}

/// Every unanswered share, and some answered ones.
void Lane::send_again(Dice& dice) {
    std::vector<SentShare> again, promised;
    for (const auto& [hash, share] : oracle_->shares()) {
        if (share.verdict == Verdict::open && share.times_sent < 3) again.push_back(share);
        if (share.verdict == Verdict::promised && share.times_sent < 3) promised.push_back(share);
    }
    for (std::size_t i = 0; i < 3 && !promised.empty(); ++i)
        again.push_back(promised[dice.roll(promised.size())]);
    for (const SentShare& share : again)
        if (share.path == Path::sv2 ? sv2_->resend(share) : sv1_->resend(share)) ++totals_.resent;
    auto is_answered = [this] { return sv2_->unanswered() == 0 && sv1_->unanswered() == 0; };
    if (!wait_until(is_answered, kWaveLimitMs)) fail_round("shares that were sent again are not answered");
}

// ---- rest and audit

void Lane::settle() {
    auto is_quiet = [this] { return !money_moves_ && !wallet_command_runs_ && rest_of(files_).has_value(); };
    if (!wait_until(is_quiet, kSettleLimitMs, kRestPollMs))
        fail_round("no rest: requests or quotes stay open");
    // Nobody was notified of quotes for shares accepted before the pool restarted.
    std::optional<Result<std::size_t>> found;
    wallet_->find_quotes([&](Result<std::size_t> result) {
        found = std::move(result);
        nudge();
    });
    if (!wait_until([&] { return found.has_value(); }, kSettleLimitMs))
        fail_round("no answer to the look for quotes");
    if (!*found) fail_round("the look for quotes: " + found->error().what);
    std::optional<Result<>> idle;
    wallet_->when_idle(kSettleLimitMs, [&](Result<> result) {
        idle = std::move(result);
        nudge();
    });
    if (!wait_until([&] { return idle.has_value(); }, kSettleLimitMs + 1000) || !*idle)
        fail_round("the oracle's wallet does not come to rest");
    unminted_.clear();
}

void Lane::check(AuditKind kind) {
    if (kind == AuditKind::whole) {
        run_to_end(
            {settings_.build_dir + "/bin/hp-wallet", "--config-dir", dir_ + "/conf", "quotes", "--mint"},
            "hp-wallet quotes --mint");
    }
    // A proxy looks for quotes at any time. What is seen meanwhile does not count.
    std::vector<std::string> found;
    auto look = [&] {
        auto before = rest_of(files_);
        if (!before) return false;
        found = audit(files_, keys_, *oracle_, kind);
        return found.empty() || rest_of(files_) == before;
    };
    if (!wait_until(look, kSettleLimitMs, kRestPollMs)) fail_round("no rest for an audit");
    for (auto& complaint : oracle_->take_complaints()) found.push_back("what was said: " + complaint);
    if (!found.empty()) {
        std::string all;
        for (const auto& line : found) all += "\n  " + line;
        fail_round("the audit:" + all);
    }
    const std::string hp_audit = settings_.build_dir + "/bin/hp-audit";
    if (kind == AuditKind::whole && std::filesystem::exists(hp_audit))
        run_to_end({hp_audit, "--pool", files_.outbox, "--mint", files_.mint, "--wallet", files_.proxy_wallet,
                    "--wallet", files_.oracle_wallet},
                   "hp-audit");
}

/// After a successful round: everything killed has recovered.
void Lane::count_points(const Plan& plan) {
    const bool killed_by_timer = !plan.recovery.empty() && !plan.recovery.front().point;
    std::uint64_t hits_of_plan = 0, hits_in_recovery = 0;
    for (std::size_t i = 0; i < points().size(); ++i) {
        const PointInfo& point = points()[i];
        auto& total = totals_.points[i];
        Slot* slot = slot_of(point);
        total.reached += slot->passes - std::exchange(counted_[i][0], slot->passes);
        const std::uint64_t hits = slot->kills - std::exchange(counted_[i][1], slot->kills);
        total.killed += hits;
        total.recovered += hits;
        if (&point == plan.point) {
            hits_of_plan = hits;
        } else {
            hits_in_recovery += hits;
            total.killed_in_recovery += hits;
        }
    }
    if (hits_of_plan > 0 && (killed_by_timer || hits_in_recovery > 0))
        ++totals_.points[static_cast<std::size_t>(plan.point - points().data())].killed_in_recovery;
    // A point that was not reached was replaced by a plain kill.
    const bool is_replaced = plan.point && hits_of_plan == 0 && plan.point->when != When::creation &&
                             plan.point->program != Program::wallet;
    totals_.recovery_kills += hits_in_recovery + killed_by_timer;
    totals_.kills += plan.victims.size() + hits_of_plan + hits_in_recovery + killed_by_timer + is_replaced;
    if (!plan.point) ++totals_.random_by_count[std::min<std::size_t>(plan.victims.size(), 3)];
    std::uint64_t promised = 0;
    for (const auto& [hash, share] : oracle_->shares()) promised += share.verdict == Verdict::promised;
    totals_.shares_promised += promised - std::exchange(promised_before_, promised);
}

/// After a failed one: its passes do not count.
void Lane::forget_points() {
    for (std::size_t i = 0; i < points().size(); ++i) {
        Slot* slot = slot_of(points()[i]);
        counted_[i] = {slot->passes, slot->kills};
    }
}

void Lane::report_failure(const Plan& plan, const std::string& what) {
    std::string kind;
    if (plan.point)
        kind = "point " + std::string(plan.point->name) + " of " +
               std::string(command_of(plan.point->program)) + ", pass " + std::to_string(plan.pass);
    else
        for (const auto& victim : plan.victims)
            kind += (kind.empty() ? "random: " : ", ") + std::string(command_of(victim.program)) + " after " +
                    std::to_string(victim.after_ms) + " ms";
    for (const auto& kill : plan.recovery)
        kind += "; in recovery " + std::string(command_of(kill.program)) +
                (kill.point ? " at " + std::string(kill.point->name)
                            : " after " + std::to_string(kill.after_ms) + " ms");
    std::fprintf(stderr,
                 "crash_run: round %llu failed (%s)\n  %s\n  kept: %s\n  again: tests/crash/run --seed %llu "
                 "--rounds %llu --only "
                 "%llu\n",
                 static_cast<unsigned long long>(plan.round), kind.c_str(), what.c_str(), dir_.c_str(),
                 static_cast<unsigned long long>(settings_.seed),
                 static_cast<unsigned long long>(settings_.rounds),
                 static_cast<unsigned long long>(plan.round));
}

}  // namespace hp::crash
