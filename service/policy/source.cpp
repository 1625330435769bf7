#include "policy/source.hpp"

#include "base/digest.hpp"
#include "yaml/parse.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace policy {
namespace {

struct Piece {
    unsigned line;  // of its first line
    std::string_view text;
};

/// Cuts at the lines that start a document: `---` at a line's start is one wherever it stands.
std::vector<Piece> cut(std::string_view text) {
    std::vector<Piece> pieces{{1, text}};
    std::size_t start = 0;
    unsigned line = 1;
    for (std::size_t at = 0; at < text.size(); ++line) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        if (text.substr(at, end - at).starts_with("---") && at != 0) {
            pieces.back().text = text.substr(start, at - start);
            pieces.push_back({line, text.substr(at)});
            start = at;
        }
        at = end + 1;
    }
    return pieces;
}

const Piece& piece_at(const std::vector<Piece>& pieces, unsigned line) {
    const auto after = std::ranges::upper_bound(pieces, line, {}, &Piece::line);
    return after == pieces.begin() ? pieces.front() : *std::prev(after);
}

Document::Kind kind_of(const yaml::Node& root) {
    if (root.find("correlation") != nullptr) return Document::Kind::correlation;
    return root.find("filter") != nullptr ? Document::Kind::filter : Document::Kind::rule;
}

}  // namespace

std::string_view document_text(std::string_view text, unsigned line) {
    const auto pieces = cut(text);
    return piece_at(pieces, line).text;
}

std::vector<Document> read_source(const File& file, Report& report) {
    const auto nodes = yaml::parse(file.text, source_limits);
    if (!nodes) {
        report.error(nodes.error().mark, nodes.error().what);
        return {};
    }
    const auto pieces = cut(file.text);
    std::vector<Document> documents;
    bool empty = true;
    for (const yaml::Node& root : *nodes) {
        if (root.is_null()) continue;
        empty = false;
        if (!root.is_map()) {
            report.error(root.mark(), "a policy is a map of keys such as title and detection");
        } else if (const yaml::Node* action = root.find("action")) {
            report.error(action->mark(),
                         "collections with 'action' are not supported: write each "
                         "rule out as a document of its own");
        } else {
            const unsigned line =
                root.entries().empty() ? root.mark().line : root.entries().front().key_mark.line;
            documents.push_back(
                {kind_of(root), root, base::hex(base::sha256(piece_at(pieces, line).text))});
        }
    }
    if (empty) report.error({1, 1}, "there is no policy in this file: write one, or remove it");
    return documents;
}

}  // namespace policy
