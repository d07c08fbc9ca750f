// All keys of all files, for users of more than one file: hp-config, man pages, "did you mean".
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "config/load.hpp"

namespace hp::config {

/// One instance of every struct.
struct Everything {
    Network network;
    PoolShared pool_shared;
    ProxyShared proxy_shared;
    Template template_;
    Pool pool;
    Mint mint;
    Proxy proxy;
    Stats stats;

    /// Visits the structs in reading order.
    template <class Visit>
    void each(Visit&& visit) {
        visit(network);
        visit(pool_shared);
        visit(proxy_shared);
        visit(template_);
        visit(pool);
        visit(mint);
        visit(proxy);
        visit(stats);
    }
};

/// A file with its keys' declarations (not bound to any struct: `assign` must not be called).
struct FileDeclaration {
    std::string file;
    std::vector<Key> keys;
};
const std::vector<FileDeclaration>& declared();

/// The key of that name in that file; null if there is none.
const Key* find_key(std::string_view file, std::string_view name);

struct Program {
    std::string name;
    std::vector<std::string_view> files;
    bool is_service;  ///< a daemon; the others read their files at every call
};
/// In starting order.
const std::vector<Program>& programs();

/// The programs that read a file, for a heading: "hp-pool and hp-mint".
std::string readers_of(std::string_view file);
/// The programs affected by a change of the key.
std::vector<std::string> users_of(const Key& key);
/// Whether services apply a change at SIGHUP.
bool is_reloaded(const Key& key);
/// "a, b and c".
std::string enumeration(const std::vector<std::string>& words);

/// The known word with the smallest edit distance; empty when `known` is empty.
std::string nearest(std::string_view word, const std::vector<std::string>& known);
/// "did you mean rig1?" if a known word is at most three edits, and at most half of its letters, away; or
/// empty.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);
/// Insertions, deletions and replacements between the two; words are truncated to 64 bytes.
unsigned edit_distance(std::string_view a, std::string_view b);

}  // namespace hp::config
