// The templates that clients may still refer to: numbered, cut to leave room for each client's coinbase, and
// limited in number. Pure.
#pragma once
#include <deque>
#include <memory>
#include <optional>

#include "base/clock.hpp"
#include "sv2/templates.hpp"
#include "templates/block_template.hpp"

namespace hp::templates {

/// One template under one number.
struct CachedTemplate {
    std::uint64_t template_id{};
    std::shared_ptr<const BlockTemplate> block;
    /// With future_template set; see as_current().
    sv2::templates::NewTemplate message;
    sv2::templates::NewTemplate as_current() const;
    /// Miners start at `now`, or at the template's own time if that is later. Spec 7.3.
    sv2::templates::SetNewPrevHash prev_hash(UnixSeconds now) const;
};

class TemplateCache {
  public:
    /// Solutions may be late, so old templates stay until there are this many newer ones.
    static constexpr std::size_t kOffersMax = 64;

    /// Ids start after `last_id`, which should come from a clock: clients of an earlier process must not
    /// mistake its templates for ours.
    explicit TemplateCache(std::uint64_t last_id) : last_id_{last_id} {}

    /// Sets the template to offer.
    void set_current(std::shared_ptr<const BlockTemplate> block) { current_ = std::move(block); }
    const std::shared_ptr<const BlockTemplate>& current() const { return current_; }
    /// The current template for such a coinbase, with an id above `after_id`; clients with the same
    /// constraints share one. Nothing without a current template, or if such a coinbase does not fit into a
    /// block.
    std::shared_ptr<const CachedTemplate> offer(const CoinbaseSpace& space, std::uint64_t after_id);
    /// Nothing if it was never offered or is gone.
    std::shared_ptr<const CachedTemplate> find(std::uint64_t template_id) const;
    /// Whether its tip is the current one.
    bool is_fresh(const CachedTemplate& offer) const { return current_ && same_tip(*offer.block, *current_); }

  private:
    std::uint64_t last_id_;
    std::shared_ptr<const BlockTemplate> current_;
    struct Entry {
        std::shared_ptr<const BlockTemplate> whole;  ///< what it was cut from
        std::shared_ptr<const CachedTemplate> offer;
    };
    std::deque<Entry> entries_;  ///< by number
};

}  // namespace hp::templates
