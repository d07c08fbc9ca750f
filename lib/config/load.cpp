#include "config/load.hpp"

#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/bytes.hpp"
#include "config/declared.hpp"
#include "config/parse.hpp"
#include "config/roles.hpp"

namespace hp::config {

std::string Problem::text() const {
    std::string out = file;
    if (line > 0) out += ":" + std::to_string(line) + ":" + std::to_string(column);
    out += ": ";
    if (!key.empty()) out += key + ": ";
    return out + what;
}

struct Loader::Impl {
    std::string config_dir;
    std::map<std::string, std::string> overrides, environment, variables_called;
    MissingFile missing;
    std::vector<std::string> programs{};  ///< empty: all
    std::vector<Problem> problems;
    std::size_t problems_left_out{0};
    std::vector<Shown> shown;

    void add(Problem problem) {
        if (problems.size() < kProblemsMax) {
            problems.push_back(std::move(problem));
            return;
        }
        ++problems_left_out;
        problems.resize(kProblemsMax + 1);
        problems.back() = {.file = config_dir,
                           .key = {},
                           .what = "and " + std::to_string(problems_left_out) + " more problems"};
    }
    bool given_elsewhere(const Key& key) const {
        return overrides.contains(key.flag().substr(2)) || environment.contains(key.variable());
    }
    bool is_used(const Key& key) const {
        return programs.empty() || key.rule.users.empty() || is_used_by(key, programs);
    }
    bool is_required(const Key& key) const { return key.rule.required && is_used(key); }
    void unknown(const std::string& path, const Entry& entry, const std::vector<Key>& keys);
    void take(const std::string& path, const Entry& entry, const Key& key, Shown& shown_value);
    void take_text(const std::string& source, const std::string& text, const Key& key, Shown& shown_value);
    std::string base_of(const std::string& file, const std::string& path) const;
    void read_file(const std::string& path, bool is_explicit, const std::vector<Key>& keys,
                   std::map<std::string, Shown>& values);
};

namespace {

/// The key's value fits the key's type: integers are numbers too; nothing else is converted.
std::optional<Setting> typed(const Key& key, const Setting& value) {
    const auto index = static_cast<std::size_t>(key.type);
    if (key.type == Key::Type::real && std::holds_alternative<std::int64_t>(value)) {
        return Setting{static_cast<double>(std::get<std::int64_t>(value))};
    }
    if (value.index() != index) return std::nullopt;
    return value;
}
static_assert(static_cast<std::size_t>(Key::Type::text) == 0 &&
                  static_cast<std::size_t>(Key::Type::list) == 4,
              "the order of Key::Type is that of Setting's alternatives");

bool is_empty(const Setting& value) {
    if (const auto* text = std::get_if<std::string>(&value)) return text->empty();
    if (const auto* list = std::get_if<std::vector<std::string>>(&value)) return list->empty();
    return false;
}

std::string position(const std::string& path, int line, int column) {
    return path + ":" + std::to_string(line) + ":" + std::to_string(column);
}

struct Renamed {
    std::string_view before, now;
};
constexpr Renamed kRenamed[] = {{"hardest_retarget_s", "vardiff_interval_s"}};

/// Assigns; returns what is wrong, or nothing.
std::string assign(const Key& key, const Setting& value) {
    if (is_empty(value) && !key.rule.may_be_empty)
        return "is empty, allowed: " + key.allowed() +
               (key.is_empty_by_default() ? "; leave it out for the default" : "");
    const auto done = key.assign(value);
    return done ? std::string{} : done.error().what;
}

}  // namespace

void Loader::Impl::unknown(const std::string& path, const Entry& entry, const std::vector<Key>& keys) {
    std::string what = "unknown key";
    for (const auto& file : declared()) {
        for (const auto& key : file.keys) {
            if (key.name == entry.name) {
                what += ", it belongs in " + file.file;
                add({path, entry.line, entry.column, entry.name, what});
                return;
            }
        }
    }
    if (const auto renamed = std::ranges::find(kRenamed, entry.name, &Renamed::before);
        renamed != std::end(kRenamed))
        return add({path, entry.line, entry.column, entry.name,
                    what + ": its name is " + std::string(renamed->now) + " now"});
    std::vector<std::string> names;
    for (const auto& key : keys) names.push_back(key.name);
    what += ", the nearest known one is " + nearest(entry.name, names);
    add({path, entry.line, entry.column, printable(entry.name, 64), what});
}

/// The configuration directory of a file: that of conf/shared/proxy.toml is conf. Relative paths in files of
/// the usual directory stay as written, see resolve().
std::string Loader::Impl::base_of(const std::string& file, const std::string& path) const {
    std::error_code ignored;
    const auto absolute = std::filesystem::absolute(path, ignored).lexically_normal();
    auto base = absolute.parent_path();
    if (std::filesystem::path(file).has_parent_path() && absolute.string().ends_with("/" + file))
        base = base.parent_path();
    return base.string();
}

void Loader::Impl::take(const std::string& path, const Entry& entry, const Key& key, Shown& shown_value) {
    auto value = entry.value ? typed(key, *entry.value) : std::nullopt;
    if (auto* text = value ? std::get_if<std::string>(&*value) : nullptr)
        if (const auto base = base_of(key.file, path); base != config_dir)
            *text = anchored(key.rule, *text, base);
    if (!value) {
        add({path, entry.line, entry.column, key.name,
             "is " + entry.kind + ", allowed: " + key.type_text() +
                 (key.type == Key::Type::boolean ? "" : "; " + key.allowed())});
        return;
    }
    shown_value.line = entry.line;
    shown_value.column = entry.column;
    if (const auto wrong = assign(key, *value); !wrong.empty()) {
        add({path, entry.line, entry.column, key.name, wrong});
        return;
    }
    shown_value.origin = position(path, entry.line, entry.column);
}

void Loader::Impl::take_text(const std::string& source, const std::string& text, const Key& key,
                             Shown& shown_value) {
    auto value = setting_from_text(key.type, text);
    std::error_code ignored;
    if (auto* typed_text = value ? std::get_if<std::string>(&*value) : nullptr)
        *typed_text = anchored(key.rule, *typed_text, std::filesystem::current_path(ignored).string());
    const auto wrong = value ? assign(key, *value) : value.error().what;
    if (!wrong.empty()) {
        add({.file = source, .key = {}, .what = wrong});
        return;
    }
    shown_value.origin = source;
}

void Loader::Impl::read_file(const std::string& path, bool is_explicit, const std::vector<Key>& keys,
                             std::map<std::string, Shown>& values) {
    // A file that cannot be accessed is not missing: its values would be ignored silently.
    const bool is_missing = ::access(path.c_str(), F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR);
    if (missing == MissingFile::optional_when_complete && !is_explicit && is_missing) {
        bool complete = true;
        for (const auto& key : keys) complete = complete && (!is_required(key) || given_elsewhere(key));
        if (complete) return;
    }
    const auto text = read_config_file(path);
    if (!text) {
        add({.file = path, .key = {}, .what = text.error().what});
        return;
    }
    const auto entries = parse_toml(*text);
    if (!entries) {
        add({path, entries.error().line, entries.error().column, "", "not TOML: " + entries.error().what});
        return;
    }
    for (const auto& entry : *entries) {
        const auto key =
            std::find_if(keys.begin(), keys.end(), [&](const Key& k) { return k.name == entry.name; });
        if (key == keys.end()) {
            unknown(path, entry, keys);
        } else {
            take(path, entry, *key, values[key->name]);
        }
    }
    for (const auto& key : keys) {
        const bool written = values[key.name].line > 0 ||
                             std::any_of(entries->begin(), entries->end(),
                                         [&](const Entry& entry) { return entry.name == key.name; });
        if (is_required(key) && !written && !given_elsewhere(key)) {
            add({path, 1, 1, key.name, "is missing, allowed: " + key.allowed()});
        }
    }
}

Loader::Loader(std::string config_dir, std::map<std::string, std::string> overrides,
               std::map<std::string, std::string> environment, MissingFile missing)
    : impl_{std::make_unique<Impl>(Impl{.config_dir = std::move(config_dir),
                                        .overrides = std::move(overrides),
                                        .environment = std::move(environment),
                                        .variables_called = {},
                                        .missing = missing,
                                        .problems = {},
                                        .shown = {}})} {}
Loader::~Loader() = default;

void Loader::call_variable(const std::string& variable, std::string name) {
    impl_->variables_called[variable] = std::move(name);
}

void Loader::only_for(std::vector<std::string> programs) { impl_->programs = std::move(programs); }

void Loader::load_keys(const std::string& file, const std::string& explicit_file, std::vector<Key>& keys) {
    const std::string path =
        explicit_file.empty() ? (std::filesystem::path(impl_->config_dir) / file).string() : explicit_file;
    std::map<std::string, Shown> values;
    for (const auto& key : keys) {
        HP_ASSERT(!values.contains(key.name));
        values[key.name] = {.file = file, .key = key.name, .value = {}, .origin = "default", .path = path};
    }
    impl_->read_file(path, !explicit_file.empty(), keys, values);
    for (const auto& key : keys) {
        // Whoever sets it means a key, and no program would take it.
        if (const auto plain = key.plain_variable();
            impl_->is_used(key) && plain != key.variable() && impl_->environment.contains(plain))
            impl_->add({.file = plain,
                        .key = {},
                        .what = "is not a variable: " + key.name + " of " + file + " is " + key.variable()});
        Shown& shown_value = values[key.name];
        // A flag wins over a variable; the losing value is not even checked.
        if (const auto flag = impl_->overrides.find(key.flag().substr(2)); flag != impl_->overrides.end()) {
            impl_->take_text(key.flag(), flag->second, key, shown_value);
        } else if (const auto variable = impl_->environment.find(key.variable());
                   variable != impl_->environment.end()) {
            const auto called = impl_->variables_called.find(key.variable());
            impl_->take_text(called == impl_->variables_called.end() ? key.variable() : called->second,
                             variable->second, key, shown_value);
        }
        shown_value.value = toml_text(key.current());
        impl_->shown.push_back(shown_value);
    }
}

const std::vector<Problem>& Loader::problems() const { return impl_->problems; }
const std::vector<Shown>& Loader::shown() const { return impl_->shown; }

Result<> Loader::finish() const {
    if (impl_->problems.empty()) return {};
    std::string what;
    for (const auto& problem : impl_->problems) what += (what.empty() ? "" : "\n") + problem.text();
    return fail(Errc::usage, std::move(what));
}

std::string Loader::resolve(const std::string& path) const {
    if (path.empty()) return {};
    return (std::filesystem::path(impl_->config_dir) / path).lexically_normal().string();
}

}  // namespace hp::config
