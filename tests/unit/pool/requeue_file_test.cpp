// The request that hp-quote leaves for a running pool.
#include "pool/requeue_file.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "store/temp_dir.hpp"

using namespace hp;
using pool::RequeueRequest;

TEST_CASE("a request reads as it was written") {
    for (const RequeueRequest& request :
         {RequeueRequest{{}, "root"}, RequeueRequest{{17}, "a b"}, RequeueRequest{{1, 2, INT64_MAX}, "x"}}) {
        auto read = pool::requeue_request_from_text(pool::to_text(request));
        REQUIRE(read);
        CHECK(read->seqs == request.seqs);
        CHECK(read->by == request.by);
    }
}

TEST_CASE("what is no request is refused by its line") {
    auto why = [](const char* text) {
        auto read = pool::requeue_request_from_text(text);
        REQUIRE_FALSE(read);
        return read.error().what;
    };
    CHECK(why("") == "line 1: expected 'by NAME', got ''");
    CHECK(why("17\n").find("line 1") == 0);
    CHECK(why("by root\n").find("line 2: expected 'all' or") == 0);
    CHECK(why("by root\n17\nall\n").find("line 3") == 0);
    CHECK(why("by root\nall\n17\n").find("line 2") == 0);
    CHECK(why("by root\n0\n").find("line 2") == 0);
    CHECK(why("by root\n-1\n").find("line 2") == 0);
    CHECK(why("by root\n9223372036854775808\n").find("line 2") == 0);
    CHECK(why("by root\n1 2\n").find("line 2") == 0);
}

TEST_CASE("one request at a time lies beside the outbox, until it is removed") {
    test::TempDir dir;
    const auto outbox = dir.file("outbox.db");
    auto found = pool::find_request(outbox);
    REQUIRE(found);
    CHECK_FALSE(*found);
    REQUIRE(pool::leave_request(outbox, {{5}, "root"}));
    CHECK_FALSE(pool::leave_request(outbox, {{6}, "root"}));
    found = pool::find_request(outbox);
    REQUIRE(found);
    REQUIRE(*found);
    CHECK((*found)->seqs == std::vector<std::uint64_t>{5});
    CHECK(pool::remove_request(outbox));
    CHECK(pool::remove_request(outbox));
    CHECK(std::filesystem::is_empty(std::filesystem::path{outbox}.parent_path()));
    // Neither a link nor a directory is followed.
    std::filesystem::create_symlink("/etc/hostname", pool::requeue_path(outbox));
    CHECK_FALSE(pool::find_request(outbox));
    std::filesystem::remove(pool::requeue_path(outbox));
    std::filesystem::create_directory(pool::requeue_path(outbox));
    CHECK_FALSE(pool::find_request(outbox));
}
