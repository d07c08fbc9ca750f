// The same shares at two pools that one mint serves, over real links; now and then a second session of the
// same mint interrupts.
#include <atomic>

#include "audited.hpp"
#include "bitcoin/header.hpp"
#include "mint/link_client.hpp"
#include "mint_house.hpp"
#include "pool/link_server.hpp"

namespace hp::crash {
namespace {

constexpr ehash::Valuation kOneUnitAHash{
    .rule = ehash::Valuation::Rule::target, .unit_bits = 0, .minimum_difficulty = 0};

/// The outcome of one connection's share.
struct Fate {
    std::string quote_id{};  ///< neither this nor a refusal: the share was another connection's
    std::uint16_t refusal{0};
};

/// A connection with some shares; calls back when each has its quote or its refusal, or belongs to another
/// one.
class Connection final : public pool::QuoteOwner {
  public:
    using Done = std::function<void(Result<std::vector<Fate>>)>;
    static std::shared_ptr<Connection> open(std::size_t shares, Done done) {
        auto made = std::make_shared<Connection>(shares, std::move(done));
        made->until_settled_ = made;  // the hub forgets connections that nobody holds
        return made;
    }
    Connection(std::size_t shares, Done done) : fates_(shares), open_{shares}, done_{std::move(done)} {}

    void duplicate() { settle(); }
    void failed(const Error& why) {
        done_(fail(why));
        until_settled_.reset();
    }
    void quote_created(std::uint32_t, std::uint32_t index, const std::string& quote_id,
                       std::uint64_t) override {
        fates_.at(index).quote_id = quote_id;
        settle();
    }
    void quote_failed(std::uint32_t, std::uint32_t index, std::uint16_t code, const std::string&) override {
        fates_.at(index).refusal = code;
        settle();
    }

  private:
    void settle() {
        if (--open_ > 0) return;
        done_(std::move(fates_));
        until_settled_.reset();
    }
    std::vector<Fate> fates_;
    std::size_t open_;
    Done done_;
    std::shared_ptr<Connection> until_settled_;
};

/// Outbox, hub and link of a pool, on a loop with its own thread as in hp-pool.
class LinkedPool final : public pool::HubObserver {
  public:
    LinkedPool(const std::string& directory, std::size_t number, const crypto::XOnlyKey32& mint_key)
        : file_{directory + "/outbox-" + std::to_string(number) + ".db"},
          authority_{crypto::SecretKey::generate()} {
        const std::vector<std::string> names{"mint"};
        auto opened = pool::Outbox::open(
            file_, names, [this](std::function<void()> call) { loop_.post(std::move(call)); }, unix_ms_now());
        HP_ASSERT(opened.has_value());
        outbox_ = *std::move(opened);
        hub_ = std::make_unique<pool::Hub>(loop_, *outbox_, *this, names);
        auto listening = pool::LinkServer::listen(loop_,
                                                  {.listen = {"127.0.0.1", 0},
                                                   .authority = authority_.xonly(),
                                                   .identity = net::renewing_identity(authority_, 3600),
                                                   .allowed_mints = {{"mint", mint_key}},
                                                   .unit = "hash",
                                                   .valuation = kOneUnitAHash},
                                                  *outbox_, *hub_, *this);
        HP_ASSERT(listening.has_value());
        server_ = *std::move(listening);
        thread_ = std::thread{[this] { loop_.run(); }};
    }
    ~LinkedPool() override {
        loop_.post([this] {
            server_->stop();
            outbox_->drain();
            loop_.post([this] { loop_.stop(); });
        });
        thread_.join();
    }
    void on_quote_created(const pool::StoredIntent&, const std::string&, bool replay,
                          std::optional<SteadyMs>) override {
        created += !replay;
    }
    void on_quote_dead(const pool::StoredIntent&, std::uint16_t, const std::string&) override {}
    void on_alarm(const std::string&) override { ++alarms; }

    mint::LinkClient::Options link(const crypto::SecretKey& mint_key) const {
        return {server_->bound(), authority_.xonly(), mint_key, kOneUnitAHash};
    }
    const std::string& file() const { return file_; }

    /// Like a mining connection, on the pool's loop: committed first, then passed to the hub.
    Result<std::vector<Fate>> submit(const std::vector<pool::NewIntent>& shares) {
        return wait_for<std::vector<Fate>>([&](auto done) {
            auto connection = Connection::open(shares.size(), std::move(done));
            loop_.post([this, shares, connection] {
                outbox_->add(shares, [this, shares, connection](Result<std::vector<std::uint64_t>> rows) {
                    if (!rows) return connection->failed(rows.error());
                    for (std::size_t i = 0; i < shares.size(); ++i) {
                        if ((*rows)[i] == 0)
                            connection->duplicate();
                        else
                            hub_->committed((*rows)[i], shares[i].intent,
                                            {connection, 1, static_cast<std::uint32_t>(i), unix_ms_now()});
                    }
                });
            });
        });
    }

    std::atomic<std::uint64_t> created{0}, alarms{0};

  private:
    std::string file_;
    net::Loop loop_;
    crypto::SecretKey authority_;
    std::unique_ptr<pool::Outbox> outbox_;
    std::unique_ptr<pool::Hub> hub_;
    std::unique_ptr<pool::LinkServer> server_;
    std::thread thread_;
};

class LinkedHouse final : public Stage {
  public:
    LinkedHouse(const std::string& directory, Rng& rng) : mint_{directory, rng, 1} {
        for (std::size_t i = 0; i < 2; ++i) {
            pools_.push_back(std::make_unique<LinkedPool>(directory, i, mint_key_.xonly()));
            add_link(i);
        }
    }
    ~LinkedHouse() override { close(); }

    std::string check() override { return mint_.check(); }
    std::string end() override {
        std::vector<std::string> files;
        for (const auto& pool : pools_) {
            if (pool->alarms > 0) return "a pool has raised an alarm";
            files.push_back(pool->file());
        }
        close();
        // Separately: a share at both pools has one quote, which is in neither pool's sums alone.
        for (const auto& file : files) {
            audit::Places places;
            places.pools = {file};
            places.deep = true;
            if (auto wrong = audited(places); !wrong.empty()) return wrong;
        }
        return mint_.end();
    }

    MintHouse& mint() { return mint_; }
    LinkedPool& pool(std::size_t number) { return *pools_.at(number); }

    /// Another session of the mint with this pool, which replaces the previous one at the pool, possibly with
    /// requests in flight. The older client does not know and would reconnect until retire_links().
    void add_link(std::size_t number) {
        mint_.loop().post([this, number] {
            links_.push_back(std::make_unique<mint::LinkClient>(mint_.loop(), mint_.mint(),
                                                                pools_[number]->link(mint_key_)));
            auto* added = links_.back().get();
            added->start();
            auto& current = current_.at(number);
            if (current) retired_.push_back(current);
            current = added;
        });
    }
    void retire_links() {
        (void)wait_for<bool>([&](auto done) {
            mint_.loop().post([this, done] {
                std::erase_if(links_, [this](const auto& link) {
                    return std::ranges::count(retired_, link.get()) > 0;
                });
                retired_.clear();
                done(true);
            });
        });
    }

    pool::NewIntent new_share() {
        bitcoin::BlockHeader header;
        header.version = 0x2000'0000;
        auto number = static_cast<std::uint32_t>(mint_.next_number());
        header.ntime = 1'780'000'000 + number / 8;
        header.nonce = number;
        Bytes32 easiest;
        easiest.fill(0xff);
        auto intent = ehash::make_intent(header.encode(), easiest, owner_.public_key(), kOneUnitAHash);
        HP_ASSERT(intent.has_value());
        return {*intent, "worker", unix_ms_now()};
    }

  private:
    void close() {
        if (pools_.empty()) return;
        (void)wait_for<bool>([&](auto done) {
            mint_.loop().post([this, done] {
                links_.clear();
                done(true);
            });
        });
        pools_.clear();
    }
    MintHouse mint_;
    crypto::SecretKey mint_key_ = crypto::SecretKey::generate();
    crypto::SecretKey owner_ = crypto::SecretKey::generate();
    std::vector<std::unique_ptr<LinkedPool>> pools_;
    // On the mint's loop only:
    std::vector<std::unique_ptr<mint::LinkClient>> links_;
    std::vector<mint::LinkClient*> retired_;
    std::array<mint::LinkClient*, 2> current_{};
};

/// Both pools have the same shares, from half of the crew each, and in half of the rounds for different
/// owners. Each is one row at its pool and one quote at the mint: for both pools, or for the first, while the
/// other gets a conflict.
Outcome race_two_pools(LinkedHouse& house, Rng& rng, Crew& crew) {
    const bool is_conflict = rng.chance(1, 2);
    std::vector<std::vector<pool::NewIntent>> shares(2);
    for (std::uint64_t i = 1 + rng.below(4); i > 0; --i) {
        shares[0].push_back(house.new_share());
        shares[1].push_back(shares[0].back());
        if (is_conflict) shares[1].back().intent.locking_key = crypto::SecretKey::generate().public_key();
    }
    std::function<void()> relink;
    if (rng.chance(1, 6))
        relink = [&house, number = rng.below(2), pause_us = rng.below(500)] {
            spin(pause_us);
            house.add_link(number);
        };
    const std::uint64_t created_before = house.pool(0).created + house.pool(1).created;
    std::vector<Result<std::vector<Fate>>> answers(crew.size());
    crew.race(
        rng, [&](std::size_t thread) { answers[thread] = house.pool(thread % 2).submit(shares[thread % 2]); },
        relink);
    if (relink) house.retire_links();

    for (const auto& answer : answers)
        if (!answer) return wrong(answer.error().what);
    Outcome outcome;
    for (std::size_t i = 0; i < shares[0].size(); ++i) {
        std::array<const Fate*, 2> fates{};
        for (std::size_t thread = 0; thread < crew.size(); ++thread) {
            const Fate& fate = (*answers[thread])[i];
            if (fate.quote_id.empty() && fate.refusal == 0) continue;
            if (std::exchange(fates[thread % 2], &fate)) return wrong("a pool has accepted a share twice");
        }
        if (!fates[0] || !fates[1]) return wrong("a pool has accepted a share for nobody");
        const Fate* made = fates[0]->quote_id.empty() ? fates[1] : fates[0];
        const Fate* other = made == fates[0] ? fates[1] : fates[0];
        const auto side = static_cast<std::size_t>(made != fates[0]);
        const auto conflict = static_cast<std::uint16_t>(sv2::link::QuoteErrorCode::conflict);
        if (made->quote_id.empty() ||
            (is_conflict ? other->refusal != conflict : other->quote_id != made->quote_id))
            return wrong("a share's two requests got '" + made->quote_id + "' (" +
                         std::to_string(made->refusal) + ") and '" + other->quote_id + "' (" +
                         std::to_string(other->refusal) + ")");
        const auto& intent = shares[side][i].intent;
        auto quote = house.mint().quote(made->quote_id);
        if (quote.amount != intent.amount || quote.pubkey != intent.locking_key || quote.amount_issued != 0)
            return wrong("a quote is not what was asked for first");
        house.mint().quoted(intent.amount);
        if (is_conflict) outcome.winner = side;
    }
    // A replaced session may have lost a quote's creation answer; it is never sent twice.
    if (house.pool(0).created + house.pool(1).created - created_before > shares[0].size())
        return wrong("a share's quote was made twice");
    return outcome;
}

std::unique_ptr<Stage> open_house(const std::string& directory, Rng& rng, std::size_t) {
    return std::make_unique<LinkedHouse>(directory, rng);
}

}  // namespace

StageType linked_stage() {
    return {"linked", open_house, {kind("two-pools", {"first pool", "second pool"}, race_two_pools)}};
}

}  // namespace hp::crash
