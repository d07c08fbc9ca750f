// Template Distribution protocol. Spec chapter 7.
// Declared once: see lib/sv2/message.hpp. Field names are the specification's.
#pragma once
#include "sv2/message.hpp"

namespace hp::sv2::templates {

/// Client->server. Spec 7.1.
struct CoinbaseOutputConstraints {
    static constexpr Info info{"CoinbaseOutputConstraints", 0x70, ChannelMsg::no};
    std::uint32_t coinbase_output_max_additional_size{};
    std::uint16_t coinbase_output_max_additional_sigops{};
    friend bool operator==(const CoinbaseOutputConstraints&, const CoinbaseOutputConstraints&) = default;
};
BOOST_DESCRIBE_STRUCT(CoinbaseOutputConstraints, (),
                      (coinbase_output_max_additional_size, coinbase_output_max_additional_sigops))

/// Server->client. Spec 7.2.
struct NewTemplate {
    static constexpr Info info{"NewTemplate", 0x71, ChannelMsg::no};
    std::uint64_t template_id{};
    bool future_template{};
    std::uint32_t version{};
    std::uint32_t coinbase_tx_version{};
    B0_255 coinbase_prefix{};
    std::uint32_t coinbase_tx_input_sequence{};
    std::uint64_t coinbase_tx_value_remaining{};
    std::uint32_t coinbase_tx_outputs_count{};
    B0_64K coinbase_tx_outputs{};
    std::uint32_t coinbase_tx_locktime{};
    Seq0_255<U256> merkle_path{};
    friend bool operator==(const NewTemplate&, const NewTemplate&) = default;
};
BOOST_DESCRIBE_STRUCT(NewTemplate, (),
                      (template_id, future_template, version, coinbase_tx_version, coinbase_prefix,
                       coinbase_tx_input_sequence, coinbase_tx_value_remaining, coinbase_tx_outputs_count,
                       coinbase_tx_outputs, coinbase_tx_locktime, merkle_path))

/// Server->client. Spec 7.3.
struct SetNewPrevHash {
    static constexpr Info info{"SetNewPrevHash", 0x72, ChannelMsg::no};
    std::uint64_t template_id{};
    U256 prev_hash{};
    std::uint32_t header_timestamp{};
    std::uint32_t nBits{};
    U256 target{};
    friend bool operator==(const SetNewPrevHash&, const SetNewPrevHash&) = default;
};
BOOST_DESCRIBE_STRUCT(SetNewPrevHash, (), (template_id, prev_hash, header_timestamp, nBits, target))

/// Client->server. Spec 7.4.
struct RequestTransactionData {
    static constexpr Info info{"RequestTransactionData", 0x73, ChannelMsg::no};
    std::uint64_t template_id{};
    friend bool operator==(const RequestTransactionData&, const RequestTransactionData&) = default;
};
BOOST_DESCRIBE_STRUCT(RequestTransactionData, (), (template_id))

/// Server->client. Spec 7.5.
struct RequestTransactionDataSuccess {
    static constexpr Info info{"RequestTransactionData.Success", 0x74, ChannelMsg::no};
    std::uint64_t template_id{};
    B0_64K excess_data{};
    Seq0_64K<B0_16M> transaction_list{};
    friend bool operator==(const RequestTransactionDataSuccess&,
                           const RequestTransactionDataSuccess&) = default;
};
BOOST_DESCRIBE_STRUCT(RequestTransactionDataSuccess, (), (template_id, excess_data, transaction_list))

/// Server->client. Spec 7.6.
struct RequestTransactionDataError {
    static constexpr Info info{"RequestTransactionData.Error", 0x75, ChannelMsg::no};
    std::uint64_t template_id{};
    Str0_255 error_code{};
    friend bool operator==(const RequestTransactionDataError&, const RequestTransactionDataError&) = default;
};
BOOST_DESCRIBE_STRUCT(RequestTransactionDataError, (), (template_id, error_code))

/// Client->server. Spec 7.7.
struct SubmitSolution {
    static constexpr Info info{"SubmitSolution", 0x76, ChannelMsg::no};
    std::uint64_t template_id{};
    std::uint32_t version{};
    std::uint32_t header_timestamp{};
    std::uint32_t header_nonce{};
    B0_64K coinbase_tx{};
    friend bool operator==(const SubmitSolution&, const SubmitSolution&) = default;
};
BOOST_DESCRIBE_STRUCT(SubmitSolution, (), (template_id, version, header_timestamp, header_nonce, coinbase_tx))

using Messages =
    boost::mp11::mp_list<CoinbaseOutputConstraints, NewTemplate, SetNewPrevHash, RequestTransactionData,
                         RequestTransactionDataSuccess, RequestTransactionDataError, SubmitSolution>;

}  // namespace hp::sv2::templates
