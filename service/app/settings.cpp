#include "app/settings.hpp"

#include "yaml/parse.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace app {
namespace {

std::string place(const std::filesystem::path& file, yaml::Mark mark) {
    return file.string() + ":" + std::to_string(mark.line) + ":" + std::to_string(mark.column) +
           ": ";
}

std::string variable(const std::string& key) {
    std::string out = "CALLERPRINT_";
    for (const char c : key) {
        if (c == '.') {
            out += "__";
        } else {
            out += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
        }
    }
    return out;
}

/// A number and the letters behind it; nothing when the text is anything else or overflows.
std::optional<std::pair<std::uint64_t, std::string_view>> number_and_unit(std::string_view text) {
    std::uint64_t number = 0;
    const auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (fault != std::errc{}) return {};
    return std::pair{number, text.substr(static_cast<std::size_t>(stop - text.data()))};
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
    const auto parsed = number_and_unit(text);
    if (!parsed) return {};
    static constexpr std::pair<std::string_view, unsigned> units[] = {
        {"", 0}, {"B", 0}, {"KB", 10}, {"MB", 20}, {"GB", 30}, {"TB", 40}};
    for (const auto& [unit, shift] : units) {
        if (parsed->second != unit) continue;
        if (parsed->first > (UINT64_MAX >> shift)) return {};
        return parsed->first << shift;
    }
    return {};
}

std::optional<std::chrono::microseconds> parse_duration(std::string_view text) {
    const auto parsed = number_and_unit(text);
    if (!parsed) return {};
    static constexpr std::pair<std::string_view, std::uint64_t> units[] = {{"ms", 1'000},
                                                                           {"s", 1'000'000},
                                                                           {"m", 60'000'000},
                                                                           {"h", 3'600'000'000},
                                                                           {"d", 86'400'000'000}};
    for (const auto& [unit, micros] : units) {
        if (parsed->second != unit) continue;
        if (parsed->first > static_cast<std::uint64_t>(INT64_MAX) / micros) return {};
        return std::chrono::microseconds(static_cast<std::int64_t>(parsed->first * micros));
    }
    return {};
}

/// Levenshtein's distance, for "did you mean".
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = std::exchange(row[j], std::min({replaced, row[j] + 1, row[j - 1] + 1}));
        }
    }
    return row[b.size()];
}

}  // namespace

struct Settings::Shared {
    std::filesystem::path file;
    Environment environment;
    std::vector<std::string> problems;
};

Settings::Settings(std::shared_ptr<Shared> shared, yaml::Node node, bool top)
    : shared_(std::move(shared)), node_(std::move(node)), top_(top) {}

base::Result<Settings> Settings::parse(const std::filesystem::path& file, std::string_view text,
                                       Environment environment) {
    const auto documents = yaml::parse(text, yaml::Limits{});
    if (!documents) {
        return base::fail(base::Fault::invalid,
                          place(file, documents.error().mark) + documents.error().what);
    }
    const yaml::Node top = documents->empty() ? yaml::Node() : documents->front();
    if (!top.is_map() && !top.is_null()) {
        return base::fail(base::Fault::invalid,
                          place(file, top.mark()) + "write `key: value` lines");
    }
    auto shared = std::make_shared<Shared>();
    shared->file = file;
    shared->environment = std::move(environment);
    return Settings(std::move(shared), top, true);
}

const yaml::Node* Settings::find(const std::string& key) {
    if (std::ranges::find(asked_, key) == asked_.end()) asked_.push_back(key);
    const yaml::Node* at = &node_;
    for (std::size_t start = 0; at;) {
        const auto dot = key.find('.', start);
        at = at->find(std::string_view(key).substr(start, dot - start));
        if (dot == std::string::npos) break;
        start = dot + 1;
    }
    return at;
}

std::optional<std::string> Settings::scalar(const std::string& key) {
    const auto* node = find(key);
    if (top_) {
        if (auto value = shared_->environment(variable(key))) return value;
    }
    if (!node || node->is_null()) return {};
    if (node->is_scalar()) return node->text();
    problem(key, "write one value here");
    return {};
}

std::string Settings::text(const std::string& key, std::string fallback) {
    return scalar(key).value_or(std::move(fallback));
}

bool Settings::flag(const std::string& key, bool fallback) {
    const auto value = scalar(key);
    if (!value) return fallback;
    if (*value == "true") return true;
    if (*value != "false") problem(key, "write true or false");
    return false;
}

std::string Settings::choice(const std::string& key, std::string fallback,
                             std::initializer_list<std::string_view> known) {
    auto value = scalar(key);
    if (!value) return fallback;
    if (std::ranges::find(known, *value) != known.end()) return *value;
    std::string list;
    for (const auto name : known) list += (list.empty() ? "" : ", ") + std::string(name);
    problem(key, "write one of: " + list);
    return fallback;
}

std::uint64_t Settings::count(const std::string& key, std::uint64_t fallback, std::uint64_t least,
                              std::uint64_t most) {
    const auto value = scalar(key);
    if (!value) return fallback;
    const auto parsed = number_and_unit(*value);
    if (parsed && parsed->second.empty() && parsed->first >= least && parsed->first <= most)
        return parsed->first;
    problem(key,
            "write a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return fallback;
}

std::uint64_t Settings::bytes(const std::string& key, std::uint64_t fallback, std::uint64_t least,
                              std::uint64_t most) {
    const auto value = scalar(key);
    if (!value) return fallback;
    const auto parsed = parse_bytes(*value);
    if (parsed && *parsed >= least && *parsed <= most) return *parsed;
    problem(key, "write a size such as 64MB or 4GB, from " + std::to_string(least) + " to " +
                     std::to_string(most) + " bytes");
    return fallback;
}

std::chrono::microseconds Settings::duration(const std::string& key,
                                             std::chrono::microseconds fallback,
                                             std::chrono::microseconds least,
                                             std::chrono::microseconds most) {
    const auto value = scalar(key);
    if (!value) return fallback;
    const auto parsed = parse_duration(*value);
    if (parsed && *parsed >= least && *parsed <= most) return *parsed;
    problem(key, "write a time such as 200ms, 5s, 10m, 24h or 30d, up to " +
                     std::to_string(most.count() / 1'000'000) + "s");
    return fallback;
}

std::chrono::days Settings::whole_days(const std::string& key, std::chrono::days fallback) {
    using std::chrono::days;
    const auto span = duration(key, fallback, days(1), days(3650));
    if (span % days(1) != std::chrono::microseconds(0))
        problem(key, "write whole days, such as 30d");
    return std::chrono::floor<days>(span);
}

std::filesystem::path Settings::path(const std::string& key,
                                     const std::filesystem::path& fallback) {
    const auto value = scalar(key);
    const std::filesystem::path path = value ? std::filesystem::path(*value) : fallback;
    return path.empty() ? path : (shared_->file.parent_path() / path).lexically_normal();
}

std::vector<std::string> Settings::texts(const std::string& key,
                                         std::vector<std::string> fallback) {
    const auto* node = find(key);
    if (!node || node->is_null()) return fallback;
    std::vector<std::string> out;
    for (const auto& item : node->items()) {
        if (item.is_scalar()) out.push_back(item.text());
    }
    if (!node->is_sequence() || out.size() != node->items().size())
        problem(key, "write a list of values, such as [a, b]");
    return out;
}

std::vector<std::filesystem::path> Settings::paths(const std::string& key,
                                                   std::vector<std::string> fallback) {
    std::vector<std::filesystem::path> out;
    for (const auto& text : texts(key, std::move(fallback))) {
        out.push_back((shared_->file.parent_path() / text).lexically_normal());
    }
    return out;
}

std::vector<Settings> Settings::items(const std::string& key) {
    const auto* node = find(key);
    std::vector<Settings> out;
    if (!node || node->is_null()) return out;
    for (const auto& item : node->items()) {
        if (item.is_map()) out.push_back(Settings(shared_, item, false));
    }
    if (!node->is_sequence() || out.size() != node->items().size()) {
        problem(key, "write a list of maps, such as - {name: value}");
    }
    return out;
}

void Settings::problem(const std::string& key, std::string_view what) {
    const auto* node = find(key);
    const std::string from =
        top_ && shared_->environment(variable(key)) ? " (set by " + variable(key) + ")" : "";
    shared_->problems.push_back(place(shared_->file, (node ? node : &node_)->mark()) + key + from +
                                ": " + std::string(what));
}

void Settings::finish() {
    find_unknown(node_, "");
}

void Settings::find_unknown(const yaml::Node& map, const std::string& prefix) {
    for (const auto& entry : map.entries()) {
        const std::string key = prefix + entry.key;
        if (std::ranges::find(asked_, key) != asked_.end()) continue;
        const bool section = std::ranges::any_of(
            asked_, [&](const std::string& known) { return known.starts_with(key + "."); });
        if (section && (entry.value.is_map() || entry.value.is_null())) {
            find_unknown(entry.value, key + ".");
            continue;
        }
        std::string what = section ? key + ": write a map of settings here" : key + ": unknown key";
        const auto nearest = std::ranges::min_element(
            asked_, {}, [&](const std::string& known) { return distance(known, key); });
        if (!section && nearest != asked_.end() && distance(*nearest, key) <= 3) {
            what += "; did you mean " + *nearest + "?";
        } else if (!section) {
            what += "; remove it (docs/reference/configuration.md lists all keys)";
        }
        shared_->problems.push_back(place(shared_->file, entry.key_mark) + what);
    }
}

std::string Settings::problems() const {
    std::string out;
    for (const auto& problem : shared_->problems) {
        if (!out.empty()) out += '\n';
        out += problem;
    }
    return out;
}

}  // namespace app
