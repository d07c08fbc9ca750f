// From TOML files, environment and flags to typed structs. Precedence, highest first: flag, HP_* variable,
// file, default. toml++ stays inside parse.cpp.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "config/keys.hpp"

namespace hp::config {

/// One key of one struct, ready for any use; made from describe().
struct Key {
    std::string file;  ///< "shared/network.toml"
    std::string name;  ///< "pool_listen"
    std::string doc;
    Rule rule;
    std::string default_text;  ///< as in TOML
    enum class Type { text, integer, real, boolean, list } type;
    /// Checks a value of the key's type against the rule and writes it into the struct; an error says what it
    /// is and what is allowed.
    std::function<Result<>(const Setting& value)> assign;
    /// The struct's current value.
    std::function<Setting()> current;

    std::string flag() const;            ///< "--pool-listen"
    std::string variable() const;        ///< "HP_POOL_LISTEN"; one meaning in all files
    std::string plain_variable() const;  ///< HP_ and the name, which may not be a variable
    std::string allowed() const;         ///< "a number from 0 to 200", for errors and man pages
    std::string type_text() const;       ///< "an integer"
    std::string value_name() const;      ///< "HOST:PORT", for --help
    /// Empty by default, and not required. Whether it may be set to an empty value is up to the rule.
    bool is_empty_by_default() const;
};

/// Reads the text of a flag or a variable: lists are separated by commas, booleans are true or false.
Result<Setting> setting_from_text(Key::Type type, std::string_view text);

/// All problems are found, not only the first: each is one line "FILE:LINE:COLUMN: key: what, what is
/// allowed". FILE is a variable's or flag's name, without a line, if the value came from there.
struct Problem {
    std::string file;
    int line{0}, column{0};
    std::string key;
    std::string what;
    std::string text() const;
};

/// A value with its origin: "default", "/etc/hashpool/pool.toml:12:1", "HP_POOL_LISTEN", "--pool-listen".
struct Shown {
    std::string file, key, value, origin;
    std::string path;        ///< the file that was read, or would have been
    int line{0}, column{0};  ///< its line in the file; 0: not in the file
};

/// A larger configuration file is refused.
inline constexpr std::size_t kFileSizeMax = std::size_t{1} << 20;
/// More problems than this are counted, not listed.
inline constexpr std::size_t kProblemsMax = 100;

class Loader {
  public:
    /// What a missing file means. Refused: a problem that names the file. If the directory is only the
    /// default one, a file may be missing when flags or variables set all of its required keys.
    enum class MissingFile { refused, optional_when_complete };

    /// `overrides`: flag name without dashes -> text, from the command line. `environment`: HP_* variables;
    /// passed in, not read here.
    Loader(std::string config_dir, std::map<std::string, std::string> overrides,
           std::map<std::string, std::string> environment, MissingFile missing = MissingFile::refused);
    ~Loader();
    /// A variable whose value came from a flag: errors and origins name the flag.
    void call_variable(const std::string& variable, std::string name);
    /// Required keys are required only if one of these programs uses them; by default all do.
    void only_for(std::vector<std::string> programs);
    Loader(const Loader&) = delete;
    Loader& operator=(const Loader&) = delete;

    /// Adds a struct: reads its file under config_dir (or `explicit_file` for the tool's own, --config FILE),
    /// then variables, then flags. Problems are collected.
    template <class T>
    void load(T& out, const std::string& explicit_file = {}) {
        std::vector<Key> keys;
        collect(out, keys);
        load_keys(std::string(T::file), explicit_file, keys);
    }
    /// In order of discovery; at most kProblemsMax, and then one that says how many more.
    const std::vector<Problem>& problems() const;
    /// All values with their origins, by file and key, in declaration order.
    const std::vector<Shown>& shown() const;
    /// Everything found so far as one error (Errc::usage), one problem per line, or success.
    Result<> finish() const;
    /// A path key's value, made absolute from the config directory; empty stays empty.
    std::string resolve(const std::string& path) const;

    /// The keys of a struct, bound to it.
    template <class T>
    static void collect(T& out, std::vector<Key>& keys) {
        out.describe([&](const char* name, auto& field, const char* doc, Rule rule) {
            keys.push_back(make_key(std::string(T::file), name, field, doc, std::move(rule)));
        });
    }

  private:
    static Key make_key(std::string file, std::string name, std::string& field, std::string doc, Rule rule);
    static Key make_key(std::string file, std::string name, std::int64_t& field, std::string doc, Rule rule);
    static Key make_key(std::string file, std::string name, double& field, std::string doc, Rule rule);
    static Key make_key(std::string file, std::string name, bool& field, std::string doc, Rule rule);
    static Key make_key(std::string file, std::string name, std::vector<std::string>& field, std::string doc,
                        Rule rule);
    void load_keys(const std::string& file, const std::string& explicit_file, std::vector<Key>& keys);
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace hp::config
