#include "sv2/setup.hpp"

#include "wire/connection_refusal.hpp"

namespace hp::sv2 {

namespace refusal = wire::setup_refusal;

namespace {

std::optional<common::SetupConnectionError> error_of(const common::SetupConnection& setup,
                                                     std::uint8_t protocol, std::uint32_t supported_flags) {
    if (setup.protocol != protocol) return common::SetupConnectionError{0, {refusal::kProtocol}};
    if (setup.min_version > setup.max_version || setup.min_version > kVersion || setup.max_version < kVersion)
        return common::SetupConnectionError{0, {refusal::kVersion}};
    if (setup.flags & ~supported_flags)
        return common::SetupConnectionError{~supported_flags, {refusal::kFlags}};
    return {};
}

}  // namespace

std::variant<common::SetupConnection, SetupRefusal> read_setup(const FrameView& frame, std::uint8_t protocol,
                                                               std::uint32_t supported_flags) {
    using common::SetupConnection;
    if (!frame.is<SetupConnection>())
        return SetupRefusal{std::nullopt, unexpected(frame, SetupConnection::info.name)};
    auto setup = decode<SetupConnection>(frame.payload);
    if (!setup) return SetupRefusal{common::SetupConnectionError{0, {refusal::kMalformed}}, setup.error()};
    if (auto error = error_of(*setup, protocol, supported_flags)) {
        const std::string why = "SetupConnection refused: " + error->error_code.value;
        return SetupRefusal{std::move(error), {Errc::refused, why, {}}};
    }
    return *std::move(setup);
}

Result<> check_extension_request(const extensions::RequestExtensions& request, unsigned number) {
    if (number > extensions::kRequestsMax)
        return fail(Errc::refused,
                    "more than " + std::to_string(extensions::kRequestsMax) + " RequestExtensions");
    if (request.requested_extensions.items.size() > extensions::kListedMax)
        return fail(Errc::refused, "RequestExtensions of more than " +
                                       std::to_string(extensions::kListedMax) + " extensions");
    return {};
}

Result<common::SetupConnectionSuccess> setup_answer(const FrameView& frame) {
    if (!frame.is<common::SetupConnectionError>()) return expect<common::SetupConnectionSuccess>(frame);
    HP_TRY(const auto error, decode<common::SetupConnectionError>(frame.payload));
    return fail(Errc::refused, "refused the connection: " + printable(error.error_code.value));
}

std::string unusable_extranonce(std::size_t prefix, std::size_t size, std::size_t min_extranonce_size) {
    const std::string got = "unusable extranonce: extranonce_size " + std::to_string(size);
    if (size == 0 || size < min_extranonce_size)
        return got + ", requested at least " + std::to_string(min_extranonce_size);
    if (prefix + size > kFullExtranonceMax)
        return got + " and a prefix of " + std::to_string(prefix) + " bytes are more than " +
               std::to_string(kFullExtranonceMax);
    return {};
}

}  // namespace hp::sv2
