// The layout of the earlier Hashpool (vnprc/hashpool, config/*.toml and config/shared/*.toml), key by key,
// mapped to ours. Values in, values out: hp-config import reads and writes the files.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/documentation.hpp"
#include "config/parse.hpp"
#include "crypto/secp.hpp"

namespace hp::config {

/// Paths below the earlier directory, in the order in which they count: if two files disagree, the first one
/// wins and the other one needs a decision.
const std::vector<std::string>& earlier_files();

struct EarlierFile {
    std::string name;
    std::vector<Entry> entries;  ///< of parse_toml_with_tables
};

enum class Became { taken, changed, dropped, undecided };
std::string_view became_text(Became became);

/// What became of one key. The text never contains a secret.
struct Outcome {
    std::string file;
    int line{}, column{};
    std::string key;
    Became became{};
    std::string text;
};

struct Imported {
    std::map<std::string, std::map<std::string, Chosen>> chosen;  ///< file, key
    std::map<std::string, std::string> secrets;                   ///< "secrets/mint.seed" and its text
    std::vector<Outcome> outcomes;                                ///< one for each key of each file
};

/// Published keys and words are not imported on networks whose coins have value.
struct Published {
    bool (*is_key)(const crypto::SecretKey&);
    bool (*is_words)(std::string_view);
    bool (*is_allowed_on)(std::string_view network);
};

/// `network` overrides what the files say; empty: theirs. `chosen` has no network if neither says one.
Imported from_earlier(const std::vector<EarlierFile>& files, const std::string& network,
                      const Published& published);

}  // namespace hp::config
