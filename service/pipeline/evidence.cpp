#include "pipeline/evidence.hpp"

#include "base/digest.hpp"

#include <string_view>

namespace pipeline {
namespace {

constexpr std::size_t kept_bytes = 16 * 1024;  // of one record; its digest is of the whole
constexpr std::size_t kept_blocks = 64;        // of about 128 KB each

/// Line `index` of the lines, or nothing.
std::optional<std::string_view> line_of(std::string_view lines, std::uint32_t index) {
    for (; index > 0; --index) {
        const auto end = lines.find('\n');
        if (end == std::string_view::npos) return {};
        lines.remove_prefix(end + 1);
    }
    if (lines.empty()) return {};
    return lines.substr(0, lines.find('\n'));
}

}  // namespace

const journal::Block* EvidenceReader::block(journal::Lsn lsn) {
    if (const auto found = blocks_.find(lsn); found != blocks_.end()) {
        return found->second ? &*found->second : nullptr;
    }
    if (blocks_.size() >= kept_blocks) blocks_.clear();
    auto read = journal_.at(lsn);
    auto& kept = blocks_[lsn];
    if (read) kept = std::move(*read);
    return kept ? &*kept : nullptr;
}

void EvidenceReader::attach(alert::Change& change, std::vector<store::Evidence>& rows) {
    if (change.kind != alert::Change::Kind::opened) return;  // evidence is that of the opening
    std::vector<alert::EvidenceRecord> records;
    for (const auto& ref : change.sample) {
        const auto* from = block(ref.block);
        const auto line = from ? line_of(from->lines, ref.record) : std::nullopt;
        if (!line) continue;
        const auto sha256 = base::hex(base::sha256(*line));
        rows.push_back({.alert_id = change.alert.id,
                        .source = from->source,
                        .block = ref.block,
                        .record = ref.record,
                        .time = {},
                        .sha256 = sha256,
                        .raw = std::string(line->substr(0, kept_bytes))});
        records.push_back({ref, sha256});
    }
    alert::attach(change, records);
}

}  // namespace pipeline
