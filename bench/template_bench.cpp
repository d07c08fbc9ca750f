// A Template Provider with one template for `scripts/bench share`: 12 merkle levels and a coinbase of 200
// bytes, as in a full block (the simulated chain has at most 3 levels), and a network target that no share of
// the benchmark meets. Usage: template_bench ADDRESS:PORT AUTHORITY_SECRET_KEY_FILE
#include <cstdio>

#include "bitcoin/transaction.hpp"
#include "cli/secrets.hpp"
#include "crypto/sha256.hpp"
#include "net/frames.hpp"
#include "sv2/common.hpp"
#include "sv2/frame.hpp"
#include "sv2/setup.hpp"
#include "sv2/templates.hpp"

using namespace hp;

namespace {

constexpr std::size_t kMerkleLevels = 12;
constexpr std::uint32_t kMainnetNbits = 0x1703'4219;
constexpr std::uint64_t kTemplateId = 1;

/// A script of `size` bytes that is unspendable: OP_RETURN and one push.
Bytes op_return(std::size_t size) {
    Bytes script(size, 0x5a);
    script[0] = 0x6a;
    script[1] = static_cast<std::uint8_t>(size - 2);
    return script;
}

sv2::templates::NewTemplate make_template() {
    sv2::templates::NewTemplate out;
    out.template_id = kTemplateId;
    out.future_template = true;
    out.version = 0x2000'0000;
    out.coinbase_tx_version = 2;
    out.coinbase_prefix.value = {0x03, 0x40, 0x0d, 0x0d};  // a block height
    out.coinbase_tx_input_sequence = 0xffff'ffff;
    out.coinbase_tx_value_remaining = 312'500'000;
    // With the pool's default tag, 16 bytes of extranonce and its P2WPKH payout these outputs make 200 bytes.
    out.coinbase_tx_outputs_count = 2;
    for (std::size_t script_size : {std::size_t{38}, std::size_t{32}}) {
        out.coinbase_tx_outputs.value.resize(out.coinbase_tx_outputs.value.size() + 8, 0);  // value 0
        out.coinbase_tx_outputs.value.push_back(static_cast<std::uint8_t>(script_size));
        append(out.coinbase_tx_outputs.value, op_return(script_size));
    }
    for (std::size_t level = 0; level < kMerkleLevels; ++level)
        out.merkle_path.items.push_back({crypto::sha256(Bytes(1, static_cast<std::uint8_t>(level)))});
    return out;
}

class Client final : public net::FrameHandler {
  public:
    explicit Client(std::shared_ptr<net::FrameConnection> connection) : connection_{std::move(connection)} {}

    void on_frame(ByteView bytes) override {
        auto frame = sv2::split_frame(bytes);
        if (!frame) return;
        if (frame->is<sv2::common::SetupConnection>())
            send(sv2::common::SetupConnectionSuccess{sv2::kVersion, 0});
        if (frame->is<sv2::templates::CoinbaseOutputConstraints>()) {
            send(make_template());
            sv2::templates::SetNewPrevHash tip;
            tip.template_id = kTemplateId;
            tip.prev_hash.bytes = crypto::sha256(as_bytes("hashpool bench"));
            tip.header_timestamp = static_cast<std::uint32_t>(unix_ms_now() / 1000);
            tip.nBits = kMainnetNbits;
            send(tip);
        }
        if (frame->is<sv2::templates::SubmitSolution>())
            std::fputs("template_bench: a share met the network's target\n", stderr);
    }
    void on_close(const Error&) override { connection_.reset(); }

  private:
    template <sv2::Message M>
    void send(const M& message) {
        connection_->send(sv2::encode_frame(message));
    }
    std::shared_ptr<net::FrameConnection> connection_;
};

Result<> serve(const char* address, const char* key_file) {
    HP_TRY(auto endpoint, net::endpoint_from_text(address));
    HP_TRY(auto authority, cli::read_secret_key(key_file, "sim"));
    net::Loop loop;
    HP_TRY(auto listener,
           net::FrameListener::listen(loop, endpoint, {}, net::renewing_identity(authority, 86'400),
                                      [](std::shared_ptr<net::FrameConnection> connection) {
                                          connection->set_handler(std::make_shared<Client>(connection));
                                      }));
    loop.handle_signals([&] { loop.stop(); }, [] {});
    loop.run();
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fputs("usage: template_bench ADDRESS:PORT AUTHORITY_SECRET_KEY_FILE\n", stderr);
        return 2;
    }
    if (auto done = serve(argv[1], argv[2]); !done) {
        std::fprintf(stderr, "template_bench: error: %s\n", done.error().what.c_str());
        return 1;
    }
}
