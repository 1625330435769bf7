#include "store/endpoints.hpp"

#include "base/digest.hpp"
#include "store/audit_entry.hpp"
#include "store/connection.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace store {
namespace {

using base::Fault;

constexpr const char* add_endpoint =
    "INSERT INTO callerprint.endpoints (id, name, url, format, events, min_level, policies, "
    "tenants,"
    " full_payload, allow_insecure, secret, enabled)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
constexpr std::string_view endpoint_columns =
    "SELECT id, name, url, format, events, min_level, policies, tenants, full_payload, "
    "allow_insecure,"
    " secret, previous_secret, callerprint.micros(previous_until), enabled, disabled_reason,"
    " callerprint.micros(created_at) FROM callerprint.endpoints ";
constexpr const char* enable_endpoint =
    "UPDATE callerprint.endpoints SET enabled = true, disabled_reason = '' WHERE id = $1";
constexpr const char* disable_endpoint =
    "UPDATE callerprint.endpoints SET enabled = false, disabled_reason = $2 WHERE id = $1";
constexpr const char* rotate_secret =
    "UPDATE callerprint.endpoints SET previous_secret = secret, secret = $2,"
    " previous_until = callerprint.at($3) WHERE id = $1";
constexpr const char* remove_endpoint = "DELETE FROM callerprint.endpoints WHERE id = $1";
constexpr const char* bury_deliveries =
    "UPDATE callerprint.outbox SET state = 'dead', finished_at = now(), lease_until = NULL,"
    " error = 'the endpoint was removed' WHERE endpoint_id = $1 AND state = 'ready'";

constexpr std::array<std::string_view, 4> known_events{"alert.opened", "alert.updated",
                                                       "alert.closed", "alert.reopened"};
constexpr std::array<std::string_view, 6> known_levels{"",       "informational", "low",
                                                       "medium", "high",          "critical"};

base::Error no_such(std::string_view id) {
    return {Fault::not_found, "there is no endpoint " + std::string(id.substr(0, 60))};
}

std::string new_id() {
    std::array<std::uint8_t, 10> random{};
    base::random_bytes(random);
    return "ep_" + base::base32(random);
}

base::Result<void> check(const Endpoint& endpoint) {
    if (endpoint.name.empty() || endpoint.name.size() > 100) {
        return base::fail(Fault::invalid, "an endpoint's name has 1 to 100 bytes");
    }
    if (endpoint.url.empty() || endpoint.url.size() > 2'048) {
        return base::fail(Fault::invalid, "an endpoint's url has 1 to 2048 bytes");
    }
    for (const auto& event : endpoint.events) {
        if (std::find(known_events.begin(), known_events.end(), event) == known_events.end()) {
            return base::fail(
                Fault::invalid,
                "unknown event: write alert.opened, alert.updated, alert.closed or alert.reopened");
        }
    }
    if (endpoint.events.empty()) return base::fail(Fault::invalid, "an endpoint needs an event");
    if (std::find(known_levels.begin(), known_levels.end(), endpoint.min_level) ==
        known_levels.end()) {
        return base::fail(Fault::invalid,
                          "unknown level: write informational, low, medium, high or critical");
    }
    return {};
}

base::Result<Endpoint> endpoint_of(const pqxx::row& row, const Sealer& sealer) {
    Endpoint out;
    out.id = row[0].as<std::string>();
    out.name = row[1].as<std::string>();
    out.url = row[2].as<std::string>();
    out.format = row[3].as<std::string>();
    out.events = elements(row[4]);
    out.min_level = row[5].as<std::string>();
    out.policies = elements(row[6]);
    out.tenants = elements(row[7]);
    out.full_payload = row[8].as<bool>();
    out.allow_insecure = row[9].as<bool>();
    auto secret = sealer.open(bytes_of(row[10]), out.id);
    if (!secret) return std::unexpected(secret.error());
    out.secret = std::move(*secret);
    if (!row[11].is_null()) {
        auto previous = sealer.open(bytes_of(row[11]), out.id);
        if (!previous) return std::unexpected(previous.error());
        out.previous_secret = std::move(*previous);
    }
    out.previous_until = maybe_wall_time(row[12]);
    out.enabled = row[13].as<bool>();
    out.disabled_reason = row[14].as<std::string>();
    out.created = wall_time_of(row[15]);
    return out;
}

/// Changes one endpoint and writes the audit.
base::Result<void> change(Session& session, const char* statement, const Params& params,
                          std::string_view id, std::string_view actor, std::string_view action) {
    return session.connection().transaction("changing an endpoint",
                                            [&](pqxx::work& tx) -> base::Result<void> {
                                                if (run(tx, statement, params).affected_rows() == 0)
                                                    return std::unexpected(no_such(id));
                                                audit(session, tx, actor, action, id);
                                                return {};
                                            });
}

}  // namespace

base::Result<Endpoint> Endpoints::add(Endpoint endpoint, std::string_view actor) {
    if (auto fine = check(endpoint); !fine) return std::unexpected(fine.error());
    if (endpoint.id.empty()) endpoint.id = new_id();
    auto added = session_.connection().transaction(
        "adding an endpoint", [&](pqxx::work& tx) -> base::Result<void> {
            run(tx, add_endpoint,
                Params()
                    .text(endpoint.id)
                    .text(endpoint.name)
                    .text(endpoint.url)
                    .text(endpoint.format)
                    .texts(endpoint.events)
                    .text(endpoint.min_level)
                    .texts(endpoint.policies)
                    .texts(endpoint.tenants)
                    .boolean(endpoint.full_payload)
                    .boolean(endpoint.allow_insecure)
                    .bytes(sealer_.seal(endpoint.secret, endpoint.id))
                    .boolean(endpoint.enabled));
            audit(session_, tx, actor, "endpoint.add", endpoint.id);
            return {};
        });
    if (!added && added.error().fault == Fault::conflict) {
        return base::fail(Fault::conflict, "there is an endpoint of that id or name");
    }
    if (!added) return std::unexpected(added.error());
    return find(endpoint.id);
}

base::Result<std::vector<Endpoint>> Endpoints::list() {
    using Found = base::Result<std::vector<Endpoint>>;
    return session_.connection().transaction("listing endpoints", [&](pqxx::work& tx) -> Found {
        std::vector<Endpoint> out;
        for (const auto& row : run(tx, (std::string(endpoint_columns) + "ORDER BY name").c_str())) {
            auto endpoint = endpoint_of(row, sealer_);
            if (!endpoint) return std::unexpected(endpoint.error());
            out.push_back(std::move(*endpoint));
        }
        return out;
    });
}

base::Result<Endpoint> Endpoints::find(std::string_view id) {
    return session_.connection().transaction(
        "reading an endpoint", [&](pqxx::work& tx) -> base::Result<Endpoint> {
            const auto rows =
                run(tx, (std::string(endpoint_columns) + "WHERE id = $1 OR name = $1").c_str(),
                    Params().text(id));
            if (rows.empty()) return std::unexpected(no_such(id));
            return endpoint_of(rows[0], sealer_);
        });
}

base::Result<void> Endpoints::enable(std::string_view id, std::string_view actor) {
    return change(session_, enable_endpoint, Params().text(id), id, actor, "endpoint.enable");
}

base::Result<void> Endpoints::disable(std::string_view id, std::string_view reason,
                                      std::string_view actor) {
    return change(session_, disable_endpoint, Params().text(id).text(reason), id, actor,
                  "endpoint.disable");
}

base::Result<void> Endpoints::rotate(std::string_view id, std::string_view new_secret,
                                     base::WallTime overlap_until, std::string_view actor) {
    return change(session_, rotate_secret,
                  Params().text(id).bytes(sealer_.seal(new_secret, id)).time(overlap_until), id,
                  actor, "endpoint.rotate");
}

base::Result<void> Endpoints::remove(std::string_view id, std::string_view actor) {
    return session_.connection().transaction(
        "removing an endpoint", [&](pqxx::work& tx) -> base::Result<void> {
            if (run(tx, remove_endpoint, Params().text(id)).affected_rows() == 0) {
                return std::unexpected(no_such(id));
            }
            run(tx, bury_deliveries, Params().text(id));
            audit(session_, tx, actor, "endpoint.remove", id);
            return {};
        });
}

}  // namespace store
