// Finds duplicates among millions of random values (hashes, ids), in 8 bytes each.
#pragma once
#include "base/bytes.hpp"

namespace hp::audit {

class Twins {
  public:
    /// Takes the first 8 bytes, which must be random. Different values may share them: the caller must check
    /// what found() returns.
    void add(ByteView value) {
        if (value.size() >= 8) starts_.push_back(get_be<std::uint64_t>(value.data()));
    }
    /// The first bytes of possible duplicates, each once.
    std::vector<ByteArray<8>> found();

  private:
    std::vector<std::uint64_t> starts_;
};

}  // namespace hp::audit
