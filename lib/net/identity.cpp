#include "crypto/random.hpp"
#include "net/frames.hpp"

namespace hp::net {

namespace {

/// Peers' clocks differ; a certificate that starts now would be invalid at a peer a second behind.
constexpr std::int64_t kBackDatedSeconds = 3600;

class RenewingIdentity {
  public:
    RenewingIdentity(crypto::SecretKey authority, std::int64_t validity_s)
        : authority_{authority}, validity_ms_{validity_s * 1000}, static_key_{noise::KeyPair::generate()} {
        HP_ASSERT(validity_s > 0);
    }

    noise::ResponderIdentity now() {
        // The monotonic clock decides when, so that a step of the system clock does not stop renewal; a step
        // of more than half the validity also renews.
        UnixMs wall_ms = unix_ms_now();
        SteadyMs steady_ms = steady_ms_now();
        bool is_old = steady_ms - signed_steady_ms_ >= validity_ms_ / 2;
        bool clock_stepped =
            wall_ms - signed_wall_ms_ >= validity_ms_ / 2 || wall_ms < signed_wall_ms_ - 1000;
        if (!signed_once_ || is_old || clock_stepped) sign(wall_ms, steady_ms);
        return {static_key_, certificate_};
    }

  private:
    void sign(UnixMs wall_ms, SteadyMs steady_ms) {
        auto clamp = [](std::int64_t seconds) {
            return static_cast<std::uint32_t>(std::clamp<std::int64_t>(seconds, 0, UINT32_MAX));
        };
        std::int64_t now_s = wall_ms / 1000;
        // Rounded up: a validity of 2 s must not lose a fraction of a second.
        std::int64_t until_s = (wall_ms + validity_ms_ + 999) / 1000;
        certificate_ =
            noise::sign_certificate(authority_, static_key_.secret.xonly(), clamp(now_s - kBackDatedSeconds),
                                    clamp(until_s), crypto::random_array<32>());
        signed_wall_ms_ = wall_ms;
        signed_steady_ms_ = steady_ms;
        signed_once_ = true;
    }

    crypto::SecretKey authority_;
    std::int64_t validity_ms_;
    noise::KeyPair static_key_;
    noise::Certificate certificate_{};
    UnixMs signed_wall_ms_{0};
    SteadyMs signed_steady_ms_{0};
    bool signed_once_{false};
};

}  // namespace

FrameListener::IdentityNow renewing_identity(crypto::SecretKey authority, std::int64_t validity_s) {
    auto identity = std::make_shared<RenewingIdentity>(authority, validity_s);
    return [identity] { return identity->now(); };
}

}  // namespace hp::net
