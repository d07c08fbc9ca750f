#include "ehash/link_auth.hpp"

#include <doctest/doctest.h>

#include "crypto/random.hpp"
#include "crypto/sha256.hpp"
#include "sv2/frame.hpp"

using namespace hp;
using namespace hp::ehash;
using sv2::link::LinkAuth;
using sv2::link::LinkAuthSuccess;

namespace {

struct Session {
    crypto::SecretKey mint_key = crypto::SecretKey::generate();
    Bytes32 h = crypto::random_array<32>();
    std::vector<Bytes32> allowed{crypto::SecretKey::generate().xonly(), mint_key.xonly()};
    PoolExpectations pool;
    LinkAuth auth;

    Session() {
        pool.pool_authority = crypto::SecretKey::generate().xonly();
        pool.allowed_mint_keys = allowed;
        pool.pool_store = crypto::random_array<32>();
        pool.highest_seq = 100;
        pool.memory = MintMemory{crypto::random_array<32>(), 7};
        auth.pool_authority.bytes = pool.pool_authority;
        auth.unit.value = "hash";
        auth.keyset_id.value = Bytes(33, 1);
        auth.valuation.value = "target/unit_bits=32";
        auth.mint_store.bytes = pool.memory->mint_store;
        auth.mint_generation = 7;
        auth.pool_store.bytes = pool.pool_store;
        auth.last_seq = 40;
        sign();
    }
    void sign() { sign_link_auth(auth, mint_key, h, Bytes32{}); }
    auto check() const { return check_link_auth(auth, h, pool); }
    std::uint64_t resume_seq() const {
        auto checked = check();
        REQUIRE(checked.has_value());
        CHECK_FALSE(checked->is_rollback);
        return checked->resume_seq;
    }
    LinkRefusal refusal() const {
        auto checked = check();
        REQUIRE(!checked.has_value());
        CHECK(!checked.error().reason.empty());
        return checked.error().code;
    }
    /// Changes the message and signs again: an honest mint with other things to say.
    template <class Change>
    LinkRefusal says(Change change) const {
        Session other = *this;
        other.pool.allowed_mint_keys = other.allowed;
        change(other);
        other.sign();
        return other.refusal();
    }
};

}  // namespace

TEST_CASE("a listed mint with the session's hash signed may begin where it stopped") {
    Session session;
    CHECK(session.resume_seq() == 41u);
    session.auth.last_seq = 100;
    session.sign();
    CHECK(session.resume_seq() == 101u);
    session.auth.pool_store.bytes.fill(0);
    session.auth.last_seq = 0;
    session.sign();
    CHECK(session.resume_seq() == 1u);
}

TEST_CASE("the message is the tagged hash of h, the role and the fields as they travel") {
    Session session;
    Bytes frame = sv2::encode_frame(session.auth);
    Bytes fields(frame.begin() + sv2::kHeaderSize, frame.end() - 64);
    Bytes role{1};
    CHECK(link_auth_message(session.h, session.auth) ==
          crypto::tagged_hash("hashpool/link-auth/v1", {session.h, role, fields}));
}

TEST_CASE("a signature counts for one session and one message alone (T7, T8)") {
    Session session;
    CHECK(session.check().has_value());
    Session replayed = session;
    replayed.pool.allowed_mint_keys = replayed.allowed;
    replayed.h[0] ^= 1;
    CHECK(replayed.refusal() == LinkRefusal::unauthorised);
    auto tampered = [&](auto change) {
        Session other = session;
        other.pool.allowed_mint_keys = other.allowed;
        change(other.auth);
        return other.refusal();
    };
    CHECK(tampered([](LinkAuth& a) { a.last_seq += 1; }) == LinkRefusal::unauthorised);
    CHECK(tampered([](LinkAuth& a) { a.unit.value = "sat"; }) == LinkRefusal::unauthorised);
    CHECK(tampered([](LinkAuth& a) { a.valuation.value += "1"; }) == LinkRefusal::unauthorised);
    CHECK(tampered([](LinkAuth& a) { a.keyset_id.value[5] ^= 1; }) == LinkRefusal::unauthorised);
    CHECK(tampered([](LinkAuth& a) { a.mint_generation += 1; }) == LinkRefusal::unauthorised);
    CHECK(tampered([](LinkAuth& a) { a.mint_store.bytes[0] ^= 1; }) == LinkRefusal::unauthorised);
    CHECK(tampered([](LinkAuth& a) { a.pool_store.bytes[0] ^= 1; }) == LinkRefusal::unauthorised);
    CHECK(tampered([](LinkAuth& a) { a.signature.bytes[63] ^= 1; }) == LinkRefusal::unauthorised);
    CHECK(tampered([&](LinkAuth& a) { a.mint_key.bytes = session.allowed[0]; }) == LinkRefusal::unauthorised);
}

TEST_CASE("strangers and messages to another authority are unauthorised (AC-218, AC-220)") {
    Session session;
    CHECK(session.says([](Session& s) { s.mint_key = crypto::SecretKey::generate(); }) ==
          LinkRefusal::unauthorised);
    CHECK(session.says([](Session& s) { s.auth.pool_authority.bytes[0] ^= 1; }) == LinkRefusal::unauthorised);
    CHECK(session.says([](Session& s) { s.pool.allowed_mint_keys = {}; }) == LinkRefusal::unauthorised);
    // sign() sets the version: change it after.
    Session old = session;
    old.pool.allowed_mint_keys = old.allowed;
    old.auth.auth_version = 2;
    CHECK(old.refusal() == LinkRefusal::version);
    CHECK(session.says([](Session& s) { s.auth.keyset_id.value.resize(8); }) == LinkRefusal::parameters);
}

TEST_CASE("another unit or valuation is refused after the mint proved itself (AC-245)") {
    Session session;
    CHECK(session.says([](Session& s) { s.auth.unit.value = "sat"; }) == LinkRefusal::parameters);
    CHECK(session.says([](Session& s) { s.auth.valuation.value = "target/unit_bits=31"; }) ==
          LinkRefusal::parameters);
    CHECK(session.says([](Session& s) { s.pool.valuation.unit_bits = 30; }) == LinkRefusal::parameters);
}

TEST_CASE("restored copies of either side are noticed (T10)") {
    Session session;
    CHECK(session.says([](Session& s) { s.auth.mint_generation = 6; }) == LinkRefusal::mint_rollback);
    CHECK(session.says([](Session& s) { s.auth.mint_generation = std::uint64_t{1} << 63; }) ==
          LinkRefusal::parameters);
    CHECK(session.says([](Session& s) { s.auth.mint_store.bytes[3] ^= 1; }) == LinkRefusal::mint_rollback);
    CHECK(session.says([](Session& s) { s.pool.memory.reset(); }) == LinkRefusal::mint_rollback);
    CHECK(session.says([](Session& s) { s.auth.last_seq = 101; }) == LinkRefusal::pool_rollback);
    CHECK(session.says([](Session& s) { s.auth.last_seq = UINT64_MAX; }) == LinkRefusal::pool_rollback);
    Session first = session;
    first.pool.allowed_mint_keys = first.allowed;
    first.pool.memory.reset();
    first.pool.first_contact_allowed = true;
    CHECK(first.resume_seq() == 41u);
    // The mint remembers another database of the pool: that says nothing about this one.
    first.auth.pool_store.bytes[0] ^= 1;
    first.auth.last_seq = 5000;
    first.sign();
    CHECK(first.resume_seq() == 1u);
    CHECK_FALSE(first.check()->knows_rows);
    // One that is known, and never served anybody, or this one: its count can be held against it.
    CHECK(session.check()->knows_rows);
    session.auth.pool_store.bytes = {};
    session.sign();
    CHECK(session.check()->knows_rows);
}

TEST_CASE("a restored mint comes in where the operator allows it, and is called what it is") {
    Session session;
    session.pool.rollback_allowed = true;
    SUBCASE("older") { session.auth.mint_generation = 6; }
    SUBCASE("another database") { session.auth.mint_store.bytes[3] ^= 1; }
    session.sign();
    auto accepted = session.check();
    REQUIRE(accepted.has_value());
    CHECK(accepted->is_rollback);
    CHECK(accepted->resume_seq == 41);
}

TEST_CASE("every refusal has the text of the protocol") {
    CHECK(text(LinkRefusal::unauthorised) == "unauthorised");
    CHECK(text(LinkRefusal::version) == "version");
    CHECK(text(LinkRefusal::parameters) == "parameters");
    CHECK(text(LinkRefusal::mint_rollback) == "mint-rollback");
    CHECK(text(LinkRefusal::pool_rollback) == "pool-rollback");
    CHECK(text(LinkRefusal::busy) == "busy");
}

TEST_CASE("the mint takes a success only when it echoes what was agreed") {
    Session session;
    LinkAuthSuccess good;
    good.pool_store.bytes = session.pool.pool_store;
    good.resume_seq = 41;
    good.max_inflight = 256;
    good.unit.value = "hash";
    good.valuation.value = "target/unit_bits=32";
    CHECK(check_link_success(good, session.auth).has_value());
    auto fails = [&](auto change) {
        LinkAuthSuccess success = good;
        change(success);
        return !check_link_success(success, session.auth).has_value();
    };
    CHECK(fails([](auto& s) { s.unit.value = "HASH"; }));
    CHECK(fails([](auto& s) { s.valuation.value = ""; }));
    CHECK(fails([](auto& s) { s.resume_seq = 42; }));
    CHECK(fails([](auto& s) { s.resume_seq = 1; }));
    CHECK(fails([](auto& s) { s.max_inflight = 0; }));
    CHECK(fails([](auto& s) { s.pool_store.bytes.fill(0); }));
    CHECK(fails([](auto& s) { s.pool_store.bytes[0] ^= 1; }));
    CHECK_FALSE(fails([](auto& s) {
        s.pool_store.bytes[0] ^= 1;
        s.resume_seq = 1;
    }));
}
