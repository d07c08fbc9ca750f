// Finds values that come twice among millions of random ones (hashes, ids), in 8 bytes for each.
#pragma once
#include "base/bytes.hpp"

namespace hp::audit {

class Twins {
  public:
    /// Takes the first 8 bytes, which must be random. Different values may share them: whoever asks looks at
    /// what found() names.
    void add(ByteView value) {
        if (value.size() >= 8) starts_.push_back(get_be<std::uint64_t>(value.data()));
    }
    /// The first bytes of the values that may have come twice, each once.
    std::vector<ByteArray<8>> found();

  private:
    std::vector<std::uint64_t> starts_;
};

}  // namespace hp::audit
