#include "mint_house.hpp"

#include "audited.hpp"
#include "cashu/nut20.hpp"
#include "crypto/random.hpp"
#include "crypto/sha256.hpp"

namespace hp::crash {
namespace {

constexpr Bytes32 kPool{0x70};
constexpr unsigned kKeyCount = 16;
constexpr std::size_t kPurseMin = 12;
/// A request over HTTP reaches the writer after this long.
constexpr std::uint64_t kMischiefUsMax = 700;
constexpr std::int64_t kRequestMs = 30'000;  // a machine may be busy; nothing here is about speed

template <class T>
T need(Result<T> result) {
    if (!result) assertion_failed(result.error().what.c_str(), "races", 0);
    return *std::move(result);
}

}  // namespace

std::uint64_t sum_of(std::span<const cashu::Proof> coins) { return *cashu::sum_amounts(coins); }

std::vector<cashu::BlindedMessage> messages(std::span<const Output> outputs) {
    std::vector<cashu::BlindedMessage> out;
    for (const auto& output : outputs) out.push_back(output.message);
    return out;
}

int Reply::code() const {
    if (status != 400) return 0;
    auto error = cashu::error_from_json(body);
    return error ? static_cast<int>(error->code) : 0;
}

/// A wallet's connection; belongs to one thread of the crew.
struct MintHouse::Peer {
    explicit Peer(const net::Endpoint& mint)
        : client{need(net::HttpClient::create(loop, "http://" + mint.text(), {.request_ms = kRequestMs}))} {}
    net::Loop loop;
    std::unique_ptr<net::HttpClient> client;
};

MintHouse::MintHouse(const std::string& directory, Rng& rng, std::size_t threads)
    : database_{directory + "/mint.db"},
      fee_ppk_{rng.chance(1, 2) ? 0u : 100u},
      owner_{crypto::SecretKey::generate()} {
    mint::MintOptions options;
    options.database = database_;
    options.seed.fill(0x5a);
    options.input_fee_ppk = fee_ppk_;
    options.keyset_amounts = kKeyCount;
    mint_ = need(mint::Mint::open(loop_, options));
    api_ = need(mint::Api::listen(loop_, *mint_, {"127.0.0.1", 0}));
    thread_ = std::thread{[this] { loop_.run(); }};
    for (std::size_t i = 0; i < threads; ++i) peers_.push_back(std::make_unique<Peer>(api_->bound()));
}

MintHouse::~MintHouse() { close(); }

/// As hp-mint stops.
void MintHouse::close() {
    if (!thread_.joinable()) return;
    peers_.clear();
    loop_.post([this] {
        api_->stop();
        mint_->drain();
        loop_.post([this] { loop_.stop(); });
    });
    thread_.join();
    api_.reset();
    mint_.reset();
}

std::string MintHouse::end() {
    close();
    audit::Places places;
    places.mints = {database_};
    places.deep = true;
    return audited(places);
}

Reply MintHouse::ask(std::size_t thread, std::string_view method, const std::string& path,
                     const std::string& body) {
    Peer& peer = *peers_.at(thread);
    auto response = peer.client->request_and_wait(peer.loop, method, path, body);
    if (!response) return {0, response.error().what};
    return {response->status, std::move(response->body)};
}

void MintHouse::spoil_group() {
    mint_->transact<bool>(
        [intent = new_share(1), seq = next_number()](mint::Ledger& ledger) -> bool {
            ledger.create_quote(kPool, seq, intent, unix_ms_now());
            throw store::DbError(0, "spoiled on purpose");
        },
        [](const Result<bool>&) {});
}

std::function<void()> MintHouse::mischief(Rng& rng) {
    if (!rng.chance(1, 8)) return {};
    return [this, pauses_us = std::array{rng.below(kMischiefUsMax), rng.below(kMischiefUsMax)}] {
        for (std::uint64_t us : pauses_us) {
            spin(us);
            spoil_group();
        }
    };
}

ehash::Intent MintHouse::new_share(std::uint64_t amount) {
    auto number = static_cast<std::uint32_t>(next_number());
    ehash::Intent intent;
    put_le<std::uint32_t>(intent.header.data() + 68, 1'780'000'000 + number / 4);
    put_le<std::uint32_t>(intent.header.data() + 76, number);
    intent.share_hash = crypto::sha256d(intent.header);
    intent.target.fill(0xff);
    intent.amount = amount;
    intent.locking_key = owner_.public_key();
    return intent;
}

MintHouse::NewQuote MintHouse::new_quote(std::uint64_t amount) {
    auto intent = new_share(amount);
    std::uint64_t seq = next_number();
    auto made = need(transact<mint::QuoteResult>([&](mint::Ledger& ledger) {
        auto result = ledger.create_quote(kPool, seq, intent, unix_ms_now());
        ledger.advance(kPool, {seq}, unix_ms_now());
        return result;
    }));
    quoted(amount);
    return {made.quote_id, amount};
}

cashu::Quote MintHouse::quote(const std::string& id) {
    auto found =
        need(transact<std::optional<cashu::Quote>>([&](mint::Ledger& l) { return l.find_quote(id); }));
    HP_ASSERT(found.has_value());
    return *found;
}

std::vector<Output> MintHouse::outputs_of(std::span<const std::uint64_t> amounts) const {
    std::vector<Output> made;
    for (std::uint64_t amount : amounts) {
        std::string secret = to_hex(crypto::random_array<32>());
        auto r = crypto::SecretKey::generate();
        auto B_ = cashu::blind(secret, r);
        HP_ASSERT(B_.has_value());
        made.push_back({secret, r, {amount, mint_->active_keyset(), *B_}});
    }
    return made;
}
std::vector<Output> MintHouse::outputs(std::uint64_t sum) const {
    return outputs_of(cashu::split_amount(sum));
}

Request MintHouse::mint_request(const NewQuote& quote, std::vector<Output> outputs) const {
    auto blinded = messages(outputs);
    std::uint64_t sum = *cashu::sum_amounts(blinded);
    auto signature = to_hex(cashu::sign_mint(owner_, quote.id, blinded, crypto::random_array<32>()));
    cashu::MintRequest request{quote.id, std::move(blinded), std::move(signature)};
    return {"/v1/mint/ehash", cashu::to_json(request), std::move(outputs), sum, 0};
}

Request MintHouse::batch_request(std::span<const NewQuote> quotes) const {
    std::uint64_t sum = 0;
    for (const auto& quote : quotes) sum += quote.amount;
    auto made = outputs(sum);
    cashu::BatchMintRequest request;
    request.outputs = messages(made);
    for (const auto& quote : quotes) {
        request.quotes.push_back(quote.id);
        request.signatures.emplace_back(
            to_hex(cashu::sign_mint(owner_, quote.id, request.outputs, crypto::random_array<32>())));
    }
    return {"/v1/mint/ehash/batch", cashu::to_json(request), std::move(made), sum, 0};
}

std::uint64_t MintHouse::after_fee(std::span<const cashu::Proof> inputs) const {
    std::uint64_t fee = (fee_ppk_ * inputs.size() + 999) / 1000;
    std::uint64_t sum = sum_of(inputs);
    return sum - std::min(fee, sum);
}

Request MintHouse::swap_request(std::span<const cashu::Proof> inputs) const {
    return swap_request(inputs, outputs(after_fee(inputs)));
}
Request MintHouse::swap_request(std::span<const cashu::Proof> inputs, std::vector<Output> outputs) const {
    cashu::SwapRequest request{{inputs.begin(), inputs.end()}, messages(outputs)};
    return {"/v1/swap", cashu::to_json(request), std::move(outputs), 0, sum_of(inputs)};
}

std::vector<cashu::Proof> MintHouse::take_coins(std::size_t count, std::uint64_t sum_min) {
    std::vector<cashu::Proof> coins;
    while (coins.size() < count || after_fee(coins) < sum_min) {
        if (purse_.empty()) fill_purse();
        coins.push_back(std::move(purse_.back()));
        purse_.pop_back();
    }
    return coins;
}

void MintHouse::fill_purse() {
    std::vector<std::uint64_t> amounts;
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < 2 * kPurseMin; ++i) {
        amounts.push_back(std::uint64_t{1} << (i % 5));
        sum += amounts.back();
    }
    auto request = mint_request(new_quote(sum), outputs_of(amounts));
    auto reply = post(0, request);
    HP_ASSERT(reply.is_granted());
    HP_ASSERT(granted(request, reply.body).empty());
}

std::string MintHouse::granted(const Request& request, const std::string& body) {
    auto signatures = cashu::signatures_from_json(body);
    if (!signatures) return "an answer does not parse: " + signatures.error().what;
    if (signatures->size() != request.outputs.size()) return "an answer has another number of signatures";
    const auto& keys = mint_->keysets().find(mint_->active_keyset())->keyset.keys;
    for (std::size_t i = 0; i < signatures->size(); ++i) {
        const auto& signature = (*signatures)[i];
        const Output& output = request.outputs[i];
        if (signature.amount != output.message.amount) return "a signature is of another amount";
        auto C = cashu::unblind(signature.C_, output.r, keys.at(signature.amount));
        if (!C) return "a signature is no point";
        // The mint checks the point when the proof is spent.
        purse_.push_back({signature.amount, signature.id, output.secret, *C});
        signed_ += signature.amount;
    }
    issued_ += request.issued;
    spent_ += request.spent;
    return {};
}

std::string MintHouse::check() {
    auto totals = need(transact<mint::Ledger::Totals>([](mint::Ledger& ledger) { return ledger.totals(); }));
    auto differs = [](const char* what, mint::Ledger::Amount128 has, std::uint64_t want) {
        return std::string("the sum of what is ") + what + " is " +
               std::to_string(static_cast<std::uint64_t>(has)) + ", not " + std::to_string(want);
    };
    if (totals.quoted != quoted_) return differs("quoted", totals.quoted, quoted_);
    if (totals.issued != issued_) return differs("issued", totals.issued, issued_);
    if (totals.signed_amount != signed_) return differs("signed", totals.signed_amount, signed_);
    if (totals.spent_amount != spent_) return differs("spent", totals.spent_amount, spent_);
    return {};
}

namespace {

std::unique_ptr<Stage> open_house(const std::string& directory, Rng& rng, std::size_t threads) {
    return std::make_unique<MintHouse>(directory, rng, threads);
}

}  // namespace

StageType mint_stage() {
    return {"mint",
            open_house,
            {kind("mint", {"first outputs", "second outputs"}, race_one_quote),
             kind("mint-part", {"less is left", "all fitted"}, race_parts_of_a_quote),
             kind("batch-single", {"batch", "single"}, race_batch_and_single),
             kind("batch-batch", {"forwards", "backwards"}, race_batches),
             kind("swap", {"first outputs", "second outputs"}, race_one_input),
             kind("swap-overlap", {"p q", "q r", "r p"}, race_overlapping_inputs),
             kind("one-output", {"swap", "mint"}, race_one_output),
             kind("read", {"readers", "writer"}, race_readers),
             kind("link", {"first session", "second session"}, race_link_sessions)}};
}

}  // namespace hp::crash
