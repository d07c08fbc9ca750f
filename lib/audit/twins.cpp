#include "audit/twins.hpp"

namespace hp::audit {

std::vector<ByteArray<8>> Twins::found() {
    std::sort(starts_.begin(), starts_.end());
    std::vector<ByteArray<8>> out;
    for (std::size_t i = 1; i < starts_.size(); ++i) {
        if (starts_[i] != starts_[i - 1] || (i > 1 && starts_[i] == starts_[i - 2])) continue;
        put_be(out.emplace_back().data(), starts_[i]);
    }
    return out;
}

}  // namespace hp::audit
