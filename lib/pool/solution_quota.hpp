// How many solutions of one template go to the chain. It takes one; a few more guard against one that is
// lost. Where a block takes only some hashes (regtest, testnet4's minimum difficulty) a template has
// thousands in the time until the next tip, and they would keep the node busy.
#pragma once
#include <cstdint>

namespace hp::pool {

class SolutionQuota {
  public:
    static constexpr std::uint32_t kPerTemplate = 16;
    bool take(std::uint64_t template_id) {
        if (template_id != template_id_) {
            template_id_ = template_id;
            taken_ = 0;
        }
        return taken_ < kPerTemplate && ++taken_ > 0;
    }

  private:
    std::uint64_t template_id_{0};
    std::uint32_t taken_{0};
};

}  // namespace hp::pool
