// A Template Distribution client for loopback tests, and a server with a source behind it.
#pragma once
#include <doctest/doctest.h>

#include "bitcoin/merkle.hpp"
#include "chain_blocks.hpp"
#include "net/net_fixture.hpp"
#include "sv2/common.hpp"
#include "sv2/extensions.hpp"
#include "sv2/frame.hpp"
#include "sv2/templates.hpp"
#include "templates/server.hpp"

namespace hp::test {

class TdpClient final : public net::FrameHandler {
  public:
    std::shared_ptr<net::FrameConnection> connection;
    std::vector<Bytes> frames;
    bool closed{false};

    void on_frame(ByteView frame) override { frames.emplace_back(frame.begin(), frame.end()); }
    void on_close(const Error&) override { closed = true; }

    template <sv2::Message M>
    void send(const M& message) {
        connection->send(sv2::encode_frame(message));
    }
    /// All messages of a kind so far.
    template <sv2::Message M>
    std::vector<M> all() const {
        std::vector<M> out;
        for (const Bytes& bytes : frames) {
            auto frame = sv2::split_frame(bytes);
            REQUIRE(frame);
            if (!frame->is<M>()) continue;
            auto message = sv2::decode<M>(frame->payload);
            REQUIRE(message);
            out.push_back(*message);
        }
        return out;
    }
};

/// A source whose templates and verdicts the test decides.
class FakeSource final : public templates::Source {
  public:
    void start(OnTemplate) override {}
    void submit(std::shared_ptr<const Bytes> block, const templates::BlockId&,
                OnVerdict on_verdict) override {
        blocks.push_back(std::move(block));
        on_verdict(verdict);
    }
    std::vector<std::shared_ptr<const Bytes>> blocks;
    templates::Verdict verdict{templates::Fate::accepted};
};

struct TdpBench {
    explicit TdpBench(templates::Source& source)
        : server{loop, source, 0, [this](const templates::BlockEvent& event) { events.push_back(event); }} {
        auto authority = crypto::SecretKey::generate();
        authority_key = authority.xonly();
        auto listening = net::FrameListener::listen(
            loop, any_port(), templates::Server::frame_limits(), net::renewing_identity(authority, 3600),
            [this](std::shared_ptr<net::FrameConnection> accepted) { server.accept(std::move(accepted)); });
        REQUIRE(listening);
        listener = std::move(*listening);
    }
    /// A client and its connection hold each other, as a handler and its connection do.
    ~TdpBench() {
        server.stop();
        for (auto& client : clients) client->connection.reset();
    }

    std::shared_ptr<TdpClient> connect() {
        auto client = clients.emplace_back(std::make_shared<TdpClient>());
        bool failed = false;
        auto dial = net::FrameDial::start(loop, listener->bound(), authority_key, {}, [&](auto done) {
            failed = !done;
            if (!done) return;
            client->connection = *done;
            client->connection->set_handler(client);
        });
        REQUIRE(run_until(loop, [&] { return failed || client->connection; }));
        REQUIRE_FALSE(failed);
        return client;
    }
    static sv2::common::SetupConnection setup_message() {
        sv2::common::SetupConnection setup;
        setup.protocol = 2;
        setup.min_version = 2;
        setup.max_version = 2;
        setup.vendor.value = "test";
        return setup;
    }
    std::shared_ptr<TdpClient> connect_set_up() {
        auto client = connect();
        client->send(setup_message());
        REQUIRE(wait_for<sv2::common::SetupConnectionSuccess>(*client));
        return client;
    }
    std::shared_ptr<TdpClient> connect_constrained(std::uint32_t size = 200) {
        auto client = connect_set_up();
        sv2::templates::CoinbaseOutputConstraints constraints;
        constraints.coinbase_output_max_additional_size = size;
        client->send(constraints);
        return client;
    }
    template <sv2::Message M>
    bool wait_for(const TdpClient& client, std::size_t count = 1) {
        return run_until(loop, [&] { return client.all<M>().size() >= count; });
    }

    net::Loop loop;
    crypto::XOnlyKey32 authority_key{};
    std::vector<std::shared_ptr<TdpClient>> clients;
    std::vector<templates::BlockEvent> events;
    templates::Server server;
    std::unique_ptr<net::FrameListener> listener;
};

/// What a pool does with a template: its own coinbase around the template's parts, and work until a block is
/// there.
inline sv2::templates::SubmitSolution work(const sv2::templates::NewTemplate& job,
                                           const sv2::templates::SetNewPrevHash& prev_hash) {
    bitcoin::Transaction coinbase;
    bitcoin::TxIn input;
    input.prev_index = 0xffff'ffff;
    input.sequence = job.coinbase_tx_input_sequence;
    input.script_sig = job.coinbase_prefix.value;
    append(input.script_sig, as_bytes("pool"));
    coinbase.version = job.coinbase_tx_version;
    coinbase.locktime = job.coinbase_tx_locktime;
    coinbase.inputs.push_back(std::move(input));
    coinbase.outputs.push_back({job.coinbase_tx_value_remaining, Bytes{0x51}});
    auto outputs = bitcoin::parse_outputs(job.coinbase_tx_outputs.value, job.coinbase_tx_outputs_count);
    REQUIRE(outputs);
    coinbase.outputs.insert(coinbase.outputs.end(), outputs->begin(), outputs->end());
    std::vector<Bytes32> path;
    for (const auto& hash : job.merkle_path.items) path.push_back(hash.bytes);
    bitcoin::BlockHeader header{.version = job.version,
                                .prev_hash = prev_hash.prev_hash.bytes,
                                .merkle_root = bitcoin::merkle_root_from_path(coinbase.txid(), path),
                                .ntime = prev_hash.header_timestamp,
                                .nbits = prev_hash.nBits,
                                .nonce = 0};
    while (!bitcoin::meets(header.hash(), prev_hash.target.bytes)) ++header.nonce;
    sv2::templates::SubmitSolution out;
    out.template_id = job.template_id;
    out.version = header.version;
    out.header_timestamp = header.ntime;
    out.header_nonce = header.nonce;
    out.coinbase_tx.value = coinbase.serialize(bitcoin::WitnessForm::stripped);
    return out;
}

}  // namespace hp::test
