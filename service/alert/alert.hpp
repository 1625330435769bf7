#pragma once

#include "base/time.hpp"
#include "correlate/firing.hpp"
#include "policy/policy.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What a person is told: identity, grouping, evidence, life cycle. Its fields and states are in
/// docs/reference/alerts.md.
namespace alert {

/// Who an alert is about.
struct Subject {
    std::string kind;   ///< key, tenant, origin, operator, custom, or "group" when no field says.
    std::string value;  ///< Its id; for "group" all group values; "" when the field was absent.
    auto operator<=>(const Subject&) const = default;
};

/// One alert as it stands after a change. Only last_seen, count and what triage adds ever change.
struct Alert {
    std::string id;  ///< 26 characters, base32; a pure function of what a replay sees again.
    std::string policy_key;  ///< Policy::key(): id, else name, else title.
    std::string policy_id;
    std::string policy_name;
    std::string policy_title;
    std::string policy_digest;  ///< The content that fired; not part of the id.
    std::string level;          ///< informational, low, medium, high, critical; medium by default.
    std::string status;         ///< The policy's.
    std::string family;
    std::string clause;
    bool shadow = true;  ///< Recorded, nobody told: status test, experimental, deprecated ...
    std::string tenant;  ///< The group's tenant, if it names one.
    Subject subject;
    boost::json::object group;     ///< Name to text; null for absent.
    base::EventTime opened;        ///< Event time of the firing that opened it.
    base::EventTime last_seen;     ///< Event time of the newest match known to belong to it.
    std::uint64_t count = 0;       ///< Firings, and matches told by repeats, within the quiet time.
    std::string summary;           ///< One sentence with the numbers compared. Plain text.
    boost::json::object evidence;  ///< docs/reference/alerts.md, section Evidence.
    std::vector<std::string> benign;  ///< Other explanations the policy names.
};

/// What became of an alert, for the store.
struct Change {
    enum class Kind : std::uint8_t {
        opened,   ///< New: tell, unless it is shadow.
        updated,  ///< Same alert, newer last_seen and count: write these, tell nobody. Its group,
                  ///< summary, evidence and benign are empty: those of the opening stand.
    };
    Kind kind = Kind::opened;
    Alert alert;
    std::vector<correlate::RecordRef> sample;  ///< Records to attach, oldest first, at most 5.
};

/// "opened", "updated".
[[nodiscard]] std::string_view name(Change::Kind kind) noexcept;

/// A record behind an alert, as `pipeline` read it back from the journal. Its bytes stand apart
/// (store::Evidence): a webhook takes the alert's evidence, and never a raw request.
struct EvidenceRecord {
    correlate::RecordRef ref;
    std::string sha256;  ///< Of the record's bytes as journalled, hexadecimal.
};

/// Puts the records into the change's evidence, under "records".
void attach(Change& change, std::span<const EvidenceRecord> records);

/// The alert as the API, webhooks and `alerts show` give it.
[[nodiscard]] boost::json::object to_json(const Alert& alert);

/// {name: text or null} of a group key.
[[nodiscard]] boost::json::object to_json(std::span<const correlate::GroupValue> group);

}  // namespace alert
