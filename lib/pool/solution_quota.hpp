// How many solutions of one template are submitted. The chain takes one; a few more guard against a lost one.
// If blocks are easy (regtest, testnet4's minimum difficulty) a template has thousands before the next tip,
// which would keep the node busy.
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
