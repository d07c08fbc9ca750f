// A lane's plumbing: files, processes, epochs.
#include "crash/kill/lane.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <regex>

#include "crypto/base58.hpp"
#include "crypto/sha256.hpp"

namespace hp::crash {
namespace {

namespace fs = std::filesystem;
using enum Program;

constexpr Program kDaemons[] = {pool, mint, proxy};
/// Expected hashes of a share, and of a block if there are some, as powers of two.
constexpr unsigned kShareBits = 10, kUnitBits = 7, kBlockBits = 12, kNoBlockBits = 50;
constexpr std::int64_t kStartLimitMs = 20'000;
constexpr std::int64_t kHelperLimitMs = 60'000;

std::string read_file(const std::string& path) {
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const std::string& path, const std::string& text) { std::ofstream{path} << text; }

/// The line of a key in a TOML file, comment or not.
void set_key(const std::string& path, const std::string& key, const std::string& value) {
    std::string text = read_file(path);
    std::regex line{"(^|\n)#?" + key + " = [^\n]*"};
    if (!std::regex_search(text, line)) throw std::runtime_error("no key '" + key + "' in " + path);
    write_file(path, std::regex_replace(text, line, "$1" + key + " = " + value,
                                        std::regex_constants::format_first_only));
}

std::string value_of(const std::string& path, const std::string& key) {
    std::smatch found;
    std::string text = read_file(path);
    if (!std::regex_search(text, found, std::regex{"(?:^|\n)" + key + " = \"?([^\"\n]*)"}))
        throw std::runtime_error("no key '" + key + "' in " + path);
    return found[1];
}

}  // namespace

Lane::Lane(const Settings& settings, Totals& totals, unsigned index)
    : settings_{settings}, totals_{totals}, index_{index} {
    auto on_change = [this] { nudge(); };
    for (Program program : kDaemons)
        processes_[static_cast<std::size_t>(program)] =
            std::make_unique<Process>(loop_, [this, program] { on_daemon_changed(program); });
    processes_[static_cast<std::size_t>(Program::wallet)] =
        std::make_unique<Process>(loop_, [this] { on_wallet_command_ended(); });
    template_ = std::make_unique<Process>(loop_, on_change);
    helper_ = std::make_unique<Process>(loop_, on_change);
    ready_box_ = std::make_unique<ReadyBox>(loop_, [this](int pid) {
        for (auto& process : processes_) process->set_ready(pid);
        template_->set_ready(pid);
        nudge();
    });
    std::string lane_dir = settings_.work_dir + "/lane" + std::to_string(index_);
    fs::create_directories(lane_dir);
    for (std::size_t i = 0; i < kPrograms; ++i) {
        std::string path = lane_dir + "/counts." + std::string(name_of(static_cast<Program>(i)));
        int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        bool ok = fd >= 0 && ::ftruncate(fd, sizeof(Counts)) == 0;
        void* mapped =
            ok ? ::mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
        if (mapped == MAP_FAILED) throw std::runtime_error("cannot map " + path);
        ::close(fd);
        counts_[i] = static_cast<Counts*>(mapped);
    }
    // The driver knows all names; a program with another one would take its own slot.
    for (const PointInfo& point : points()) {
        auto& slots = counts_[static_cast<std::size_t>(point.program)]->slots;
        auto* slot = std::find_if(std::begin(slots), std::end(slots),
                                  [](const Slot& one) { return one.name[0] == '\0'; });
        point.name.copy(slot->name, sizeof slot->name - 1);
    }
}

Lane::~Lane() { end_epoch(); }

void Lane::nudge() {
    if (waiting_) loop_.stop();
}

bool Lane::wait_until(const std::function<bool()>& done, std::int64_t limit_ms, std::int64_t poll_ms) {
    const SteadyMs end = steady_ms_now() + limit_ms;
    net::Timer late{loop_}, poll{loop_};
    if (poll_ms > 0) poll.every(poll_ms, [this] { nudge(); });
    while (true) {
        if (!failures_.empty()) fail_round(std::exchange(failures_, {}).front());
        if (done()) return true;
        const SteadyMs left = end - steady_ms_now();
        if (left <= 0) return false;
        late.after(left, [this] { nudge(); });
        waiting_ = true;
        loop_.run();
        waiting_ = false;
    }
}

std::vector<std::string> Lane::environment(Program program) const {
    std::vector<std::string> out{"PATH=/usr/bin:/bin", "NOTIFY_SOCKET=" + ready_box_->name()};
    out.push_back("HP_CRASH_COUNTS=" + settings_.work_dir + "/lane" + std::to_string(index_) + "/counts." +
                  std::string(name_of(program)));
    return out;
}

void Lane::start(Program program) {
    std::vector<std::string> arguments{settings_.build_dir + "/crash/" + std::string(command_of(program)),
                                       "--config-dir", dir_ + "/conf"};
    if (program == mint) {
        arguments.insert(arguments.end(),
                         {"--keyset-amounts", std::to_string(keyset_amounts_), "--input-fee-ppk",
                          std::to_string(epoch_.fee_ppk), "--events", files_.mint_events});
    }
    // hp-wallet may be writing the same file.
    if (program == proxy && !wallet_command_runs_)
        for (auto& what : audit_dead_wallet(files_.proxy_wallet, dir_)) failures_.push_back(std::move(what));
    point_kills_at_start_[static_cast<std::size_t>(program)] = point_kills(program);
    process(program).start(arguments, environment(program), log_of(name_of(program)));
}

std::uint64_t Lane::point_kills(Program program) const {
    std::uint64_t kills = 0;
    for (const Slot& slot : counts_[static_cast<std::size_t>(program)]->slots) kills += slot.kills;
    return kills;
}

/// An end not caused by us is a finding, or someone else's kill.
void Lane::on_daemon_changed(Program program) {
    auto& one = process(program);
    const bool by_point = point_kills(program) != point_kills_at_start_[static_cast<std::size_t>(program)];
    const bool is_ours = one.was_killed() && (one.is_kill_asked() || by_point);
    if (!one.is_running() && !is_ours)
        failures_.push_back(std::string(command_of(program)) + " " + one.how_it_ended() + ", and not by us");
    nudge();
}

void Lane::wait_for_end(Program program) {
    if (!wait_until([&] { return !process(program).is_running(); }, kStartLimitMs))
        fail_round(std::string(command_of(program)) + " survives SIGKILL");
}

void Lane::wait_for_all() {
    std::array<bool, 3> was_running{};
    auto look = [&] {
        bool all_ready = true;
        for (Program program : kDaemons) {
            auto& one = process(program);
            const auto i = static_cast<std::size_t>(program);
            if (!one.is_running() && was_running[i] && !one.was_killed())
                fail_round(std::string(command_of(program)) + " " + one.how_it_ended());
            if (!one.is_running()) start(program);
            was_running[i] = true;
            all_ready &= one.is_ready();
        }
        return all_ready;
    };
    if (!wait_until(look, kStartLimitMs)) fail_round("the programs did not come up again");
}

void Lane::run_to_end(std::vector<std::string> arguments, const std::string& what) {
    helper_->start(arguments, {"PATH=/usr/bin:/bin"}, log_of("helper"));
    if (!wait_until([&] { return !helper_->is_running(); }, kHelperLimitMs))
        fail_round(what + " does not end");
    if (helper_->last_status() != 0)
        fail_round(what + " " + helper_->how_it_ended() + ":\n" + read_file(log_of("helper")));
}

Slot* Lane::slot_of(const PointInfo& point) {
    for (Slot& slot : counts_[static_cast<std::size_t>(point.program)]->slots)
        if (point.name == slot.name) return &slot;
    throw std::runtime_error("no slot");
}

void Lane::arm(const PointInfo& point, std::uint64_t pass) {
    slot_of(point)->passes_left = static_cast<std::int64_t>(pass);
}

void Lane::disarm() {
    for (const PointInfo& point : points()) slot_of(point)->passes_left = 0;
}

void Lane::begin_epoch(const Epoch& epoch, const Plan& plan) {
    epoch_ = epoch;
    dir_ = settings_.work_dir + "/lane" + std::to_string(index_) + "/epoch" + std::to_string(epoch.number);
    fs::remove_all(dir_);
    fs::create_directories(dir_);
    const std::string conf = dir_ + "/conf";
    run_to_end({settings_.build_dir + "/bin/hp-config", "init", conf, "--network", "sim", "--ports", "auto"},
               "hp-config init");
    // The lane's own address: no outgoing connection can take a port while its program is down.
    const unsigned parent = static_cast<unsigned>(::getppid());
    const std::string address = "127." + std::to_string(64 + parent % 100) + "." +
                                std::to_string(parent / 100 % 250) + "." + std::to_string(1 + index_);
    for (const auto& file : fs::recursive_directory_iterator(conf))
        if (file.path().extension() == ".toml")
            write_file(file.path(),
                       std::regex_replace(read_file(file.path()), std::regex{"127\\.0\\.0\\.1"}, address));
    set_key(conf + "/pool.toml", "shares_per_minute", "100000");
    set_key(conf + "/pool.toml", "vardiff_interval_s", "3600");
    set_key(conf + "/pool.toml", "easiest_target_bits", std::to_string(kShareBits));
    set_key(conf + "/shared/pool.toml", "unit_bits", std::to_string(kUnitBits));
    set_key(conf + "/proxy.toml", "initial_hash_rate_hps", "1");
    set_key(conf + "/template.toml", "sim_block_bits",
            std::to_string(epoch.has_blocks ? kBlockBits : kNoBlockBits));
    set_key(conf + "/template.toml", "fee_refresh_s", "3600");
    files_ = {conf + "/data/outbox.db", conf + "/data/mint.db", conf + "/data/wallet.db", dir_ + "/oracle.db",
              dir_ + "/mint-events.jsonl"};
    keyset_amounts_ = 63;
    promised_before_ = 0;
    unminted_.clear();
    failures_.clear();
    money_moves_ = wallet_command_runs_ = false;
    oracle_ = std::make_unique<Oracle>(dir_ + "/oracle.log");

    template_->start({settings_.build_dir + "/bin/hp-template", "--config-dir", conf}, environment(pool),
                     log_of("template"));
    if (!wait_until([this] { return template_->is_ready(); }, kStartLimitMs))
        fail_round("hp-template does not start");
    disarm();
    if (plan.point && plan.point->when == When::creation) arm(*plan.point, plan.pass);
    for (Program program : kDaemons) start(program);
    wait_for_all();
    disarm();

    wallet::WalletOptions options;
    const Bytes32 half = crypto::sha256(as_bytes(std::to_string(mix(settings_.seed, epoch.number))));
    std::copy(half.begin(), half.end(), options.seed.begin());
    options.database = files_.oracle_wallet;
    options.mint_url = value_of(conf + "/shared/proxy.toml", "mint_url");
    auto opened = wallet::Wallet::open(loop_, options);
    if (!opened) fail_round("the oracle's wallet: " + opened.error().what);
    wallet_ = *std::move(opened);
    wallet_->on_minted = [this](const wallet::Minted& minted) {
        for (const auto& id : minted.quote_ids) unminted_.erase(id);
        nudge();
    };
    wallet_->on_parked = [this](const std::string& id, const std::string& why) {
        failures_.push_back("the oracle's wallet cannot mint quote " + id + ": " + why);
        nudge();
    };
    keys_.oracle = wallet_->locking_key();
    run_to_end(
        {"/bin/sh", "-c",
         settings_.build_dir + "/bin/hp-wallet --config-dir " + conf + " pubkey > " + dir_ + "/pubkey"},
        "hp-wallet pubkey");
    keys_.proxy = array_from_hex<33>(read_file(dir_ + "/pubkey").substr(0, 66)).value();

    auto pool_at = net::endpoint_from_text(value_of(conf + "/shared/network.toml", "pool_listen")).value();
    auto authority =
        crypto::authority_key_from_text(value_of(conf + "/proxy.toml", "pool_authority_public_key")).value();
    auto proxy_at = net::endpoint_from_text(value_of(conf + "/shared/network.toml", "proxy_listen")).value();
    sv2_ = std::make_unique<Sv2Player>(loop_, miner::Url{pool_at, authority}, keys_.oracle, *oracle_,
                                       Sv2Player::Events{[this] { nudge(); },
                                                         [this](const std::string& id, std::uint64_t amount) {
                                                             unminted_.insert(id);
                                                             wallet_->add_quote(id, amount);
                                                         }});
    sv1_ =
        std::make_unique<Sv1Player>(loop_, miner::Url{proxy_at, std::nullopt}, *oracle_, [this] { nudge(); });
    sv2_->connect();
    sv1_->connect();
    std::optional<Result<>> connected;
    wallet_->connect([&connected, this](Result<> result) {
        connected = result;
        nudge();
    });
    if (!wait_until([&] { return connected.has_value(); }, kStartLimitMs) || !*connected)
        fail_round("the oracle's wallet cannot connect");
    reconnect();
}

void Lane::end_epoch() {
    sv1_.reset();
    sv2_.reset();
    wallet_.reset();
    auto kill = [this](Process& one) {
        one.kill();
        auto is_gone = [&] { return !one.is_running(); };
        failures_.clear();
        wait_until(is_gone, kStartLimitMs);
    };
    for (auto& one : processes_) kill(*one);
    kill(*template_);
    kill(*helper_);
    failures_.clear();
    oracle_.reset();
}

void Lane::play_epoch(std::uint64_t number) {
    const std::uint64_t first = number * kRoundsPerEpoch;
    for (std::uint64_t round = first; round < std::min(first + kRoundsPerEpoch, settings_.rounds); ++round) {
        if (totals_.stop) return;
        if (settings_.only && round > *settings_.only) break;
        const bool begins = round == first || (settings_.only && round == *settings_.only);
        if (settings_.only && round != *settings_.only) continue;
        const Plan plan = plan_of(settings_.seed, round);
        std::string failure;
        try {
            if (begins) {
                const auto since = steady_ms_now();
                end_epoch();
                begin_epoch(epoch_of(round), plan);
                totals_.epoch_us += static_cast<std::uint64_t>(steady_ms_now() - since) * 1000;
            }
            play(plan);
            ++totals_.rounds;
            ++(plan.point ? totals_.named_rounds : totals_.random_rounds);
        } catch (const RoundFailed& failed) {
            failure = failed.what;
        } catch (const std::exception& error) {
            failure = error.what();
        }
        if (!failure.empty()) {
            ++totals_.rounds;
            ++totals_.failed_rounds;
            report_failure(plan, failure);
            if (totals_.failed_rounds >= settings_.failures_max) totals_.stop = true;
            end_epoch();
            forget_points();
            return;  // its directory stays
        }
    }
    Plan last = plan_of(settings_.seed, std::min(first + kRoundsPerEpoch, settings_.rounds) - 1);
    try {
        if (wallet_) check(AuditKind::whole);
        end_epoch();
        if (!settings_.keep) fs::remove_all(dir_);
    } catch (const RoundFailed& failed) {
        ++totals_.failed_rounds;
        report_failure(last, "at the end of its epoch: " + failed.what);
        end_epoch();
    }
}

void Lane::run() {
    while (!totals_.stop) {
        const std::uint64_t number = totals_.next_epoch++;
        if (number * kRoundsPerEpoch >= settings_.rounds) return;
        play_epoch(number);
    }
}

}  // namespace hp::crash
