#include "decode/format_file.hpp"

#include "decode/access_line.hpp"
#include "yaml/parse.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace decode {
namespace {

using Problems = std::vector<std::string>;

/// Reads one file; collects problems and goes on, so that one run shows them all.
class Reader {
public:
    Reader(const FormatFile& file, Problems& problems) : file_(file), problems_(problems) {}

    void read(const yaml::Node& root, FormatModel& out) {
        static constexpr std::array known = {"name",       "title",       "description",
                                             "log_source", "lines",       "spellings",
                                             "unknown",    "nested_json", "tolerate_x_escapes",
                                             "time",       "unwrap",      "set_aside",
                                             "detect",     "secrets",     "fields"};
        if (!map(root, "a format file")) return;
        only(root, known);
        out.name = text(root, "name");
        if (!valid_name(out.name)) {
            problem(root, "`name` must be lower-case letters, digits and hyphens, such as envoy");
        }
        out.title = text(root, "title");
        log_source(root, out);
        lines(root, out);
        spellings(root, out);
        out.unknown = texts_of(root, "unknown");
        out.nested_json = texts_of(root, "nested_json");
        out.x_escapes = flag(root, "tolerate_x_escapes");
        time(root, out);
        unwraps(root, out);
        out.set_aside = condition_list(root, "set_aside");
        out.detect = condition_list(root, "detect");
        if (const yaml::Node* secrets = root.find("secrets");
            secrets && map(*secrets, "`secrets`")) {
            only(*secrets, std::array{"keep", "hash"});
            out.keep = texts_of(*secrets, "keep");
            out.hash = texts_of(*secrets, "hash");
        }
        fields(root, out);
    }

private:
    void problem(const yaml::Node& node, const std::string& what) { problem(node.mark(), what); }
    void problem(yaml::Mark mark, const std::string& what) {
        problems_.push_back(file_.name + ":" + std::to_string(mark.line) + ":" +
                            std::to_string(mark.column) + ": " + what);
    }

    static bool valid_name(std::string_view name) {
        return !name.empty() && name.size() <= 40 &&
               name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") ==
                   std::string_view::npos;
    }

    bool map(const yaml::Node& node, const std::string& what) {
        if (node.is_map()) return true;
        problem(node, what + " must be a map of `key: value` lines");
        return false;
    }

    template <std::size_t size>
    void only(const yaml::Node& node, const std::array<const char*, size>& known) {
        for (const yaml::Entry& entry : node.entries()) {
            if (std::ranges::find(known, entry.key) != known.end()) continue;
            std::string list;
            for (const char* name : known) list += (list.empty() ? "" : ", ") + std::string(name);
            problem(entry.key_mark, "unknown key `" + entry.key + "`; known here: " + list);
        }
    }

    std::string text(const yaml::Node& node, const char* key) {
        const yaml::Node* found = node.find(key);
        if (found == nullptr) return {};
        if (!found->is_scalar()) problem(*found, "`" + std::string(key) + "` must be a text");
        return found->text();
    }

    bool flag(const yaml::Node& node, const char* key) {
        const yaml::Node* found = node.find(key);
        if (found == nullptr) return false;
        if (!found->as_bool()) problem(*found, "`" + std::string(key) + "` must be true or false");
        return found->as_bool().value_or(false);
    }

    /// A text or a list of texts.
    std::vector<std::string> texts(const yaml::Node& value, const std::string& what) {
        std::vector<std::string> out;
        if (value.is_scalar()) return {value.text()};
        if (!value.is_sequence()) problem(value, what + " must be a text or a list of texts");
        for (const yaml::Node& item : value.items()) {
            if (!item.is_scalar()) problem(item, what + " must hold texts only");
            out.push_back(item.text());
        }
        return out;
    }
    std::vector<std::string> texts_of(const yaml::Node& node, const char* key) {
        const yaml::Node* found = node.find(key);
        return found == nullptr ? std::vector<std::string>{}
                                : texts(*found, "`" + std::string(key) + "`");
    }

    /// A path as the format's lines can have it.
    std::string path(const yaml::Node& node, std::string value) {
        if (value.empty()) problem(node, "a path must not be empty");
        if (access_) {
            for (std::size_t i = 0; i < column_count; ++i) {
                if (name(static_cast<Column>(i)) == value) return value;
            }
            problem(node, "`" + value +
                              "` is no column of an access line; see docs/reference/formats.md");
        }
        return value;
    }

    void log_source(const yaml::Node& root, FormatModel& out) {
        const yaml::Node* found = root.find("log_source");
        if (found == nullptr || !map(*found, "`log_source`")) return;
        only(*found, std::array{"product", "service", "category"});
        out.log_source = {text(*found, "product"), text(*found, "service"),
                          text(*found, "category")};
    }

    void lines(const yaml::Node& root, FormatModel& out) {
        const std::string value = text(root, "lines");
        if (value == "access") out.lines = FormatModel::Lines::access;
        if (value != "access" && value != "json") problem(root, "`lines` must be json or access");
        access_ = out.lines == FormatModel::Lines::access;
    }

    void spellings(const yaml::Node& root, FormatModel& out) {
        for (const std::string& value : texts_of(root, "spellings")) {
            if (value == "lower") {
                out.spellings.push_back(FormatModel::Spelling::lower);
            } else if (value == "snake") {
                out.spellings.push_back(FormatModel::Spelling::snake);
            } else if (value == "pascal") {
                out.spellings.push_back(FormatModel::Spelling::pascal);
            } else {
                problem(*root.find("spellings"), "`spellings` may hold lower, snake and pascal");
            }
        }
    }

    void time(const yaml::Node& root, FormatModel& out) {
        const yaml::Node* found = root.find("time");
        if (found == nullptr) {
            problem(root, "`time` is missing: give the paths of the event time");
            return;
        }
        if (found->is_map()) {
            only(*found, std::array{"from", "missing"});
            out.time = texts_of(*found, "from");
            const std::string missing = text(*found, "missing");
            out.time_may_miss = missing == "arrival";
            if (!missing.empty() && missing != "arrival" && missing != "reject") {
                problem(*found, "`missing` must be reject or arrival");
            }
        } else {
            out.time = texts(*found, "`time`");
        }
        if (out.time.empty()) problem(*found, "`time` needs a path");
        for (const std::string& value : out.time) path(*found, value);
    }

    Conditions conditions(const yaml::Node& node) {
        Conditions out;
        if (!map(node, "a condition")) return out;
        for (const yaml::Entry& entry : node.entries()) {
            Condition condition;
            condition.path = path(node, entry.key);
            if (entry.value.is_map()) {
                only(entry.value, std::array{"prefix"});
                condition.kind = Condition::Kind::prefix;
                condition.texts = texts_of(entry.value, "prefix");
            } else if (entry.value.is_scalar() && !entry.value.quoted() &&
                       (entry.value.text() == "present" || entry.value.text() == "absent")) {
                condition.kind = entry.value.text() == "present" ? Condition::Kind::present
                                                                 : Condition::Kind::absent;
            } else {
                condition.kind = Condition::Kind::equals;
                condition.texts = texts(entry.value, "a condition's values");
            }
            out.push_back(std::move(condition));
        }
        if (out.empty()) problem(node, "a condition must not be empty");
        return out;
    }

    std::vector<Conditions> condition_list(const yaml::Node& root, const char* key) {
        std::vector<Conditions> out;
        const yaml::Node* found = root.find(key);
        if (found == nullptr) return out;
        if (!found->is_sequence()) {
            problem(*found, "`" + std::string(key) + "` must be a list of conditions");
        }
        for (const yaml::Node& item : found->items()) out.push_back(conditions(item));
        return out;
    }

    void unwraps(const yaml::Node& root, FormatModel& out) {
        const yaml::Node* found = root.find("unwrap");
        if (found == nullptr) return;
        if (!found->is_sequence()) problem(*found, "`unwrap` must be a list");
        for (const yaml::Node& item : found->items()) {
            if (!map(item, "an envelope")) continue;
            only(item, std::array{"list", "object", "json", "base64", "when"});
            static constexpr std::array<std::pair<const char*, Unwrap::Kind>, 4> kinds = {
                {{"list", Unwrap::Kind::list},
                 {"object", Unwrap::Kind::object},
                 {"json", Unwrap::Kind::json},
                 {"base64", Unwrap::Kind::base64}}};
            std::size_t given = 0;
            Unwrap unwrap;
            for (const auto& [key, kind] : kinds) {
                if (item.find(key) == nullptr) continue;
                ++given;
                unwrap.kind = kind;
                unwrap.path = text(item, key);
            }
            if (given != 1) problem(item, "an envelope needs one of list, object, json, base64");
            if (const yaml::Node* when = item.find("when")) unwrap.when = conditions(*when);
            out.unwraps.push_back(std::move(unwrap));
        }
    }

    std::optional<Constant> constant(const yaml::Node& node) {
        if (!node.is_scalar()) {
            problem(node, "a value must be a text, an integer, true or false");
            return {};
        }
        if (const auto value = node.as_bool()) return *value;
        if (const auto value = node.as_int()) return *value;
        return node.text();
    }

    std::optional<Step> word_step(const yaml::Node& node) {
        static constexpr std::array<std::pair<std::string_view, Step::Kind>, 10> words = {
            {{"lower", Step::Kind::lower},
             {"upper", Step::Kind::upper},
             {"address", Step::Kind::address},
             {"not_address", Step::Kind::not_address},
             {"addresses", Step::Kind::addresses},
             {"port", Step::Kind::port},
             {"first", Step::Kind::first},
             {"last_segment", Step::Kind::last_segment},
             {"percent_decode", Step::Kind::percent_decode},
             {"http_outcome", Step::Kind::http_outcome}}};
        for (const auto& [word, kind] : words) {
            if (word == node.text())
                return Step{.kind = kind, .text = {}, .factor = 1, .table = {}};
        }
        problem(node, "unknown step `" + node.text() + "`; see docs/reference/formats.md");
        return {};
    }

    std::optional<Step> step(const yaml::Node& node) {
        if (node.is_scalar()) return word_step(node);
        if (!node.is_map() || node.entries().size() != 1) {
            problem(node, "a step is a word or one `word: argument`");
            return {};
        }
        const yaml::Entry& entry = node.entries().front();
        Step out;
        if (entry.key == "map" || entry.key == "prefixes") {
            out.kind = entry.key == "map" ? Step::Kind::map : Step::Kind::prefixes;
            for (const yaml::Entry& row : entry.value.entries()) {
                if (auto value = constant(row.value)) out.table.emplace(row.key, std::move(*value));
            }
            if (out.table.empty()) problem(node, "`" + entry.key + "` needs a map of values");
            return out;
        }
        if (entry.key == "times") {
            out.kind = Step::Kind::times;
            const auto factor = entry.value.as_double();
            if (!factor || *factor <= 0) problem(node, "`times` needs a number above 0");
            out.factor = factor.value_or(1);
            return out;
        }
        static constexpr std::array<std::pair<std::string_view, Step::Kind>, 3> with_text = {
            {{"after", Step::Kind::after},
             {"before", Step::Kind::before},
             {"starts", Step::Kind::starts}}};
        for (const auto& [word, kind] : with_text) {
            if (word != entry.key) continue;
            out.kind = kind;
            out.text = entry.value.text();
            if (out.text.empty()) problem(node, "`" + entry.key + "` needs a text");
            return out;
        }
        problem(node, "unknown step `" + entry.key + "`; see docs/reference/formats.md");
        return {};
    }

    std::optional<Alternative> alternative(const yaml::Node& node) {
        Alternative out;
        if (node.is_scalar()) {
            out.from = {path(node, node.text())};
            return out;
        }
        if (!map(node, "an alternative")) return {};
        only(node, std::array{"from", "join", "with", "value", "as", "when"});
        const std::size_t sources = (node.find("from") ? 1u : 0u) + (node.find("join") ? 1u : 0u) +
                                    (node.find("value") ? 1u : 0u);
        if (sources != 1) problem(node, "an alternative needs one of from, join, value");
        if (node.find("from")) out.from = {path(node, text(node, "from"))};
        if (node.find("join")) out.from = texts_of(node, "join");
        for (const std::string& value : out.from) path(node, value);
        out.with = text(node, "with");
        if (const yaml::Node* value = node.find("value")) out.constant = constant(*value);
        if (const yaml::Node* as = node.find("as")) {
            if (as->is_sequence()) {
                for (const yaml::Node& item : as->items()) {
                    if (auto made = step(item)) out.steps.push_back(std::move(*made));
                }
            } else if (auto made = step(*as)) {
                out.steps.push_back(std::move(*made));
            }
        }
        if (const yaml::Node* when = node.find("when")) out.when = conditions(*when);
        return out;
    }

    void fields(const yaml::Node& root, FormatModel& out) {
        const yaml::Node* found = root.find("fields");
        if (found == nullptr || !map(*found, "`fields`")) return;
        for (const yaml::Entry& entry : found->entries()) {
            const auto field = call::field_of(entry.key);
            if (!field || *field >= call::first_fact) {
                problem(entry.key_mark, "`" + entry.key +
                                            "` is no field that a record can fill; see "
                                            "docs/reference/fields.md");
                continue;
            }
            Mapping mapping{.field = *field, .alternatives = {}};
            if (entry.value.is_sequence()) {
                for (const yaml::Node& item : entry.value.items()) {
                    if (auto made = alternative(item))
                        mapping.alternatives.push_back(std::move(*made));
                }
            } else if (auto made = alternative(entry.value)) {
                mapping.alternatives.push_back(std::move(*made));
            }
            out.mappings.push_back(std::move(mapping));
        }
    }

    const FormatFile& file_;
    Problems& problems_;
    bool access_ = false;
};

}  // namespace

std::expected<std::unique_ptr<FormatModel>, Problems> read_format(const FormatFile& file) {
    Problems problems;
    const auto documents = yaml::parse(file.text, yaml::Limits{});
    if (!documents) {
        const auto& mark = documents.error().mark;
        return std::unexpected(Problems{file.name + ":" + std::to_string(mark.line) + ":" +
                                        std::to_string(mark.column) + ": " +
                                        documents.error().what});
    }
    if (documents->empty()) return std::unexpected(Problems{file.name + ":1:1: the file is empty"});
    auto out = std::make_unique<FormatModel>();
    Reader(file, problems).read(documents->front(), *out);
    if (!problems.empty()) return std::unexpected(std::move(problems));
    return out;
}

}  // namespace decode
