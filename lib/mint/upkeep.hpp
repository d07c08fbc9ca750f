// A mint's periodic work: checks for requests to release held quotes, checks the size of its database's WAL,
// and reports its status.
#pragma once
#include <functional>
#include <string>

#include "mint/mint.hpp"
#include "net/clock_guard.hpp"
#include "store/log_watch.hpp"

namespace hp::mint {

class Upkeep {
  public:
    struct Options {
        std::string database;
        std::uint64_t wal_alarm_bytes{};
        std::function<bool()> is_link_up;
    };
    Upkeep(net::Loop& loop, Mint& mint, Options options);

  private:
    void tick();
    void look_for_request();
    Mint& mint_;
    Options options_;
    store::LogWatch log_watch_;
    net::ClockGuard clock_;
    HeldQuotes held_;
    bool is_releasing_{false};
    std::uint64_t ticks_{0};
    std::string last_trouble_;
    std::shared_ptr<bool> alive_{std::make_shared<bool>(true)};
    net::Timer tick_;
};

}  // namespace hp::mint
