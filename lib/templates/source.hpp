// A source of templates and destination of blocks: the embedded chain or a node. The server uses them only
// through this interface.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "templates/block_template.hpp"
#include "templates/verdict.hpp"

namespace hp::templates {

class Source {
  public:
    using OnTemplate = std::function<void(std::shared_ptr<const BlockTemplate>)>;
    using OnVerdict = std::function<void(const Verdict&)>;

    virtual ~Source() = default;
    /// From now on, `on_template` gets each template that replaces the previous one: on a new tip, and when
    /// the same tip pays more. Never called before start() returns.
    virtual void start(OnTemplate on_template) = 0;
    /// Submits a serialized block. `on_verdict` is called later, and again whenever the chain changes its
    /// verdict; never after the source is destroyed.
    virtual void submit(std::shared_ptr<const Bytes> block, const BlockId& id, OnVerdict on_verdict) = 0;
    /// Somebody says that there is a new tip: a source that has to ask does so at once.
    virtual void refresh() {}
    /// Called with the reason when templates stop coming, and with an empty text when they resume.
    std::function<void(const std::string& why)> on_trouble{};
};

}  // namespace hp::templates
