// A separate topology, and the rounds played on it. A lane is a process: the oracle, which is never killed.
#pragma once
#include <array>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "crash/kill/audit.hpp"
#include "crash/kill/counts.hpp"
#include "crash/kill/plan.hpp"
#include "crash/kill/process.hpp"
#include "crash/kill/sv1_player.hpp"
#include "crash/kill/sv2_player.hpp"
#include "crash/kill/totals.hpp"
#include "wallet/wallet.hpp"

namespace hp::crash {

struct Settings {
    std::string build_dir;  ///< bin/ and crash/ are in it
    std::string work_dir;
    std::uint64_t seed{1};
    std::uint64_t rounds{1200};
    std::optional<std::uint64_t> only;
    std::uint64_t failures_max{5};
    bool keep{false};
};

class Lane {
  public:
    Lane(const Settings& settings, Totals& totals, unsigned index);
    ~Lane();
    /// Epochs until none is left.
    void run();

  private:
    /// Throws an error: deep in a round it can only be reported.
    struct RoundFailed {
        std::string what;
    };
    struct Topology;

    void play_epoch(std::uint64_t number);
    void begin_epoch(const Epoch& epoch, const Plan& plan);
    void end_epoch();
    void play(const Plan& plan);
    void work(const Plan& plan, Dice& dice);
    void break_start(const Plan& plan);
    void break_upgrade(const Plan& plan);
    void restart_template();
    void recover(const Plan& plan);
    void reconnect();
    void send_again(Dice& dice);
    void settle();
    void check(AuditKind kind);

    void mine_wave(Dice& dice);
    void move_money(Dice& dice);
    void move_money(std::uint64_t amount);
    void call_wallet(const Plan& plan, Dice& dice);
    void on_wallet_command_ended();
    bool wave_is_done() const;

    void start(Program program);
    void on_daemon_changed(Program program);
    std::uint64_t point_kills(Program program) const;
    /// Waits until all three are ready, restarting what was killed meanwhile. Any end other than by SIGKILL
    /// ends the round.
    void wait_for_all();
    void wait_for_end(Program program);
    void run_to_end(std::vector<std::string> arguments, const std::string& what);
    void arm(const PointInfo& point, std::uint64_t pass);
    void disarm();
    void count_points(const Plan& plan);
    void forget_points();
    Slot* slot_of(const PointInfo& point);

    /// Runs the loop until `done`, checked at every event (and every `poll_ms`, for changes without events).
    bool wait_until(const std::function<bool()>& done, std::int64_t limit_ms, std::int64_t poll_ms = 0);
    void nudge();
    [[noreturn]] void fail_round(const std::string& what) { throw RoundFailed{what}; }
    void report_failure(const Plan& plan, const std::string& what);
    Process& process(Program program) { return *processes_[static_cast<std::size_t>(program)]; }
    std::vector<std::string> environment(Program program) const;
    std::string log_of(std::string_view name) const { return dir_ + "/" + std::string(name) + ".log"; }

    Settings settings_;
    Totals& totals_;
    unsigned index_;
    net::Loop loop_;
    bool waiting_{false};
    std::unique_ptr<ReadyBox> ready_box_;
    std::array<std::unique_ptr<Process>, kPrograms> processes_;
    std::unique_ptr<Process> template_;
    std::unique_ptr<Process> helper_;  ///< hp-config, hp-audit and the like
    std::array<Counts*, kPrograms> counts_{};
    std::array<std::uint64_t, kPrograms> point_kills_at_start_{};
    std::array<std::array<std::uint64_t, 2>, kPointsMax> counted_{};  ///< passes and kills seen of each point

    // An epoch's:
    std::string dir_;
    Epoch epoch_;
    AuditFiles files_;
    AuditKeys keys_;
    unsigned keyset_amounts_{63};
    std::unique_ptr<Oracle> oracle_;
    std::unique_ptr<wallet::Wallet> wallet_;
    std::unique_ptr<Sv2Player> sv2_;
    std::unique_ptr<Sv1Player> sv1_;
    std::set<std::string> unminted_;  ///< notified, not in the oracle's wallet yet
    bool money_moves_{false};
    bool wallet_command_runs_{false};
    bool wallet_command_sends_{false};
    std::vector<std::string> failures_;  ///< of callbacks

    std::uint64_t promised_before_{0};
};

}  // namespace hp::crash
