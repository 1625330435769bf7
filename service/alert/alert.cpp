#include "alert/alert.hpp"

#include <boost/json/array.hpp>

namespace alert {
namespace json = boost::json;

std::string_view name(Change::Kind kind) noexcept {
    return kind == Change::Kind::opened ? "opened" : "updated";
}

json::object to_json(std::span<const correlate::GroupValue> group) {
    json::object out;
    for (const auto& part : group) {
        out[part.name] = part.value ? json::value(*part.value) : json::value(nullptr);
    }
    return out;
}

void attach(Change& change, std::span<const EvidenceRecord> records) {
    json::array list;
    for (const EvidenceRecord& record : records) {
        list.push_back({{"block", record.ref.block},
                        {"record", record.ref.record},
                        {"sha256", record.sha256}});
    }
    change.alert.evidence["records"] = std::move(list);
}

json::object to_json(const Alert& alert) {
    json::array benign;
    for (const auto& explanation : alert.benign) benign.emplace_back(explanation);
    return {
        {"id", alert.id},
        {"policy",
         {{"key", alert.policy_key},
          {"id", alert.policy_id},
          {"name", alert.policy_name},
          {"title", alert.policy_title},
          {"digest", alert.policy_digest},
          {"level", alert.level},
          {"status", alert.status},
          {"family", alert.family},
          {"clause", alert.clause}}},
        {"shadow", alert.shadow},
        {"tenant", alert.tenant.empty() ? json::value(nullptr) : json::value(alert.tenant)},
        {"subject", {{"kind", alert.subject.kind}, {"value", alert.subject.value}}},
        {"group", alert.group},
        {"opened", base::to_rfc3339(alert.opened)},
        {"last_seen", base::to_rfc3339(alert.last_seen)},
        {"count", alert.count},
        {"summary", alert.summary},
        {"evidence", alert.evidence},
        {"benign", std::move(benign)},
    };
}

}  // namespace alert
