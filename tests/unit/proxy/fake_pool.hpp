// A pool made of nothing but frames, and a channel owner that writes down what it hears.
#pragma once
#include "net/net_fixture.hpp"
#include "proxy/upstream.hpp"
#include "sv2/common.hpp"
#include "sv2/ehash.hpp"
#include "sv2/extensions.hpp"
#include "sv2/setup.hpp"

namespace hp::test {

namespace msg = sv2::mining;

/// Answers what the test tells it to; keeps what it was sent.
struct FakePool {
    struct Peer : net::FrameHandler {
        FakePool* pool{};
        std::shared_ptr<net::FrameConnection> connection;
        std::vector<Bytes> frames;
        bool is_closed{false};
        std::size_t answered{0}, open{0};  // for a test that answers opens itself
        std::uint32_t last_channel_id{0};
        void on_frame(ByteView bytes) override {
            frames.emplace_back(bytes.begin(), bytes.end());
            auto frame = sv2::split_frame(bytes);
            REQUIRE(frame);
            if (frame->is<sv2::common::SetupConnection>() && pool->answers_setup)
                send(sv2::common::SetupConnectionSuccess{sv2::kVersion, pool->setup_flags});
            if (frame->is<sv2::extensions::RequestExtensions>()) pool->on_extensions(*this);
        }
        void on_close(const Error&) override { is_closed = true; }
        template <sv2::Message M>
        void send(const M& message) {
            connection->send(sv2::encode_frame(message));
        }
        template <sv2::Message M>
        sv2::Decoded<M> frame(std::size_t index) const {
            REQUIRE(index < frames.size());
            auto split = sv2::split_frame(frames[index]);
            REQUIRE(split);
            REQUIRE(split->is<M>());
            auto decoded = sv2::decode_with_rest<M>(split->payload);
            REQUIRE(decoded);
            return *decoded;
        }
    };

    net::Loop& loop;
    crypto::SecretKey authority = crypto::SecretKey::generate();
    std::unique_ptr<net::FrameListener> listener;
    std::vector<std::shared_ptr<Peer>> peers;
    bool answers_setup{true};
    std::uint32_t setup_flags{0};
    std::function<void(Peer&)> on_extensions = grant;

    explicit FakePool(net::Loop& loop_) : loop{loop_} {
        auto listening = net::FrameListener::listen(
            loop, any_port(), {}, net::renewing_identity(authority, 3600), [this](auto connection) {
                auto peer = std::make_shared<Peer>();
                peer->pool = this;
                peer->connection = connection;
                peers.push_back(peer);
                connection->set_handler(peer);
            });
        REQUIRE_MESSAGE(listening, listening.error().what);
        listener = std::move(*listening);
    }
    Peer& peer() { return *peers.back(); }

    static void grant(Peer& peer) {
        sv2::extensions::RequestExtensionsSuccess success;
        success.request_id = 1;
        success.supported_extensions.items = {sv2::ehash::kExtensionType};
        peer.send(success);
    }
    static void refuse(Peer& peer) {
        sv2::extensions::RequestExtensionsError error;
        error.request_id = 1;
        error.unsupported_extensions.items = {sv2::ehash::kExtensionType};
        peer.send(error);
    }
    static void say_nothing(Peer&) {}
};

struct Owner : proxy::ChannelOwner {
    std::vector<std::string> heard;
    void on_opened(const msg::OpenExtendedMiningChannelSuccess& success) override {
        heard.push_back("opened " + std::to_string(success.channel_id));
    }
    void on_refused(const std::string& code) override { heard.push_back("refused " + code); }
    void on_job(const msg::NewExtendedMiningJob& job) override {
        heard.push_back("job " + std::to_string(job.job_id));
    }
    void on_prev_hash(const msg::SetNewPrevHash& tip) override {
        heard.push_back("tip " + std::to_string(tip.job_id));
    }
    void on_target(const Bytes32& target) override {
        heard.push_back("target " + to_hex(target).substr(0, 4));
    }
    void on_extranonce_prefix(ByteView prefix) override { heard.push_back("prefix " + to_hex(prefix)); }
    void on_accepted(std::uint32_t last) override { heard.push_back("accepted " + std::to_string(last)); }
    void on_rejected(std::uint32_t sequence_number, const std::string& code) override {
        heard.push_back("rejected " + std::to_string(sequence_number) + " " + code);
    }
    void on_quote(std::uint32_t sequence_number, const std::string& quote_id, std::uint64_t amount) override {
        heard.push_back("quote " + std::to_string(sequence_number) + " " + quote_id + " " +
                        std::to_string(amount));
    }
    void on_quote_failed(std::uint32_t sequence_number, const std::string& text) override {
        heard.push_back("no quote " + std::to_string(sequence_number) + " " + text);
    }
    void on_channel_lost(const std::string& code) override {
        heard.push_back(code.empty() ? "lost" : "closed: " + code);
    }
};
using Heard = std::vector<std::string>;

}  // namespace hp::test
