// Where templates come from and where blocks go: the embedded chain or a node. Edges implement this; the
// server knows nothing else about them.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "templates/block_template.hpp"

namespace hp::templates {

/// What the chain said about a block.
struct Verdict {
    bool accepted{};
    std::string reason{};  ///< a BIP 22 word such as "high-hash" or "stale-prevblk"; empty when accepted
};

class Source {
  public:
    using OnTemplate = std::function<void(std::shared_ptr<const BlockTemplate>)>;
    using OnVerdict = std::function<void(const Verdict&)>;

    virtual ~Source() = default;
    /// From now on, `on_template` gets each template that replaces the one before: on a new tip, and when the
    /// same tip pays more. Never called before start() returns.
    virtual void start(OnTemplate on_template) = 0;
    /// Hands in a serialised block. `on_verdict` is called once, later; never when the source is destroyed
    /// before.
    virtual void submit(std::shared_ptr<const Bytes> block, OnVerdict on_verdict) = 0;
};

}  // namespace hp::templates
