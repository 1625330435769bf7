#pragma once

#include "base/time.hpp"
#include "call/address.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What we were told about the world: tenants, keys, parties and who owns them, licences, gates,
/// leaks and claims. Rows are what is imported, stored and exported; a Registry is built from them
/// and never changes.
///
/// In every row an empty text, an empty list or a missing time means "not told", never "none".
namespace registry {

enum class Kind : std::uint8_t { tenant, key, party, licence, gate, leak, owner, claim };

/// "tenant", "key", "party", "licence", "gate", "leak", "owner", "claim".
[[nodiscard]] std::string_view name(Kind kind) noexcept;
[[nodiscard]] std::optional<Kind> kind_of(std::string_view name) noexcept;

/// A customer account.
struct Tenant {
    std::string uid;     ///< As it stands in metadata.tenant_uid; compulsory.
    std::string name;    ///< Registered name.
    std::string tier;    ///< trial, free, paid, enterprise, or the provider's own word.
    std::string status;  ///< active, suspended, closed.
    std::optional<base::EventTime> created;
    std::string country;  ///< ISO 3166-1 alpha-2 of registration.
    std::string party;    ///< uid of the party behind it.

    bool operator==(const Tenant&) const = default;
};

/// An API credential: its id, never the credential itself.
struct Key {
    std::string uid;     ///< As it stands in actor.user.credential_uid; compulsory.
    std::string tenant;  ///< uid of the tenant it was issued to.
    std::string status;  ///< active, revoked.
    std::optional<base::EventTime> created;
    std::optional<base::EventTime> revoked;      ///< Revoked from this moment on.
    std::vector<call::Network> declared_origin;  ///< Networks its owner said it is used from.

    bool operator==(const Key&) const = default;
};

/// The real organisation behind tenants.
struct Party {
    std::string uid;  ///< Compulsory.
    std::string name;
    std::vector<std::string> aliases;
    std::vector<std::string> domains;
    std::vector<call::Network> networks;
    std::string party_class;  ///< company, government, law_enforcement, education, individual ...
    std::string country;      ///< ISO 3166-1 alpha-2.

    bool operator==(const Party&) const = default;
};

/// What a tenant or a party may do, on two clocks: when it is true and when we knew. A correction
/// is a new row of the same uid with a later known_from, and the old row gets that as its known_to.
/// All intervals are half-open: [from, to).
struct Licence {
    enum class Subject : std::uint8_t { tenant, party };

    std::string uid;  ///< Compulsory. Several rows may share it: versions of one licence.
    Subject subject_kind = Subject::tenant;
    std::string subject;                  ///< uid of the tenant or party; compulsory.
    std::string service;                  ///< Glob over api.service.name; empty: any service.
    std::vector<std::string> operations;  ///< Globs over api.operation, ignoring case; compulsory.
    std::vector<std::string> parameters;  ///< "gen_ai.request.model=small-*": see Terms.
    std::string use_case;
    std::vector<std::string> regions;           ///< Globs over cloud.region; empty: any region.
    std::optional<base::EventTime> valid_from;  ///< None: since ever.
    std::optional<base::EventTime> valid_to;    ///< None: no end.
    std::optional<base::EventTime> known_from;  ///< None: since ever.
    std::optional<base::EventTime> known_to;    ///< None: still believed.
    std::chrono::seconds grace{0};  ///< Time after valid_to in which calls still count as covered.

    bool operator==(const Licence&) const = default;
};

/// Operations that need a licence.
struct Gate {
    std::string uid;                      ///< Compulsory.
    std::string service;                  ///< Glob over api.service.name; empty: any service.
    std::vector<std::string> operations;  ///< Globs over api.operation, ignoring case; compulsory.
    std::string clause;                   ///< Contract clause or public rule that says so.

    bool operator==(const Gate&) const = default;
};

/// A report that a key became public.
struct Leak {
    std::string key;       ///< uid of the key; this or key_hash is compulsory.
    std::string key_hash;  ///< Keyed hash of the credential, where only the text was found.
    std::optional<base::EventTime> first_seen;  ///< First known exposure; compulsory.
    std::string source;                         ///< Who reported it, or where it stood.

    bool operator==(const Leak&) const = default;
};

/// That a party belongs to another, or a part of it, for a time. On two clocks, as a licence.
struct Owner {
    std::string party;  ///< uid of the party that is owned; compulsory.
    std::string owner;  ///< uid of the party that owns; compulsory.
    /// Millionths of the whole; 1 to 1'000'000.
    std::optional<std::uint32_t> share_ppm;
    std::optional<base::EventTime> valid_from;  ///< None: since ever.
    std::optional<base::EventTime> valid_to;    ///< None: no end.
    std::optional<base::EventTime> known_from;  ///< None: since the import.
    std::optional<base::EventTime> known_to;    ///< None: still believed.

    bool operator==(const Owner&) const = default;
};

/// What somebody says about a party and us: "X uses your API". Opens a question, proves nothing.
struct Claim {
    std::string uid;        ///< Compulsory.
    std::string party;      ///< uid of the party it is about; this or `name` is compulsory.
    std::string name;       ///< Of who it is about, where no party is known.
    std::string statement;  ///< Compulsory.
    std::string source;     ///< Who says so, or where it stands.
    std::optional<base::EventTime> date;        ///< When it was said.
    std::vector<std::string> clues;             ///< `kind:value`; never a whole key.
    std::optional<base::EventTime> known_from;  ///< None: since the import.
    std::optional<base::EventTime> known_to;    ///< None: still believed.

    bool operator==(const Claim&) const = default;
};

/// An entry of the key index: see KeyHasher. Comes with an import and is never read back.
struct KeyMark {
    enum class Part : std::uint8_t {
        whole,     ///< SHA-256 of the key.
        prefix,    ///< Its first characters: the literal and `length` random ones.
        suffix,    ///< Its last `length` characters.
        scrubbed,  ///< What the scrubber writes into records in its place.
    };

    std::string key;  ///< uid.
    Part part = Part::whole;
    std::uint8_t length = 0;  ///< Random characters; 0 for whole and scrubbed.
    std::string digest;       ///< 16 bytes.

    bool operator==(const KeyMark&) const = default;
};

/// "whole", "prefix", "suffix", "scrubbed".
[[nodiscard]] std::string_view name(KeyMark::Part part) noexcept;

/// All rows of an import, or of the store.
struct Rows {
    std::vector<Tenant> tenants;
    std::vector<Key> keys;
    std::vector<Party> parties;
    std::vector<Licence> licences;
    std::vector<Gate> gates;
    std::vector<Leak> leaks;
    std::vector<Owner> owners;
    std::vector<Claim> claims;
    std::vector<KeyMark> key_marks;  ///< Of an import only.

    /// Rows of files: marks belong to the row of their key.
    [[nodiscard]] std::size_t size() const noexcept {
        return tenants.size() + keys.size() + parties.size() + licences.size() + gates.size() +
               leaks.size() + owners.size() + claims.size();
    }
    bool operator==(const Rows&) const = default;
};

}  // namespace registry
