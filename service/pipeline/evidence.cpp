#include "pipeline/evidence.hpp"

#include "base/digest.hpp"

#include <algorithm>
#include <ranges>
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

/// Calls `use` for each rule of the tree.
template <class Use>
void each_rule(correlate::Explained& explained, const Use& use) {
    if (explained.rules.empty()) return use(explained);
    for (auto& rule : explained.rules) each_rule(rule, use);
}

}  // namespace

const journal::Block* EvidenceReader::block(journal::Lsn lsn) {
    if (const auto found = blocks_.find(lsn); found != blocks_.end()) {
        return found->second ? &*found->second : nullptr;
    }
    auto read = journal_.at(lsn);
    auto& kept = blocks_[lsn];
    if (read) kept = std::move(*read);
    return kept ? &*kept : nullptr;
}

void EvidenceReader::explain(policy::PolicyIndex policy, bool late, const Found& record,
                             std::vector<alert::Reason>& out) {
    const Reference& reference = preparer_.reference();
    const auto* format = reference.formats->find(record.block->format);
    if (!format) return;
    const auto& batch =
        preparer_.prepare(*format, record.line, 0, record.block->received, rejects_);
    if (batch.size() != 1) return;
    preparer_.tell(0, record.block->source, late);
    const auto& source = format->log_source();
    const auto key = std::string(batch[0].get(call::Field::key_uid).text_or_empty());
    auto explained = correlate::explain(*reference.policies, policy, batch[0],
                                        {source.product, source.service, source.category});
    each_rule(explained, [&](correlate::Explained& rule) {
        const bool known = std::ranges::find(out, rule.policy, &alert::Reason::rule) != out.end();
        if (rule.matched && !known)
            out.push_back({rule.policy, record.ref, std::move(rule.rule), key});
    });
}

/// Of each rule once, from the newest record that it holds on.
std::vector<alert::Reason> EvidenceReader::reasons(const alert::Alert& alert,
                                                   std::span<const Found> records) {
    std::vector<alert::Reason> out;
    const auto policies = preparer_.reference().policies->policies();
    const auto policy = std::ranges::find_if(policies, [&](const policy::Policy& each) {
        return each.digest == alert.policy_digest && each.key() == alert.policy_key;
    });
    if (policy == policies.end()) return out;
    const bool late = alert.evidence.contains("late");
    for (const Found& record : records | std::views::reverse)
        explain(static_cast<policy::PolicyIndex>(policy - policies.begin()), late, record, out);
    return out;
}

void EvidenceReader::attach(alert::Change& change, std::vector<store::Evidence>& rows) {
    if (change.kind != alert::Change::Kind::opened) return;  // evidence is that of the opening
    if (blocks_.size() >= kept_blocks) blocks_.clear();
    std::vector<alert::EvidenceRecord> records;
    std::vector<Found> found;
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
        found.push_back({ref, from, *line});
    }
    alert::attach(change, records);
    alert::attach(change, *preparer_.reference().policies, reasons(change.alert, found));
}

}  // namespace pipeline
