#pragma once

#include "presence/facts.hpp"
#include "registry/registry.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace presence {

/// What is looked for in the calls of a period.
struct Search {
    enum class By : std::uint8_t {
        network,  ///< Calls from it. The address of one host is a network too.
        as_number,
        as_name,  ///< Networks that were called so when the calls came, by name_key().
        client,   ///< A library or program: `text`, and its version when `version` is not empty.
        resource,
        domain,   ///< Calls that were kept and name the domain `text` as the caller's.
        tenants,  ///< All calls of `uids`.
        keys,     ///< All calls with `uids`.
    };

    By by = By::network;
    std::optional<call::Network> network;
    std::uint32_t as_number = 0;
    std::string text;
    std::string version;
    std::vector<std::string> names;  ///< Of `as_name`, each by name_key().
    std::vector<std::string> uids;
    std::vector<std::string> within;  ///< Only calls with these keys; empty: with any.
};

/// Calls that a search found.
struct Traffic {
    struct Row {
        Persona persona;
        bool exact = true;  ///< See Sighting::exact.
    };
    std::vector<Row> rows;      ///< By (tenant, key, origin).
    std::uint64_t tenants = 0;  ///< That the search found, also those whose rows were left out.
    bool whole = true;          ///< False: it found more personas than there are rows.
};

/// Keys that a clue fits.
struct KeyMatches {
    std::vector<NamedKey> keys;  ///< By uid; `leaked` is not filled in.
    /// All names under which calls of a key are found, by place in `keys`.
    std::vector<std::vector<std::string>> credential_uids;
    std::uint64_t compared = 0;  ///< Keys whose text the index knows.
    double chance = 0;           ///< That one of them fits by chance.
};

/// Where facts come from: the database, or a world in a test. All of it as known at `as_of`.
class Source {
public:
    virtual ~Source() = default;
    virtual base::Result<std::shared_ptr<const registry::Registry>> registry() = 0;
    virtual base::Result<KeyMatches> keys(const Clue& clue) = 0;
    virtual base::Result<Traffic> traffic(const Search& search) = 0;
    /// Keys of calls that both searches find, sorted; none when these are too many, too, or only
    /// calls that were kept show it.
    virtual base::Result<std::vector<std::string>> keys_of_both(const Search& one,
                                                                const Search& other) = 0;
    /// Calls by key and operation of these keys, cut at these moments (ascending), where a licence
    /// may begin or end; without the licences' word.
    virtual base::Result<std::vector<Use>> uses(const std::vector<std::string>& keys,
                                                const std::vector<base::EventTime>& moments) = 0;
    /// The first and last records of each persona that are kept, at most three; by place in
    /// `personas`.
    virtual base::Result<std::vector<CitedRecord>> records(
        const std::vector<Persona>& personas) = 0;
    /// The time before which records that were kept then have been deleted since.
    virtual base::Result<std::optional<base::EventTime>> records_gone() {
        return std::optional<base::EventTime>();
    }
    virtual base::Result<std::uint64_t> active_tenants() = 0;
    virtual base::Result<coverage::Certificate> coverage() = 0;
    /// How far the journal is committed.
    virtual base::Result<std::string> position() = 0;
};

/// Adds to the question the clues that follow from what was given (a text's, a party's networks,
/// those of claims about it), and collects what is known of each.
base::Result<Facts> gather(Question& question, Source& source);

}  // namespace presence
