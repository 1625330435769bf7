#include "store/enqueue.hpp"

#include "base/assert.hpp"
#include "base/digest.hpp"

#include <algorithm>
#include <array>

namespace store {
namespace {

constexpr const char* load_enabled =
    "SELECT id, name, url, format, events, min_level, policies, tenants, full_payload, "
    "allow_insecure"
    " FROM callerprint.endpoints WHERE enabled ORDER BY id";
constexpr const char* add_delivery =
    "INSERT INTO callerprint.outbox (id, endpoint_id, alert_id, event, transition, content_type, "
    "body,"
    " next_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, callerprint.at($8), "
    "callerprint.at($8))"
    " ON CONFLICT (id) DO NOTHING";

constexpr std::array<std::string_view, 5> levels{"informational", "low", "medium", "high",
                                                 "critical"};

std::size_t rank(std::string_view level) {
    const auto at = std::find(levels.begin(), levels.end(), level);
    return at == levels.end() ? 2 : static_cast<std::size_t>(at - levels.begin());
}

bool in(const std::vector<std::string>& list, std::string_view value) {
    return std::find(list.begin(), list.end(), value) != list.end();
}

}  // namespace

std::vector<Endpoint> enabled_endpoints(pqxx::transaction_base& tx) {
    std::vector<Endpoint> out;
    for (const auto& row : run(tx, load_enabled)) {
        Endpoint endpoint;
        endpoint.id = row[0].as<std::string>();
        endpoint.name = row[1].as<std::string>();
        endpoint.url = row[2].as<std::string>();
        endpoint.format = row[3].as<std::string>();
        endpoint.events = elements(row[4]);
        endpoint.min_level = row[5].as<std::string>();
        endpoint.policies = elements(row[6]);
        endpoint.tenants = elements(row[7]);
        endpoint.full_payload = row[8].as<bool>();
        endpoint.allow_insecure = row[9].as<bool>();
        out.push_back(std::move(endpoint));
    }
    return out;
}

bool wants(const Endpoint& endpoint, const Transition& transition) {
    const auto& alert = transition.alert;
    if (!in(endpoint.events, transition.event)) return false;
    if (!endpoint.min_level.empty() && rank(alert.level) < rank(endpoint.min_level)) return false;
    if (!endpoint.tenants.empty() && !in(endpoint.tenants, alert.tenant)) return false;
    return endpoint.policies.empty() || in(endpoint.policies, alert.policy_key) ||
           in(endpoint.policies, alert.policy_id) || in(endpoint.policies, alert.policy_name);
}

std::size_t enqueue(pqxx::transaction_base& tx, const Renderer& render,
                    const std::vector<Endpoint>& endpoints, const Transition& transition) {
    std::size_t added = 0;
    for (const auto& endpoint : endpoints) {
        if (!wants(endpoint, transition)) continue;
        const auto id = delivery_id(transition.alert.id, transition.name, endpoint.id);
        BASE_ASSERT(render != nullptr);
        const auto body = render(endpoint, transition, id);
        added += run(tx, add_delivery,
                     Params()
                         .text(id)
                         .text(endpoint.id)
                         .text(transition.alert.id)
                         .text(transition.event)
                         .text(transition.name)
                         .text(body.content_type)
                         .bytes(body.bytes)
                         .time(transition.at))
                     .affected_rows();
    }
    return added;
}

std::string delivery_id(std::string_view alert_id, std::string_view transition,
                        std::string_view endpoint_id) {
    const auto digest =
        base::sha256(base::LengthPrefixed().add(alert_id).add(transition).add(endpoint_id).text());
    return "msg_" + base::base32(digest);
}

}  // namespace store
