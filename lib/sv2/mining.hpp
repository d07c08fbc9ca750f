// Mining protocol. Spec chapter 5.
// Declared once: see lib/sv2/message.hpp. Field names are the specification's.
#pragma once
#include "sv2/message.hpp"

namespace hp::sv2::mining {

/// Client->server. Spec 5.3.2.
struct OpenStandardMiningChannel {
    static constexpr Info info{"OpenStandardMiningChannel", 0x10, ChannelMsg::no};
    std::uint32_t request_id{};
    Str0_255 user_identity{};
    F32 nominal_hash_rate{};
    U256 max_target{};
    friend bool operator==(const OpenStandardMiningChannel&, const OpenStandardMiningChannel&) = default;
};
BOOST_DESCRIBE_STRUCT(OpenStandardMiningChannel, (),
                      (request_id, user_identity, nominal_hash_rate, max_target))

/// Server->client. Spec 5.3.3.
struct OpenStandardMiningChannelSuccess {
    static constexpr Info info{"OpenStandardMiningChannel.Success", 0x11, ChannelMsg::no};
    std::uint32_t request_id{};
    std::uint32_t channel_id{};
    U256 target{};
    B0_32 extranonce_prefix{};
    std::uint32_t group_channel_id{};
    friend bool operator==(const OpenStandardMiningChannelSuccess&,
                           const OpenStandardMiningChannelSuccess&) = default;
};
BOOST_DESCRIBE_STRUCT(OpenStandardMiningChannelSuccess, (),
                      (request_id, channel_id, target, extranonce_prefix, group_channel_id))

/// Server->client. Spec 5.3.6.
struct OpenMiningChannelError {
    static constexpr Info info{"OpenMiningChannel.Error", 0x12, ChannelMsg::no};
    std::uint32_t request_id{};
    Str0_255 error_code{};
    friend bool operator==(const OpenMiningChannelError&, const OpenMiningChannelError&) = default;
};
BOOST_DESCRIBE_STRUCT(OpenMiningChannelError, (), (request_id, error_code))

/// Client->server. Spec 5.3.4.
struct OpenExtendedMiningChannel {
    static constexpr Info info{"OpenExtendedMiningChannel", 0x13, ChannelMsg::no};
    std::uint32_t request_id{};
    Str0_255 user_identity{};
    F32 nominal_hash_rate{};
    U256 max_target{};
    std::uint16_t min_extranonce_size{};
    friend bool operator==(const OpenExtendedMiningChannel&, const OpenExtendedMiningChannel&) = default;
};
BOOST_DESCRIBE_STRUCT(OpenExtendedMiningChannel, (),
                      (request_id, user_identity, nominal_hash_rate, max_target, min_extranonce_size))

/// Server->client. Spec 5.3.5.
struct OpenExtendedMiningChannelSuccess {
    static constexpr Info info{"OpenExtendedMiningChannel.Success", 0x14, ChannelMsg::no};
    std::uint32_t request_id{};
    std::uint32_t channel_id{};
    U256 target{};
    std::uint16_t extranonce_size{};
    B0_32 extranonce_prefix{};
    std::uint32_t group_channel_id{};
    friend bool operator==(const OpenExtendedMiningChannelSuccess&,
                           const OpenExtendedMiningChannelSuccess&) = default;
};
BOOST_DESCRIBE_STRUCT(OpenExtendedMiningChannelSuccess, (),
                      (request_id, channel_id, target, extranonce_size, extranonce_prefix, group_channel_id))

/// Server->client. Spec 5.3.15.
struct NewMiningJob {
    static constexpr Info info{"NewMiningJob", 0x15, ChannelMsg::yes};
    std::uint32_t channel_id{};
    std::uint32_t job_id{};
    std::optional<std::uint32_t> min_ntime;
    std::uint32_t version{};
    U256 merkle_root{};
    friend bool operator==(const NewMiningJob&, const NewMiningJob&) = default;
};
BOOST_DESCRIBE_STRUCT(NewMiningJob, (), (channel_id, job_id, min_ntime, version, merkle_root))

/// Client->server. Spec 5.3.7.
struct UpdateChannel {
    static constexpr Info info{"UpdateChannel", 0x16, ChannelMsg::yes};
    std::uint32_t channel_id{};
    F32 nominal_hash_rate{};
    U256 maximum_target{};
    friend bool operator==(const UpdateChannel&, const UpdateChannel&) = default;
};
BOOST_DESCRIBE_STRUCT(UpdateChannel, (), (channel_id, nominal_hash_rate, maximum_target))

/// Server->client. Spec 5.3.8.
struct UpdateChannelError {
    static constexpr Info info{"UpdateChannel.Error", 0x17, ChannelMsg::yes};
    std::uint32_t channel_id{};
    Str0_255 error_code{};
    friend bool operator==(const UpdateChannelError&, const UpdateChannelError&) = default;
};
BOOST_DESCRIBE_STRUCT(UpdateChannelError, (), (channel_id, error_code))

/// Both. Spec 5.3.9.
struct CloseChannel {
    static constexpr Info info{"CloseChannel", 0x18, ChannelMsg::yes};
    std::uint32_t channel_id{};
    Str0_255 reason_code{};
    friend bool operator==(const CloseChannel&, const CloseChannel&) = default;
};
BOOST_DESCRIBE_STRUCT(CloseChannel, (), (channel_id, reason_code))

/// Server->client. Spec 5.3.10.
struct SetExtranoncePrefix {
    static constexpr Info info{"SetExtranoncePrefix", 0x19, ChannelMsg::yes};
    std::uint32_t channel_id{};
    B0_32 extranonce_prefix{};
    friend bool operator==(const SetExtranoncePrefix&, const SetExtranoncePrefix&) = default;
};
BOOST_DESCRIBE_STRUCT(SetExtranoncePrefix, (), (channel_id, extranonce_prefix))

/// Client->server. Spec 5.3.11.
struct SubmitSharesStandard {
    static constexpr Info info{"SubmitSharesStandard", 0x1a, ChannelMsg::yes};
    std::uint32_t channel_id{};
    std::uint32_t sequence_number{};
    std::uint32_t job_id{};
    std::uint32_t nonce{};
    std::uint32_t ntime{};
    std::uint32_t version{};
    friend bool operator==(const SubmitSharesStandard&, const SubmitSharesStandard&) = default;
};
BOOST_DESCRIBE_STRUCT(SubmitSharesStandard, (), (channel_id, sequence_number, job_id, nonce, ntime, version))

/// Client->server. Spec 5.3.12.
struct SubmitSharesExtended {
    static constexpr Info info{"SubmitSharesExtended", 0x1b, ChannelMsg::yes};
    std::uint32_t channel_id{};
    std::uint32_t sequence_number{};
    std::uint32_t job_id{};
    std::uint32_t nonce{};
    std::uint32_t ntime{};
    std::uint32_t version{};
    B0_32 extranonce{};
    friend bool operator==(const SubmitSharesExtended&, const SubmitSharesExtended&) = default;
};
BOOST_DESCRIBE_STRUCT(SubmitSharesExtended, (),
                      (channel_id, sequence_number, job_id, nonce, ntime, version, extranonce))

/// Server->client. Spec 5.3.13.
struct SubmitSharesSuccess {
    static constexpr Info info{"SubmitShares.Success", 0x1c, ChannelMsg::yes};
    std::uint32_t channel_id{};
    std::uint32_t last_sequence_number{};
    std::uint32_t new_submits_accepted_count{};
    std::uint64_t new_shares_sum{};
    friend bool operator==(const SubmitSharesSuccess&, const SubmitSharesSuccess&) = default;
};
BOOST_DESCRIBE_STRUCT(SubmitSharesSuccess, (),
                      (channel_id, last_sequence_number, new_submits_accepted_count, new_shares_sum))

/// Server->client. Spec 5.3.14.
struct SubmitSharesError {
    static constexpr Info info{"SubmitShares.Error", 0x1d, ChannelMsg::yes};
    std::uint32_t channel_id{};
    std::uint32_t sequence_number{};
    Str0_255 error_code{};
    friend bool operator==(const SubmitSharesError&, const SubmitSharesError&) = default;
};
BOOST_DESCRIBE_STRUCT(SubmitSharesError, (), (channel_id, sequence_number, error_code))

/// Server->client. Spec 5.3.16.
struct NewExtendedMiningJob {
    static constexpr Info info{"NewExtendedMiningJob", 0x1f, ChannelMsg::yes};
    std::uint32_t channel_id{};
    std::uint32_t job_id{};
    std::optional<std::uint32_t> min_ntime;
    std::uint32_t version{};
    bool version_rolling_allowed{};
    Seq0_255<U256> merkle_path{};
    B0_64K coinbase_tx_prefix{};
    B0_64K coinbase_tx_suffix{};
    friend bool operator==(const NewExtendedMiningJob&, const NewExtendedMiningJob&) = default;
};
BOOST_DESCRIBE_STRUCT(NewExtendedMiningJob, (),
                      (channel_id, job_id, min_ntime, version, version_rolling_allowed, merkle_path,
                       coinbase_tx_prefix, coinbase_tx_suffix))

/// Server->client. Spec 5.3.17.
struct SetNewPrevHash {
    static constexpr Info info{"SetNewPrevHash", 0x20, ChannelMsg::yes};
    std::uint32_t channel_id{};
    std::uint32_t job_id{};
    U256 prev_hash{};
    std::uint32_t min_ntime{};
    std::uint32_t nbits{};
    friend bool operator==(const SetNewPrevHash&, const SetNewPrevHash&) = default;
};
BOOST_DESCRIBE_STRUCT(SetNewPrevHash, (), (channel_id, job_id, prev_hash, min_ntime, nbits))

/// Server->client. Spec 5.3.21.
struct SetTarget {
    static constexpr Info info{"SetTarget", 0x21, ChannelMsg::yes};
    std::uint32_t channel_id{};
    U256 maximum_target{};
    friend bool operator==(const SetTarget&, const SetTarget&) = default;
};
BOOST_DESCRIBE_STRUCT(SetTarget, (), (channel_id, maximum_target))

/// Client->server. Spec 5.3.18.
struct SetCustomMiningJob {
    static constexpr Info info{"SetCustomMiningJob", 0x22, ChannelMsg::yes};
    std::uint32_t channel_id{};
    std::uint32_t request_id{};
    B0_255 mining_job_token{};
    std::uint32_t version{};
    U256 prev_hash{};
    std::uint32_t min_ntime{};
    std::uint32_t nbits{};
    std::uint32_t coinbase_tx_version{};
    B0_255 coinbase_prefix{};
    std::uint32_t coinbase_tx_input_nSequence{};
    B0_64K coinbase_tx_outputs{};
    std::uint32_t coinbase_tx_locktime{};
    Seq0_255<U256> merkle_path{};
    friend bool operator==(const SetCustomMiningJob&, const SetCustomMiningJob&) = default;
};
BOOST_DESCRIBE_STRUCT(SetCustomMiningJob, (),
                      (channel_id, request_id, mining_job_token, version, prev_hash, min_ntime, nbits,
                       coinbase_tx_version, coinbase_prefix, coinbase_tx_input_nSequence, coinbase_tx_outputs,
                       coinbase_tx_locktime, merkle_path))

/// Server->client. Spec 5.3.19.
struct SetCustomMiningJobSuccess {
    static constexpr Info info{"SetCustomMiningJob.Success", 0x23, ChannelMsg::yes};
    std::uint32_t channel_id{};
    std::uint32_t request_id{};
    std::uint32_t job_id{};
    friend bool operator==(const SetCustomMiningJobSuccess&, const SetCustomMiningJobSuccess&) = default;
};
BOOST_DESCRIBE_STRUCT(SetCustomMiningJobSuccess, (), (channel_id, request_id, job_id))

/// Server->client. Spec 5.3.20.
struct SetCustomMiningJobError {
    static constexpr Info info{"SetCustomMiningJob.Error", 0x24, ChannelMsg::yes};
    std::uint32_t channel_id{};
    std::uint32_t request_id{};
    Str0_255 error_code{};
    friend bool operator==(const SetCustomMiningJobError&, const SetCustomMiningJobError&) = default;
};
BOOST_DESCRIBE_STRUCT(SetCustomMiningJobError, (), (channel_id, request_id, error_code))

/// Server->client. Spec 5.3.22.
struct SetGroupChannel {
    static constexpr Info info{"SetGroupChannel", 0x25, ChannelMsg::no};
    std::uint32_t group_channel_id{};
    Seq0_64K<std::uint32_t> channel_ids{};
    friend bool operator==(const SetGroupChannel&, const SetGroupChannel&) = default;
};
BOOST_DESCRIBE_STRUCT(SetGroupChannel, (), (group_channel_id, channel_ids))

using Messages =
    boost::mp11::mp_list<OpenStandardMiningChannel, OpenStandardMiningChannelSuccess, OpenMiningChannelError,
                         OpenExtendedMiningChannel, OpenExtendedMiningChannelSuccess, NewMiningJob,
                         UpdateChannel, UpdateChannelError, CloseChannel, SetExtranoncePrefix,
                         SubmitSharesStandard, SubmitSharesExtended, SubmitSharesSuccess, SubmitSharesError,
                         NewExtendedMiningJob, SetNewPrevHash, SetTarget, SetCustomMiningJob,
                         SetCustomMiningJobSuccess, SetCustomMiningJobError, SetGroupChannel>;

}  // namespace hp::sv2::mining
