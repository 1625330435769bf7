#include "policy/status_edit.hpp"

#include "yaml/parse.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace policy {
namespace {

constexpr std::array statuses{std::string_view("stable"), std::string_view("test"),
                              std::string_view("experimental"), std::string_view("deprecated"),
                              std::string_view("unsupported")};

/// Offset of a place; the parser's columns count bytes.
std::size_t offset_of(std::string_view text, yaml::Mark mark) {
    std::size_t at = 0;
    for (unsigned line = 1; line < mark.line; ++line) {
        const auto end = text.find('\n', at);
        if (end == std::string_view::npos) return text.size();
        at = end + 1;
    }
    return std::min(at + mark.column - 1, text.size());
}

/// The map of a policy among the documents of its file.
std::optional<yaml::Node> document_of(const File& file, unsigned line) {
    constexpr yaml::Limits limits{
        .bytes = most_file_bytes, .nodes = 50'000, .many_documents = true, .aliases = true};
    const auto nodes = yaml::parse(file.text, limits);
    if (!nodes) return {};
    for (const auto& root : *nodes) {
        if (root.is_map() && !root.entries().empty() &&
            root.entries().front().key_mark.line == line)
            return root;
    }
    return {};
}

std::string line_end(std::string_view text, std::size_t before) {
    return before >= 2 && text.substr(before - 2, 2) == "\r\n" ? "\r\n" : "\n";
}

}  // namespace

std::expected<std::string, Problem> with_status(const File& file, const Policy& policy,
                                                std::string_view status) {
    const auto refuse = [&](yaml::Mark mark, std::string what) {
        return std::unexpected(
            Problem{file.name, mark.line, mark.column, false,
                    std::move(what) + ": write `status: " + std::string(status) + "` by hand"});
    };
    const auto root = document_of(file, policy.line);
    if (!root) return refuse({policy.line, 1}, "the policy is not where it was loaded from");
    std::string text = file.text;
    if (const auto* value = root->find("status")) {
        const auto at = offset_of(text, value->mark());
        // Quotes stay: only the word within is replaced.
        const auto word = at + (at < text.size() && (text[at] == '"' || text[at] == '\'') ? 1 : 0);
        const auto written = std::string_view(text).substr(std::min(word, text.size()));
        if (std::ranges::find(statuses, value->text()) == statuses.end() ||
            !written.starts_with(value->text()))
            return refuse(value->mark(), "this status cannot be replaced in its place");
        text.replace(word, value->text().size(), status);
    } else {
        const auto entries = root->entries();
        if (entries.size() < 2 || entries[0].key_mark.column != 1 ||
            entries[1].key_mark.column != 1 || entries[1].key_mark.line <= entries[0].key_mark.line)
            return refuse(root->mark(), "there is no status here and no line to put it on");
        const auto at = offset_of(text, {entries[1].key_mark.line, 1});
        text.insert(at, "status: " + std::string(status) + line_end(text, at));
    }
    // Read again: nothing is believed that the parser does not see.
    const auto edited = document_of({file.name, text}, policy.line);
    const auto* now = edited ? edited->find("status") : nullptr;
    if (!now || now->text() != status || edited->entries().size() < root->entries().size())
        return refuse(root->mark(), "the status cannot be changed in its place");
    return text;
}

}  // namespace policy
