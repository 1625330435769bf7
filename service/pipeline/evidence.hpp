#pragma once

#include "alert/alert.hpp"
#include "alert/explain.hpp"
#include "journal/journal.hpp"
#include "pipeline/preparer.hpp"
#include "store/effects.hpp"

#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace pipeline {

/// Reads the records behind alerts back from the journal, with their digests and with what the
/// policy's rules make of them. Remembers the blocks it read, so make one for each batch.
class EvidenceReader {
public:
    /// Both are borrowed. The preparer's last batch is lost.
    EvidenceReader(const journal::Journal& journal, Preparer& preparer)
        : journal_(journal), preparer_(preparer) {}

    /// Attaches the change's sample to its evidence, and appends a row for each record. A record
    /// that was trimmed meanwhile is left out: the alert still names its place. So are the
    /// conditions of a policy that was replaced meanwhile, and of a rule that no longer holds under
    /// facts that were.
    void attach(alert::Change& change, std::vector<store::Evidence>& rows);

private:
    struct Found {
        correlate::RecordRef ref;
        const journal::Block* block;
        std::string_view line;
    };
    const journal::Block* block(journal::Lsn lsn);
    std::vector<alert::Reason> reasons(const alert::Alert& alert, std::span<const Found> records);
    void explain(policy::PolicyIndex policy, bool late, const Found& record,
                 std::vector<alert::Reason>& out);

    const journal::Journal& journal_;
    Preparer& preparer_;
    std::vector<decode::Reject> rejects_;
    std::map<journal::Lsn, std::optional<journal::Block>> blocks_;
};

}  // namespace pipeline
