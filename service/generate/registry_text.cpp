#include "generate/registry_text.hpp"

#include "generate/line.hpp"

#include <array>
#include <chrono>
#include <set>

namespace generate {
namespace {

using base::to_rfc3339;

const std::array<std::string, 2> licensed_operations{"Face.Identify", "Face.Verify"};

std::string days_after(const Cast& cast, std::int64_t days) {
    return to_rfc3339(cast.start + std::chrono::days{days});
}

std::string hours_after(const Cast& cast, std::int64_t hours) {
    return to_rfc3339(cast.start + std::chrono::hours{hours});
}

void end_row(std::string& out, const std::string& row) {
    out += row;
    out += '\n';
}

void party_row(std::string& out, const Tenant& tenant) {
    std::string row;
    Line(row)
        .open()
        .text("kind", "party")
        .text("uid", tenant.party)
        .text("name", tenant.name)
        .text("class", tenant.party_class)
        .text("country", tenant.country)
        .close();
    end_row(out, row);
}

void licence_row(std::string& out, const Cast& cast, const Grant& grant) {
    std::string row;
    Line line(row);
    line.open().text("kind", "licence").text("uid", grant.uid).text("tenant", grant.tenant);
    line.text("use_case", grant.use_case).text("valid_from", hours_after(cast, grant.valid_from));
    if (grant.valid_to) line.text("valid_to", hours_after(cast, *grant.valid_to));
    if (grant.known_from) line.text("known_from", hours_after(cast, *grant.known_from));
    if (grant.grace_hours != 0) line.text("grace", std::to_string(grant.grace_hours) + "h");
    line.texts("operations", licensed_operations).close();
    end_row(out, row);
}

}  // namespace

void append_tenant(std::string& out, const Cast& cast, const Tenant& tenant,
                   const std::function<std::string(std::string_view)>& key_text) {
    std::string row;
    Line(row)
        .open()
        .text("kind", "tenant")
        .text("uid", tenant.uid)
        .text("name", tenant.name)
        .text("tier", tenant.tier)
        .text("status", "active")
        .text("created", days_after(cast, tenant.created_days))
        .text("country", tenant.country)
        .known("party", tenant.party)
        .close();
    end_row(out, row);
    for (const auto& key : tenant.keys) {
        Line line(row);
        line.open().text("kind", "key").text("uid", key.uid).text("tenant", tenant.uid);
        line.text("status", key.revoked_days ? "revoked" : "active");
        line.text("created", days_after(cast, key.created_days));
        if (key.revoked_days) line.text("revoked", days_after(cast, *key.revoked_days));
        if (key_text) line.text("secret", key_text(key.uid));
        line.known("declared_origin", key.declared_origin).close();
        end_row(out, row);
    }
}

void append_gate(std::string& out) {
    out +=
        R"({"kind":"gate","uid":"g-face-recognition","service":"Face","operations":["Face.Identify",)"
        R"("Face.Verify","Face.Group","Face.FindSimilar"],"clause":"limited-access/recognition"})"
        "\n";
}

void append_leaks(std::string& out, const Cast& cast) {
    for (const auto& exposure : cast.exposures) {
        std::string row;
        const auto seen = cast.start + std::chrono::minutes{exposure.minutes};
        Line(row)
            .open()
            .text("kind", "leak")
            .text("key", exposure.key)
            .text("first_seen", to_rfc3339(seen))
            .text("source", exposure.source)
            .close();
        end_row(out, row);
    }
}

std::string registry_rows(const Cast& cast) {
    std::string out;
    append_gate(out);
    std::set<std::string_view> parties;
    for (const auto& tenant : cast.tenants) {
        if (!tenant.party.empty() && parties.insert(tenant.party).second) party_row(out, tenant);
        append_tenant(out, cast, tenant);
    }
    for (const auto& grant : cast.grants) licence_row(out, cast, grant);
    append_leaks(out, cast);
    return out;
}

std::string truth(const Cast& cast) {
    std::string out;
    for (const auto& plot : cast.plots) {
        std::string row;
        Line(row)
            .open()
            .text("kind", plot.benign ? "benign" : "abuse")
            .text("signature", plot.signature)
            .text("subject_kind", plot.subject_kind)
            .text("subject", plot.subject)
            .text("told", plot.told)
            .close();
        end_row(out, row);
    }
    return out;
}

}  // namespace generate
