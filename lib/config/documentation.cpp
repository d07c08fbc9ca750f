#include "config/documentation.hpp"

#include "base/bytes.hpp"
#include "config/declared.hpp"
#include "config/roles.hpp"
#include "crypto/base58.hpp"

namespace hp::config {
namespace {

constexpr std::size_t kWidth = 100;
/// BIP 341's point whose secret key nobody knows: copying the example gives nothing away.
constexpr std::string_view kNobodysKey = "50929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0";

/// Comment lines ("# "), broken at spaces.
std::string comment(const std::string& text) {
    std::string out;
    std::string line = "#";
    std::size_t at = 0;
    while (at < text.size()) {
        auto end = text.find(' ', at);
        if (end == std::string::npos) end = text.size();
        if (line.size() + 1 + (end - at) > kWidth && line.size() > 1) {
            out += line + "\n";
            line = "#";
        }
        line += " " + text.substr(at, end - at);
        at = end + 1;
    }
    return out + line + "\n";
}

std::string sentence(std::string text) {
    if (!text.empty() && text[0] >= 'a' && text[0] <= 'z' && !text.starts_with("hp-")) {
        text[0] = static_cast<char>(text[0] - 'a' + 'A');
    }
    return text + ".";
}

/// scdoc takes _ and * for markup.
std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '_' || c == '*' || c == '\\' || c == '#' || c == '[' || c == '|') out += '\\';
        out += c;
    }
    return out;
}

/// For a path key, what is allowed would only repeat its meaning.
std::string allowed_sentence(const Key& key) {
    const bool free = key.type != Key::Type::boolean &&
                      (key.rule.kind == Rule::Kind::any || key.rule.kind == Rule::Kind::records);
    const char* or_empty = !key.rule.may_be_empty        ? ""
                           : key.type == Key::Type::list ? ", or []"
                                                         : ", or empty";
    return free ? std::string{} : "Allowed: " + key.allowed() + or_empty + ".";
}

std::string default_sentence(const Key& key) {
    if (key.rule.required) return "Required.";
    return key.is_empty_by_default() ? "Default: empty." : "Default: " + key.default_text + ".";
}

std::string change_of(const Key& key) {
    if (key.rule.users == std::vector<std::string>{"hp-config"}) return "no restart needed";
    return (is_reloaded(key) ? "reload " : "restart ") + enumeration(users_of(key));
}

/// The default, if there is one.
std::string example_value(const Key& key) {
    if (!key.rule.required && !key.is_empty_by_default()) return key.default_text;
    const auto listed = [&](const std::string& text) {
        return key.type == Key::Type::list ? toml_text(Setting{std::vector{text}}) : toml_text(Setting{text});
    };
    switch (key.rule.kind) {
        case Rule::Kind::one_of:
            return listed(key.rule.choices.front());
        case Rule::Kind::path:
            return listed("data/" + key.name);
        case Rule::Kind::secret_file:
            return listed("secrets/" + key.name);
        case Rule::Kind::authority_key:
            return listed(crypto::authority_key_text(*array_from_hex<32>(kNobodysKey)));
        case Rule::Kind::pattern:
            return listed("east");
        case Rule::Kind::host_name:
            return listed("pool.example");
        case Rule::Kind::mint_key:
            return listed("east:" + std::string(kNobodysKey));
        case Rule::Kind::pubkey_hex:
            return listed("02" + std::string(kNobodysKey));
        case Rule::Kind::url:
            return listed("https://mint.example");
        default:
            return listed("...");
    }
}

}  // namespace

std::string example_file(const FileDeclaration& file, const std::map<std::string, Chosen>& chosen,
                         const std::vector<std::string>& programs) {
    std::string out = comment(file.file + ": read by " + readers_of(file.file) +
                              ". 'man 5 hp-config' explains it, 'hp-config check' checks it.");
    out += comment("A key that is commented out has its default.");
    for (const auto& key : file.keys) {
        if (!programs.empty() && !is_used_by(key, programs) && !chosen.contains(key.name)) continue;
        out += "\n" + comment(sentence(key.doc));
        const auto allowed = allowed_sentence(key);
        out += comment((allowed.empty() ? "" : allowed + " ") + default_sentence(key));
        const auto choice = chosen.find(key.name);
        if (choice == chosen.end()) {
            out += "#" + key.name + " = " + key.default_text + "\n";
            continue;
        }
        if (!choice->second.remark.empty()) out += comment(sentence(choice->second.remark));
        out += key.name + " = " + toml_text(choice->second.value) + "\n";
    }
    return out;
}

std::vector<std::pair<std::string, std::string>> facts_of(const Key& key) {
    return {{"key", key.name},
            {"file", key.file + ", read by " + readers_of(key.file)},
            {"meaning", key.doc},
            {"type", key.type_text()},
            {"allowed", key.allowed()},
            {"default", key.rule.required ? "none, must be set" : key.default_text},
            {"example", key.name + " = " + example_value(key)},
            {"flag", key.flag() + " " + key.value_name()},
            {"variable", key.variable()},
            {"change", change_of(key)}};
}

std::string man_page_of_keys() {
    std::string out =
        "hp-config(5)\n\n"
        "; Generated by 'hp-config docs --man5' from lib/config/keys.hpp. Do not edit.\n\n"
        "# NAME\n\n"
        "hp-config - the configuration files of Hashpool and their keys\n\n"
        "# DESCRIPTION\n\n"
        "The files are TOML, in one directory: _/etc/hashpool_, or the one given by *--config-dir* or\n"
        "*HP\\_CONFIG\\_DIR*. A program reads its own file and the shared ones, never another program's.\n"
        "*hp-config init* writes a complete directory, *hp-config check* reads all of it. A machine with "
        "only\n"
        "some of the programs has only their files, as stated by *roles*. A required key is required only\n"
        "where a program uses it.\n"
        "\n"
        "Every key is also a flag and an environment variable. A flag overrides a variable, a variable\n"
        "overrides the file, and the file overrides the default. In flags and variables, the elements of a\n"
        "list are separated by commas. *hp-config show --origin* shows which one took effect.\n"
        "\n"
        "A missing file is an error, with one exception: if neither *--config-dir* nor *HP\\_CONFIG\\_DIR* "
        "is\n"
        "given, a file of _/etc/hashpool_ may be missing if flags or variables set all of its required "
        "keys.\n"
        "A file must be a regular file of at most 1 MiB. Unknown keys are errors.\n"
        "\n"
        "A relative path in a file starts at the configuration directory of that file: for _conf/pool.toml_\n"
        "and _conf/shared/proxy.toml_ that is _conf_, also when *--config* names the file. In a flag or\n"
        "variable it starts at the working directory, for every program and every path (for systemd "
        "services\n"
        "that is _/_). A default starts at the configuration directory. ~ is not expanded. Files with "
        "secrets\n"
        "must not be accessible for group and others.\n"
        "\n"
        "Files, variables and flags are read once, at the start, except for *log\\_level*, which services "
        "read\n"
        "again at SIGHUP. *hp-config plan* says which programs must restart or reload for a change,\n"
        "*hp-config explain* describes a key.\n";
    for (const auto& file : declared()) {
        std::string heading = file.file;
        for (auto& c : heading) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        out += "\n# " + heading + "\n\nRead by " + readers_of(file.file) + ".\n";
        for (const auto& key : file.keys) {
            out += "\n*" + escaped(key.name) + "*\n";
            out += "\t" + escaped(sentence(key.doc)) + "\n";
            const auto allowed = allowed_sentence(key);
            if (!allowed.empty()) out += "\t" + escaped(allowed) + "\n";
            out += "\t" + escaped(default_sentence(key)) + "\n";
            if (!key.rule.users.empty()) out += "\tUsed by " + escaped(enumeration(key.rule.users)) + ".\n";
            out += "\tFlag *" + escaped(key.flag()) + "*, variable *" + escaped(key.variable()) + "*.\n";
        }
    }
    out +=
        "\n# HASHPOOL.ENV\n\n"
        "Variables for all systemd units, one *NAME=VALUE* per line: *HP\\_LOG\\_LEVEL*, *HP\\_LOG\\_FILE* "
        "and\n"
        "the variable of any key. A variable applies to every program that has the key. Changes take effect "
        "only when a\n"
        "service restarts: a *log\\_level* that SIGHUP reads again must be in the service's own file.\n"
        "\n"
        "# SEE ALSO\n\n"
        "*hp-config*(1)\n";
    return out;
}

}  // namespace hp::config
