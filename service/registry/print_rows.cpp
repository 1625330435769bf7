#include "registry/import.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace registry {
namespace {

using boost::json::object;

void put(object& out, const char* column, const std::string& value) {
    if (!value.empty()) out[column] = value;
}

void put(object& out, const char* column, const std::vector<std::string>& values) {
    if (!values.empty()) out[column] = boost::json::array(values.begin(), values.end());
}

void put(object& out, const char* column, const std::vector<call::Network>& values) {
    std::vector<std::string> texts;
    for (const auto& value : values) texts.push_back(call::to_text(value));
    put(out, column, texts);
}

void put(object& out, const char* column, const std::optional<base::EventTime>& value) {
    if (value) out[column] = base::to_rfc3339(*value);
}

object row_of(const Tenant& row) {
    object out{{"kind", "tenant"}};
    put(out, "uid", row.uid);
    put(out, "name", row.name);
    put(out, "tier", row.tier);
    put(out, "status", row.status);
    put(out, "created", row.created);
    put(out, "country", row.country);
    put(out, "party", row.party);
    return out;
}

object row_of(const Key& row) {
    object out{{"kind", "key"}};
    put(out, "uid", row.uid);
    put(out, "tenant", row.tenant);
    put(out, "status", row.status);
    put(out, "created", row.created);
    put(out, "revoked", row.revoked);
    put(out, "declared_origin", row.declared_origin);
    return out;
}

object row_of(const Party& row) {
    object out{{"kind", "party"}};
    put(out, "uid", row.uid);
    put(out, "name", row.name);
    put(out, "aliases", row.aliases);
    put(out, "domains", row.domains);
    put(out, "networks", row.networks);
    put(out, "class", row.party_class);
    put(out, "country", row.country);
    return out;
}

object row_of(const Licence& row) {
    object out{{"kind", "licence"}};
    put(out, "uid", row.uid);
    put(out, row.subject_kind == Licence::Subject::tenant ? "tenant" : "party", row.subject);
    put(out, "service", row.service);
    put(out, "operations", row.operations);
    put(out, "parameters", row.parameters);
    put(out, "use_case", row.use_case);
    put(out, "regions", row.regions);
    put(out, "valid_from", row.valid_from);
    put(out, "valid_to", row.valid_to);
    put(out, "known_from", row.known_from);
    put(out, "known_to", row.known_to);
    if (row.grace.count() > 0) out["grace"] = std::to_string(row.grace.count()) + "s";
    return out;
}

object row_of(const Gate& row) {
    object out{{"kind", "gate"}};
    put(out, "uid", row.uid);
    put(out, "service", row.service);
    put(out, "operations", row.operations);
    put(out, "clause", row.clause);
    return out;
}

object row_of(const Leak& row) {
    object out{{"kind", "leak"}};
    put(out, "key", row.key);
    put(out, "key_hash", row.key_hash);
    put(out, "first_seen", row.first_seen);
    put(out, "source", row.source);
    return out;
}

/// Percent with the places it needs.
std::string share_text(std::uint32_t ppm) {
    std::string out = std::to_string(ppm / 10'000);
    std::string places = std::to_string(10'000 + ppm % 10'000).substr(1);
    while (places.ends_with('0')) places.pop_back();
    return places.empty() ? out : out + "." + places;
}

object row_of(const Owner& row) {
    object out{{"kind", "owner"}};
    put(out, "party", row.party);
    put(out, "owner", row.owner);
    if (row.share_ppm) out["share"] = share_text(*row.share_ppm);
    put(out, "valid_from", row.valid_from);
    put(out, "valid_to", row.valid_to);
    put(out, "known_from", row.known_from);
    put(out, "known_to", row.known_to);
    return out;
}

object row_of(const Claim& row) {
    object out{{"kind", "claim"}};
    put(out, "uid", row.uid);
    put(out, "party", row.party);
    put(out, "name", row.name);
    put(out, "statement", row.statement);
    put(out, "source", row.source);
    put(out, "date", row.date);
    put(out, "clues", row.clues);
    put(out, "known_from", row.known_from);
    put(out, "known_to", row.known_to);
    return out;
}

template <class Row>
void print(std::string& out, const std::vector<Row>& rows) {
    for (const auto& row : rows) {
        out += boost::json::serialize(row_of(row));
        out += '\n';
    }
}

}  // namespace

std::string print_rows(const Rows& rows) {
    std::string out;
    print(out, rows.parties);
    print(out, rows.tenants);
    print(out, rows.keys);
    print(out, rows.gates);
    print(out, rows.licences);
    print(out, rows.leaks);
    print(out, rows.owners);
    print(out, rows.claims);
    return out;
}

}  // namespace registry
