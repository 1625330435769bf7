#include "policy/header.hpp"

#include "policy/date.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace policy {
namespace {

constexpr std::string_view known_keys[] = {
    "title",       "id",          "name",        "related",    "taxonomy",
    "status",      "author",      "license",     "references", "date",
    "description", "modified",    "logsource",   "detection",  "falsepositives",
    "level",       "correlation", "fields",      "filter",     "generate",
    "tags",        "scope",       "callerprint", "tests",      "sigma-version"};
constexpr std::string_view statuses[] = {"stable", "test", "experimental", "deprecated",
                                         "unsupported"};
constexpr std::string_view levels[] = {"informational", "low", "medium", "high", "critical"};
constexpr std::size_t most_title_characters = 256;

bool is_uuid(std::string_view text) {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        const char c = text[i];
        const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (dash ? c != '-' : !hex) return false;
    }
    return true;
}

bool is_tag(std::string_view text) {
    const auto dot = text.find('.');
    if (dot == std::string_view::npos || dot == 0 || dot + 1 == text.size()) return false;
    return std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
    });
}

std::string text_of(const yaml::Node& root, std::string_view key, Report& report) {
    const yaml::Node* node = root.find(key);
    if (node == nullptr || node->is_null()) return "";
    if (node->is_scalar()) return node->text();
    report.warn(node->mark(), "'" + std::string(key) + "' should be text; it is ignored");
    return "";
}

std::string choice_of(const yaml::Node& root, std::string_view key,
                      std::span<const std::string_view> choices, Report& report) {
    std::string text = text_of(root, key, report);
    if (text.empty() || std::ranges::find(choices, text) != choices.end()) return text;
    report.warn(root.find(key)->mark(), "'" + std::string(key) + "' is one of " + one_of(choices) +
                                            "; " + quoted(text) + " is ignored" +
                                            did_you_mean(text, choices));
    return "";
}

std::string read_title(const yaml::Node& root, Report& report) {
    const yaml::Node* node = root.find("title");
    if (node == nullptr || !node->is_scalar() || node->text().empty()) {
        report.error(node == nullptr ? root.mark() : node->mark(),
                     "'title' is missing: say in a few words what the policy finds");
        return "";
    }
    const std::string text = node->text();
    const auto characters =
        std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; });  // not a later byte
    if (static_cast<std::size_t>(characters) > most_title_characters)
        report.warn(node->mark(), "the title is longer than 256 characters");
    return text;
}

void check_keys(const yaml::Node& root, Report& report) {
    for (const yaml::Entry& entry : root.entries()) {
        if (std::ranges::find(known_keys, entry.key) != std::end(known_keys)) continue;
        const std::string meant = did_you_mean(entry.key, known_keys);
        if (!meant.empty()) report.warn(entry.key_mark, "unknown key " + quoted(entry.key) + meant);
    }
    const yaml::Node* version = root.find("sigma-version");
    if (version != nullptr && version->as_int() != 2)
        report.error(version->mark(), "only sigma-version 2 is supported: remove the key");
}

void check_details(const yaml::Node& root, const Policy& policy, Report& report) {
    if (!policy.id.empty() && !is_uuid(policy.id))
        report.warn(root.find("id")->mark(), "the id is no UUID: make one with uuidgen");
    for (const std::string& tag : policy.tags)
        if (!is_tag(tag))
            report.warn(root.find("tags")->mark(),
                        "the tag " + quoted(tag) + " is not of the form namespace.value");
    for (const std::string_view key : {"date", "modified"}) {
        const yaml::Node* node = root.find(key);
        if (node == nullptr || !node->is_scalar()) continue;
        std::string text = node->text();
        std::ranges::replace(text, '/', '-');
        if (text.size() != 10 || !parse_time(text))
            report.warn(node->mark(), "'" + std::string(key) + "' is written YYYY-MM-DD");
    }
}

}  // namespace

std::vector<std::string> read_texts(const yaml::Node& node, std::string_view key, bool strict,
                                    Report& report) {
    std::vector<std::string> out;
    if (node.is_scalar()) return {node.text()};
    bool good = node.is_sequence() || node.is_null();
    for (const yaml::Node& item : node.items()) {
        if (item.is_scalar())
            out.push_back(item.text());
        else
            good = false;
    }
    if (good) return out;
    const std::string what = "'" + std::string(key) + "' is a list of texts";
    if (strict)
        report.error(node.mark(), what);
    else
        report.warn(node.mark(), what);
    return out;
}

LogSource read_log_source(const yaml::Node& root, Report& report) {
    LogSource out;
    const yaml::Node* node = root.find("logsource");
    if (node == nullptr || !node->is_map()) {
        report.error(node == nullptr ? root.mark() : node->mark(),
                     "'logsource' is missing: say which records are meant by product, service or "
                     "category, such as 'category: api_call'");
        return out;
    }
    constexpr std::string_view keys[] = {"product", "service", "category", "definition"};
    for (const yaml::Entry& entry : node->entries()) {
        if (std::ranges::find(keys, entry.key) != std::end(keys)) continue;
        if (const std::string meant = did_you_mean(entry.key, keys); !meant.empty())
            report.warn(entry.key_mark, "unknown key " + quoted(entry.key) + meant);
    }
    const auto read = [&](std::string_view key, std::string& to) {
        const yaml::Node* value = node->find(key);
        if (value == nullptr || value->is_null()) return;
        if (value->is_scalar())
            to = value->text();
        else
            report.error(value->mark(), "'" + std::string(key) + "' must be text");
    };
    read("product", out.product);
    read("service", out.service);
    read("category", out.category);
    if (out == LogSource{})
        report.error(node->mark(), "'logsource' needs at least one of product, service, category");
    return out;
}

Policy read_header(const Document& document, Report& report) {
    const yaml::Node& root = document.root;
    Policy out;
    out.kind = document.kind == Document::Kind::correlation ? Policy::Kind::correlation
                                                            : Policy::Kind::rule;
    out.title = read_title(root, report);
    out.id = text_of(root, "id", report);
    out.name = text_of(root, "name", report);
    out.status = choice_of(root, "status", statuses, report);
    out.level = choice_of(root, "level", levels, report);
    out.author = text_of(root, "author", report);
    out.description = text_of(root, "description", report);
    out.license = text_of(root, "license", report);
    const auto list = [&](std::string_view key, std::vector<std::string>& to) {
        if (const yaml::Node* node = root.find(key)) to = read_texts(*node, key, false, report);
    };
    list("tags", out.tags);
    list("references", out.references);
    list("falsepositives", out.falsepositives);
    list("fields", out.fields);
    check_keys(root, report);
    check_details(root, out, report);
    if (document.kind != Document::Kind::correlation)
        out.log_source = read_log_source(root, report);
    if (const yaml::Node* block = root.find("callerprint"))
        out.callerprint = read_callerprint(*block, report);
    if (const yaml::Node* block = root.find("tests")) out.tests = read_tests(*block, report);
    out.digest = document.digest;
    out.file = report.file();
    out.line = root.entries().empty() ? root.mark().line : root.entries().front().key_mark.line;
    return out;
}

}  // namespace policy
