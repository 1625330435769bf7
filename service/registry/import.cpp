#include "registry/import.hpp"

#include "base/digest.hpp"
#include "registry/row_reader.hpp"
#include "registry/terms.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>

namespace registry {
namespace {

/// Turns raw rows into rows and remembers their identities, so that a file names nothing twice.
class Importer {
public:
    explicit Importer(Problems& problems) : problems_(problems) {}

    void add(RawRow raw, std::optional<Kind> fallback) {
        RowReader reader(raw, problems_);
        const std::string word = reader.text("kind");
        const auto kind = word.empty() ? fallback : kind_of(word);
        if (!kind) {
            reader.problem(word.empty() ? "kind: missing"
                                        : "kind: unknown; write tenant, key, party, licence, gate "
                                          "or leak");
            return;
        }
        read(*kind, reader);
        reader.finish(*kind);
    }

    Rows rows;

private:
    void read(Kind kind, RowReader& reader) {
        switch (kind) {
            case Kind::tenant:
                return tenant(reader);
            case Kind::key:
                return key(reader);
            case Kind::party:
                return party(reader);
            case Kind::licence:
                return licence(reader);
            case Kind::gate:
                return gate(reader);
            case Kind::leak:
                return leak(reader);
        }
    }

    void tenant(RowReader& reader) {
        Tenant row;
        row.uid = reader.required("uid");
        row.name = reader.text("name");
        row.tier = reader.text("tier");
        row.status = reader.one_of("status", {"active", "suspended", "closed"});
        row.created = reader.time("created");
        row.country = reader.country("country");
        row.party = reader.uid("party");
        claim(reader, "tenant", {row.uid});
        rows.tenants.push_back(std::move(row));
    }

    void key(RowReader& reader) {
        Key row;
        row.uid = reader.required("uid");
        row.tenant = reader.uid("tenant");
        row.status = reader.one_of("status", {"active", "revoked"});
        row.created = reader.time("created");
        row.revoked = reader.time("revoked");
        row.declared_origin = reader.networks("declared_origin");
        if (row.created && row.revoked && *row.revoked < *row.created)
            reader.problem("revoked: is before created");
        claim(reader, "key", {row.uid});
        rows.keys.push_back(std::move(row));
    }

    void party(RowReader& reader) {
        Party row;
        row.uid = reader.required("uid");
        row.name = reader.text("name");
        row.aliases = reader.list("aliases");
        row.domains = reader.list("domains");
        row.networks = reader.networks("networks");
        row.party_class = reader.text("class");
        row.country = reader.country("country");
        claim(reader, "party", {row.uid});
        rows.parties.push_back(std::move(row));
    }

    void licence(RowReader& reader) {
        Licence row;
        row.uid = reader.required("uid");
        subject(reader, row);
        row.service = reader.text("service");
        row.operations = operations(reader);
        row.parameters = reader.list("parameters");
        if (auto problem = parameter_problem(row.parameters))
            reader.problem("parameters: " + *problem);
        row.use_case = reader.text("use_case");
        row.regions = reader.list("regions");
        row.valid_from = reader.time("valid_from");
        row.valid_to = reader.time("valid_to");
        row.known_from = reader.time("known_from");
        row.known_to = reader.time("known_to");
        row.grace = reader.duration("grace");
        if (row.valid_from && row.valid_to && *row.valid_to <= *row.valid_from)
            reader.problem("valid_to: is not after valid_from");
        if (row.known_from && row.known_to && *row.known_to <= *row.known_from)
            reader.problem("known_to: is not after known_from");
        claim(reader, "licence",
              {row.uid, row.known_from ? base::to_rfc3339(*row.known_from) : std::string()});
        rows.licences.push_back(std::move(row));
    }

    static void subject(RowReader& reader, Licence& row) {
        const std::string of_tenant = reader.uid("tenant");
        const std::string of_party = reader.uid("party");
        if (of_tenant.empty() == of_party.empty())
            reader.problem("write either tenant or party: who holds the licence");
        row.subject_kind = of_party.empty() ? Licence::Subject::tenant : Licence::Subject::party;
        row.subject = of_party.empty() ? of_tenant : of_party;
    }

    static std::vector<std::string> operations(RowReader& reader) {
        auto out = reader.list("operations");
        if (out.empty()) reader.problem("operations: missing; `*` means every operation");
        return out;
    }

    void gate(RowReader& reader) {
        Gate row;
        row.uid = reader.required("uid");
        row.service = reader.text("service");
        row.operations = operations(reader);
        row.clause = reader.text("clause");
        claim(reader, "gate", {row.uid});
        rows.gates.push_back(std::move(row));
    }

    void leak(RowReader& reader) {
        Leak row;
        row.key = reader.uid("key");
        row.key_hash = reader.uid("key_hash");
        row.first_seen = reader.time("first_seen");
        row.source = reader.text("source");
        if (row.key.empty() && row.key_hash.empty()) reader.problem("write key or key_hash");
        if (!row.first_seen) reader.problem("first_seen: missing");
        claim(reader, "leak", {row.key, row.key_hash, row.source});
        rows.leaks.push_back(std::move(row));
    }

    void claim(RowReader& reader, std::string_view kind,
               std::initializer_list<std::string_view> identity) {
        base::LengthPrefixed id;
        id.add(kind);
        for (const auto part : identity) id.add(part);
        const auto [found, fresh] = lines_.emplace(id.text(), reader.line());
        if (!fresh) {
            reader.problem("the same " + std::string(kind) + " stands in line " +
                           std::to_string(found->second));
        }
    }

    Problems& problems_;
    boost::unordered_flat_map<std::string, std::size_t> lines_;
};

}  // namespace

Format detect_format(std::string_view text) noexcept {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    const bool object = first != std::string_view::npos && text[first] == '{';
    return object || first == std::string_view::npos ? Format::ndjson : Format::csv;
}

std::expected<Rows, std::vector<Problem>> parse_rows(std::string_view text, Format format,
                                                     std::optional<Kind> kind) {
    Problems problems;
    auto raw = format == Format::csv ? read_csv(text, problems) : read_ndjson(text, problems);
    Importer importer(problems);
    for (auto& row : raw) importer.add(std::move(row), kind);
    if (!problems.empty()) return std::unexpected(problems.take());
    return std::move(importer.rows);
}

}  // namespace registry
