// A line connection without a socket: what a test says goes to the handler, what the handler sends is kept.
#pragma once
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "net/lines.hpp"

namespace hp::test {

struct FakeLine : net::LineConnection {
    using Json = nlohmann::json;
    std::shared_ptr<net::LineHandler> handler;
    std::vector<Json> heard;
    std::optional<std::string> closed;
    std::string address;
    net::Standing standing{net::Standing::stranger};
    bool has_room{true};  ///< what prove() answers

    explicit FakeLine(std::string peer) : address{std::move(peer)} {}
    void set_handler(std::shared_ptr<net::LineHandler> to) override { handler = std::move(to); }
    void send(std::string_view text) override {
        REQUIRE(text.ends_with('\n'));
        for (std::size_t at = 0; at < text.size();) {
            const auto end = text.find('\n', at);
            heard.push_back(Json::parse(text.substr(at, end - at)));
            at = end + 1;
        }
    }
    void close(std::string_view reason) override { closed = reason; }
    bool is_open() const override { return !closed; }
    const std::string& peer() const override { return address; }
    bool prove(net::Standing to) override {
        if (has_room) standing = std::max(standing, to);
        return has_room;
    }

    /// Lines of one read.
    void say(const std::vector<std::string>& lines) {
        for (const auto& line : lines)
            if (!closed) handler->on_line(line);
        if (!closed) handler->on_read_done();
    }
    static std::string request(int id, const std::string& method, const Json& params) {
        return Json{{"id", id}, {"method", method}, {"params", params}}.dump();
    }
    void say(int id, const std::string& method, const Json& params) { say({request(id, method, params)}); }
    /// The peer goes.
    void hang_up() {
        closed = "gone";
        std::exchange(handler, nullptr)->on_close({Errc::io, "the peer closed the connection"});
    }
    const Json* answer(int id) const {
        for (const auto& message : heard)
            if (message.value("id", Json()) == id && !message.contains("method")) return &message;
        return nullptr;
    }
    std::size_t count(const std::string& method) const {
        return static_cast<std::size_t>(std::ranges::count_if(
            heard, [&](const Json& message) { return message.value("method", Json()) == method; }));
    }
    const Json* last(const std::string& method) const {
        const Json* found = nullptr;
        for (const auto& message : heard)
            if (message.value("method", Json()) == method) found = &message;
        return found;
    }
};

}  // namespace hp::test
