// The records of hp-template.
#pragma once
#include "records/any.hpp"

namespace hp::records {

struct Block {
    static constexpr bool is_inline = true;
    std::uint32_t height{};
    Reversed hash{};
    bool accepted{};
    std::string_view fate{};
    std::string_view reason{};
};
BOOST_DESCRIBE_STRUCT(Block, (), (height, hash, accepted, fate, reason))

struct BlockSubmitted {
    static constexpr Info info{"block_submitted",
                               "A solution was submitted to the node, or to the sim chain. Whether it is in "
                               "the chain is the chain's own answer."};
    static constexpr Series series[]{{.label = "accepted"}};
    static constexpr Metric metrics[]{
        {.name = "hashpool_blocks_submitted_total",
         .help = "Blocks submitted to the node, by whether they were in its chain then.",
         .is_by_label = true}};
    Block block{};
};
BOOST_DESCRIBE_STRUCT(BlockSubmitted, (), (block))

struct BlockResubmitted {
    static constexpr Info info{
        "block_resubmitted",
        "Likewise for a block that the node already had: an earlier run of hp-template submitted it."};
    static constexpr Series series[]{{.label = "accepted"}};
    Block block{};
};
BOOST_DESCRIBE_STRUCT(BlockResubmitted, (), (block))

struct BlockMoved {
    static constexpr Info info{"block_moved",
                               "A submitted block has entered the chain or left it. Blocks are watched until "
                               "twelve more are on top."};
    static constexpr Series series[]{{.label = "accepted"}};
    static constexpr Metric metrics[]{
        {.name = "hashpool_blocks_moved_total",
         .help = "Submitted blocks that entered the chain later (true) or left it (false).",
         .is_by_label = true}};
    Block block{};
};
BOOST_DESCRIBE_STRUCT(BlockMoved, (), (block))

struct TemplateStatus {
    static constexpr Info info{"template_status", "The state of hp-template, every second.", true};
    static constexpr Doc docs[]{
        {"node_connected", "false: the node does not answer, or has no template"},
        {"node_since_ms", "since when"},
        {"height", "height of the newest template's block; 0: none"},
        {"clients", "connections that get templates"},
        {"work_withdrawn", "true: the newest template is too old to be served (max_template_age_s)"}};
    std::int64_t started_ms{};
    bool node_connected{};
    std::int64_t node_since_ms{};
    std::uint32_t height{};
    std::uint64_t clients{};
    bool work_withdrawn{};
    std::int64_t clock_off_ms{};
    std::uint64_t log_lines_dropped{};
};
BOOST_DESCRIBE_STRUCT(TemplateStatus, (),
                      (started_ms, node_connected, node_since_ms, height, clients, work_withdrawn,
                       clock_off_ms, log_lines_dropped))

using TemplateRecords = boost::mp11::mp_list<BlockSubmitted, BlockResubmitted, BlockMoved, TemplateStatus>;

}  // namespace hp::records
