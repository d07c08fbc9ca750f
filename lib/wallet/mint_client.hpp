// The mint's API as called by the wallet, with failures sorted by what to do next.
#pragma once
#include "cashu/nut02.hpp"
#include "cashu/nut04.hpp"
#include "cashu/nut06.hpp"
#include "cashu/nut07.hpp"
#include "cashu/nut09.hpp"
#include "cashu/nut29.hpp"
#include "cashu/quote_lookup.hpp"
#include "net/http.hpp"

namespace hp::wallet {

struct MintFailure {
    enum class Kind {
        away,     ///< no answer, 5xx, 429: retry later
        garbled,  ///< an invalid answer: a body that does not parse, 404, a redirect
        refused,  ///< 400 with a code: the mint refused
    };
    Kind kind{Kind::away};
    cashu::Code code{cashu::Code::unspecified};  ///< of a refusal
    Error error;
};
template <class T>
using Reply = tl::expected<T, MintFailure>;
template <class T>
using OnReply = std::function<void(Reply<T>)>;

class MintClient {
  public:
    static Result<std::unique_ptr<MintClient>> create(net::Loop& loop, const std::string& mint_url,
                                                      std::int64_t request_ms = 10'000,
                                                      std::size_t body_bytes_max = 8u << 20);

    /// Called for each answer, and for each that did not come: whether the mint is up.
    std::function<void(bool is_there)> on_word;
    /// Only for on_word: asks for /v1/info, waiting no longer than this.
    void probe(std::int64_t limit_ms);

    void info(OnReply<cashu::MintInfoSeen> done);
    void keysets(OnReply<std::vector<cashu::Keyset>> done);
    void keys(const cashu::KeysetId& id, OnReply<cashu::Keyset> done);
    /// Mint, batch mint and swap: all answer with signatures.
    void sign(const std::string& path, const std::string& body,
              OnReply<std::vector<cashu::BlindSignature>> done);
    void restore(const cashu::RestoreRequest& request, OnReply<cashu::RestoreResponse> done);
    /// States in the order of the request, checked to be for the requested Ys. At most 1000.
    void check_states(const std::vector<cashu::PublicKey33>& ys,
                      OnReply<std::vector<cashu::ProofState>> done);
    void check_quotes(const std::vector<std::string>& ids, OnReply<std::vector<cashu::Quote>> done);
    void find_quotes(const cashu::LookupRequest& request, OnReply<cashu::LookupResponse> done);

  private:
    explicit MintClient(std::unique_ptr<net::HttpClient> http) : http_{std::move(http)} {}
    void hear(const Result<net::HttpResponse>& answer) const;
    template <class T>
    void call(std::string_view method, const std::string& path, const std::string& body,
              std::function<Result<T>(const std::string&)> parse, OnReply<T> done);
    std::unique_ptr<net::HttpClient> http_;
};

/// "the mint refused: outputs already signed (11003)"; the detail is the mint's text, made printable.
std::string text_of(const cashu::CashuError& error);

}  // namespace hp::wallet
