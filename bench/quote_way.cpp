#include "bench/quote_way.hpp"

#include <cstdio>
#include <cstdlib>
#include <future>

#include "bitcoin/header.hpp"
#include "crypto/random.hpp"

namespace hp::bench {
namespace {

net::Endpoint any_port() { return {"127.0.0.1", 0}; }

mint::MintOptions mint_options(const std::string& database) {
    mint::MintOptions options;
    options.database = database;
    options.seed = crypto::random_array<64>();
    return options;
}

}  // namespace

LoopThread::LoopThread()
    : thread_{[this] {
          try {
              loop_.run();
          } catch (const std::exception& failure) {
              // The measurement would wait for ever.
              std::fprintf(stderr, "quotes_bench: error: %s\n", failure.what());
              std::_Exit(1);
          }
      }} {}

LoopThread::~LoopThread() {
    loop_.stop();
    thread_.join();
}

void LoopThread::run(const std::function<void()>& call) {
    std::promise<void> done;
    loop_.post([&] {
        try {
            call();
            done.set_value();
        } catch (...) {
            done.set_exception(std::current_exception());
        }
    });
    done.get_future().get();
}

PoolEnd::PoolEnd(net::Loop& loop, const Agreement& agreement, const std::string& outbox_path) {
    const std::vector<std::string> mints{"mint"};
    outbox_ = expect(pool::Outbox::open(
        outbox_path, mints, [&loop](std::function<void()> call) { loop.post(std::move(call)); },
        unix_ms_now()));
    hub_ = std::make_unique<pool::Hub>(loop, *outbox_, *this, mints);
    pool::LinkServer::Options options{.listen = any_port(),
                                      .authority = agreement.authority.xonly(),
                                      .identity = net::renewing_identity(agreement.authority, 3600),
                                      .allowed_mints = {{"mint", agreement.mint_key.xonly()}},
                                      .unit = "hash",
                                      .valuation = agreement.valuation};
    link_ = expect(pool::LinkServer::listen(loop, std::move(options), *outbox_, *hub_, *this));
}

void PoolEnd::accept(std::vector<pool::NewIntent> shares,
                     std::function<void(const std::vector<std::uint64_t>&)> accepted) {
    auto batch = std::make_shared<const std::vector<pool::NewIntent>>(std::move(shares));
    outbox_->add(batch, [this, batch, accepted = std::move(accepted)](auto seqs) {
        const auto committed = expect(std::move(seqs));
        accepted(committed);
        for (std::size_t i = 0; i < committed.size(); ++i)
            hub_->committed(committed[i], (*batch)[i].intent,
                            {.connection = {},
                             .channel_id = 1,
                             .sequence_number = 1,
                             .accepted_ms = (*batch)[i].accepted_ms});
    });
}

void PoolEnd::on_quote_dead(const pool::StoredIntent&, std::uint16_t, const std::string& reason) {
    throw Failure("a quote was refused: " + reason);
}

MintEnd::MintEnd(net::Loop& loop, const Agreement& agreement, const net::Endpoint& pool,
                 const std::string& database)
    : mint_{expect(mint::Mint::open(loop, mint_options(database)))},
      client_{loop,
              *mint_,
              {.pool = pool,
               .pool_authority = agreement.authority.xonly(),
               .link_key = agreement.mint_key,
               .valuation = agreement.valuation}} {
    client_.start();
}

MintEnd::~MintEnd() { client_.stop(); }

Shares::Shares(const Agreement& agreement) : agreement_{agreement} {
    constexpr int kOwners = 1000;
    for (int i = 0; i < kOwners; ++i) owners_.push_back(crypto::SecretKey::generate().public_key());
    header_.version = 0x2000'0000;
    header_.merkle_root = crypto::random_array<32>();
    easiest_.fill(0xff);
}

pool::NewIntent Shares::next() {
    const UnixMs now = unix_ms_now();
    header_.ntime = static_cast<std::uint32_t>(now / 1000);
    ++header_.nonce;
    const auto& owner = owners_[header_.nonce % owners_.size()];
    auto intent = ehash::make_intent(header_.encode(), easiest_, owner, agreement_.valuation);
    if (!intent) throw Failure("a share worth nothing");
    return {.intent = *intent, .worker = "worker", .accepted_ms = now};
}

}  // namespace hp::bench
