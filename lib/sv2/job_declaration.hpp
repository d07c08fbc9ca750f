// Job Declaration protocol. Spec chapter 6.
// Declared once: see lib/sv2/message.hpp. Field names are the specification's.
#pragma once
#include "sv2/message.hpp"

namespace hp::sv2::job_declaration {

/// Client->server. Spec 6.4.2.
struct AllocateMiningJobToken {
    static constexpr Info info{"AllocateMiningJobToken", 0x50, ChannelMsg::no};
    Str0_255 user_identifier{};
    std::uint32_t request_id{};
    friend bool operator==(const AllocateMiningJobToken&, const AllocateMiningJobToken&) = default;
};
BOOST_DESCRIBE_STRUCT(AllocateMiningJobToken, (), (user_identifier, request_id))

/// Server->client. Spec 6.4.3.
struct AllocateMiningJobTokenSuccess {
    static constexpr Info info{"AllocateMiningJobToken.Success", 0x51, ChannelMsg::no};
    std::uint32_t request_id{};
    B0_255 mining_job_token{};
    B0_64K coinbase_tx_outputs{};
    friend bool operator==(const AllocateMiningJobTokenSuccess&,
                           const AllocateMiningJobTokenSuccess&) = default;
};
BOOST_DESCRIBE_STRUCT(AllocateMiningJobTokenSuccess, (), (request_id, mining_job_token, coinbase_tx_outputs))

/// Server->client. Spec 6.4.7.
struct ProvideMissingTransactions {
    static constexpr Info info{"ProvideMissingTransactions", 0x55, ChannelMsg::no};
    std::uint32_t request_id{};
    Seq0_64K<std::uint16_t> unknown_tx_position_list{};
    friend bool operator==(const ProvideMissingTransactions&, const ProvideMissingTransactions&) = default;
};
BOOST_DESCRIBE_STRUCT(ProvideMissingTransactions, (), (request_id, unknown_tx_position_list))

/// Client->server. Spec 6.4.8.
struct ProvideMissingTransactionsSuccess {
    static constexpr Info info{"ProvideMissingTransactions.Success", 0x56, ChannelMsg::no};
    std::uint32_t request_id{};
    Seq0_64K<B0_16M> transaction_list{};
    friend bool operator==(const ProvideMissingTransactionsSuccess&,
                           const ProvideMissingTransactionsSuccess&) = default;
};
BOOST_DESCRIBE_STRUCT(ProvideMissingTransactionsSuccess, (), (request_id, transaction_list))

/// Client->server. Spec 6.4.4.
struct DeclareMiningJob {
    static constexpr Info info{"DeclareMiningJob", 0x57, ChannelMsg::no};
    std::uint32_t request_id{};
    B0_255 mining_job_token{};
    std::uint32_t version{};
    B0_64K coinbase_tx_prefix{};
    B0_64K coinbase_tx_suffix{};
    Seq0_64K<U256> wtxid_list{};
    B0_64K excess_data{};
    friend bool operator==(const DeclareMiningJob&, const DeclareMiningJob&) = default;
};
BOOST_DESCRIBE_STRUCT(DeclareMiningJob, (),
                      (request_id, mining_job_token, version, coinbase_tx_prefix, coinbase_tx_suffix,
                       wtxid_list, excess_data))

/// Server->client. Spec 6.4.5.
struct DeclareMiningJobSuccess {
    static constexpr Info info{"DeclareMiningJob.Success", 0x58, ChannelMsg::no};
    std::uint32_t request_id{};
    B0_255 new_mining_job_token{};
    friend bool operator==(const DeclareMiningJobSuccess&, const DeclareMiningJobSuccess&) = default;
};
BOOST_DESCRIBE_STRUCT(DeclareMiningJobSuccess, (), (request_id, new_mining_job_token))

/// Server->client. Spec 6.4.6.
struct DeclareMiningJobError {
    static constexpr Info info{"DeclareMiningJob.Error", 0x59, ChannelMsg::no};
    std::uint32_t request_id{};
    Str0_255 error_code{};
    B0_64K error_details{};
    friend bool operator==(const DeclareMiningJobError&, const DeclareMiningJobError&) = default;
};
BOOST_DESCRIBE_STRUCT(DeclareMiningJobError, (), (request_id, error_code, error_details))

/// Client->server. Spec 6.4.9.
struct PushSolution {
    static constexpr Info info{"PushSolution", 0x60, ChannelMsg::no};
    B0_32 extranonce{};
    U256 prev_hash{};
    std::uint32_t nonce{};
    std::uint32_t ntime{};
    std::uint32_t nbits{};
    std::uint32_t version{};
    friend bool operator==(const PushSolution&, const PushSolution&) = default;
};
BOOST_DESCRIBE_STRUCT(PushSolution, (), (extranonce, prev_hash, nonce, ntime, nbits, version))

using Messages =
    boost::mp11::mp_list<AllocateMiningJobToken, AllocateMiningJobTokenSuccess, ProvideMissingTransactions,
                         ProvideMissingTransactionsSuccess, DeclareMiningJob, DeclareMiningJobSuccess,
                         DeclareMiningJobError, PushSolution>;

}  // namespace hp::sv2::job_declaration
