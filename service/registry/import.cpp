#include "registry/import.hpp"

#include "base/digest.hpp"
#include "base/wipe.hpp"
#include "registry/row_reader.hpp"
#include "registry/terms.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>

namespace registry {
namespace {

/// Turns raw rows into rows and remembers their identities, so that a file names nothing twice.
class Importer {
public:
    Importer(Problems& problems, const KeyHasher* hasher) : problems_(problems), hasher_(hasher) {}

    void add(RawRow& raw, std::optional<Kind> fallback) {
        RowReader reader(raw, problems_);
        const std::string word = reader.text("kind");
        const auto kind = word.empty() ? fallback : kind_of(word);
        if (!kind) {
            reader.problem(word.empty() ? "kind: missing"
                                        : "kind: unknown; write tenant, key, party, licence, "
                                          "gate, leak, owner or claim");
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
            case Kind::owner:
                return owner(reader);
            case Kind::claim:
                return claim(reader);
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
        once(reader, "tenant", {row.uid});
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
        key_text(reader, row.uid);
        once(reader, "key", {row.uid});
        rows.keys.push_back(std::move(row));
    }

    void key_text(RowReader& reader, std::string_view uid) {
        std::string secret = reader.secret("secret");
        const std::string sha256 = reader.text("sha256");
        const std::string prefix = reader.text("prefix");
        const std::string suffix = reader.text("suffix");
        const KeyText text{uid, secret, sha256, prefix, suffix};
        if (auto problem = KeyHasher::problem(text)) {
            reader.problem(std::move(*problem));
        } else if (hasher_ != nullptr) {
            for (auto& mark : hasher_->marks(text)) rows.key_marks.push_back(std::move(mark));
        }
        base::wipe(secret);
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
        once(reader, "party", {row.uid});
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
        valid(reader, row);
        known(reader, row);
        row.grace = reader.duration("grace");
        once(reader, "licence",
             {row.uid, row.known_from ? base::to_rfc3339(*row.known_from) : std::string()});
        rows.licences.push_back(std::move(row));
    }

    template <class Row>
    static void valid(RowReader& reader, Row& row) {
        row.valid_from = reader.time("valid_from");
        row.valid_to = reader.time("valid_to");
        if (row.valid_from && row.valid_to && *row.valid_to <= *row.valid_from)
            reader.problem("valid_to: is not after valid_from");
    }

    template <class Row>
    static void known(RowReader& reader, Row& row) {
        row.known_from = reader.time("known_from");
        row.known_to = reader.time("known_to");
        if (row.known_from && row.known_to && *row.known_to <= *row.known_from)
            reader.problem("known_to: is not after known_from");
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
        once(reader, "gate", {row.uid});
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
        once(reader, "leak", {row.key, row.key_hash, row.source});
        rows.leaks.push_back(std::move(row));
    }

    void owner(RowReader& reader) {
        Owner row;
        row.party = reader.required("party");
        row.owner = reader.required("owner");
        row.share_ppm = reader.share_ppm("share");
        valid(reader, row);
        known(reader, row);
        if (!row.party.empty() && row.party == row.owner)
            reader.problem("owner: is the party itself");
        once(reader, "owner",
             {row.party, row.owner, row.valid_from ? base::to_rfc3339(*row.valid_from) : ""});
        rows.owners.push_back(std::move(row));
    }

    void claim(RowReader& reader) {
        Claim row;
        row.uid = reader.required("uid");
        row.party = reader.uid("party");
        row.name = reader.text("name");
        row.statement = reader.text("statement");
        row.source = reader.text("source");
        row.date = reader.time("date");
        row.clues = reader.list("clues");
        known(reader, row);
        if (row.party.empty() && row.name.empty())
            reader.problem("write party or name: who the claim is about");
        if (row.statement.empty()) reader.problem("statement: missing");
        for (const auto& clue : row.clues) clue_problem(reader, clue);
        once(reader, "claim", {row.uid});
        rows.claims.push_back(std::move(row));
    }

    /// What kinds of clues there are is known where questions are asked.
    static void clue_problem(RowReader& reader, std::string_view clue) {
        const std::size_t colon = clue.find(':');
        const auto kind = clue.substr(0, colon);
        const bool word = !kind.empty() && std::ranges::all_of(kind, [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
        });
        if (colon == std::string_view::npos || !word || colon + 1 == clue.size()) {
            reader.problem("clues: write kind:value, such as domain:mill.example");
        } else if (kind == "key") {
            reader.problem("clues: a key is never stored; write key-sha256: and its SHA-256");
        }
    }

    void once(RowReader& reader, std::string_view kind,
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
    const KeyHasher* hasher_;
    boost::unordered_flat_map<std::string, std::size_t> lines_;
};

/// What a row still has of secrets that were not read: its kind may be wrong.
void wipe_secrets(RawRow& row) {
    for (auto& cell : row.cells) {
        if (cell.column != "secret") continue;
        for (auto& value : cell.values) base::wipe(value);
    }
}

}  // namespace

Format detect_format(std::string_view text) noexcept {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    const bool object = first != std::string_view::npos && text[first] == '{';
    return object || first == std::string_view::npos ? Format::ndjson : Format::csv;
}

std::expected<Rows, std::vector<Problem>> parse_rows(std::string_view text, Format format,
                                                     std::optional<Kind> kind,
                                                     const KeyHasher* hasher) {
    Problems problems;
    auto raw = format == Format::csv ? read_csv(text, problems) : read_ndjson(text, problems);
    Importer importer(problems, hasher);
    for (auto& row : raw) importer.add(row, kind);
    for (auto& row : raw) wipe_secrets(row);
    if (!problems.empty()) return std::unexpected(problems.take());
    return std::move(importer.rows);
}

}  // namespace registry
