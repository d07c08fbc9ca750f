// The embedded chain as a source of templates: one more transaction pays its fee every so often, accepted
// blocks go to disk and move the tip, and optionally our own blocks compete with the miners'.
#pragma once
#include <string>

#include "net/loop.hpp"
#include "templates/sim_file.hpp"
#include "templates/sim_miner.hpp"

namespace hp::templates {

class SimSource final : public Source {
  public:
    struct Options {
        unsigned block_bits{26};
        std::int64_t block_interval_s{0};  ///< 0: no own blocks
        std::int64_t fee_refresh_s{30};
        std::string chain_file{};  ///< empty: the chain is lost at exit
    };
    static Result<std::unique_ptr<SimSource>> open(net::Loop& loop, const Options& options);

    void start(OnTemplate on_template) override;
    void submit(std::shared_ptr<const Bytes> block, const BlockId& id, OnVerdict on_verdict) override;

  private:
    SimSource(net::Loop& loop, const Options& options);
    Verdict take(ByteView block);
    void publish();
    void on_new_tip();
    void mine_slice();
    net::Loop& loop_;
    Options options_;
    SimChain chain_;
    std::unique_ptr<SimFile> file_;
    OnTemplate on_template_;
    std::size_t transaction_count_{0};
    net::Timer refresh_;
    net::Timer mining_;
    std::optional<SimMiner> miner_;
    std::shared_ptr<bool> alive_{std::make_shared<bool>(true)};
};

}  // namespace hp::templates
