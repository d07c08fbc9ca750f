// Finds a block for a template on the CPU, a slice at a time: the caller keeps its loop responsive. Pure.
#pragma once
#include <optional>

#include "templates/block_template.hpp"

namespace hp::templates {

class SimMiner {
  public:
    /// Pays to an anyone-can-spend script: these blocks exist to compete, not to earn.
    explicit SimMiner(std::shared_ptr<const BlockTemplate> block);
    /// Tries `count` nonces; the solution if one meets the template's target.
    std::optional<Solution> try_nonces(std::uint32_t count);
    const BlockTemplate& block() const { return *block_; }

  private:
    void next_coinbase();
    std::shared_ptr<const BlockTemplate> block_;
    std::uint64_t extranonce_{0};
    Solution solution_{};
    ByteArray<80> header_{};
    std::uint64_t next_nonce_{0};
};

}  // namespace hp::templates
