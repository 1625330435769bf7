#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "call/address.hpp"
#include "store/session.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// Traffic that shows a clue, from the rollups by key, tenant and origin and what waits to be
/// merged into them; never from the calls themselves, but for resources and domains.
namespace store {

/// An address or a network. A rollup row is of one /24 or /48, one AS and one client family, and
/// has one address as an example.
struct ByNetwork {
    call::Network network;
};
struct ByAs {
    std::vector<std::int64_t> numbers;
};
/// Networks as they were called when the calls came: what they are called today is no evidence of
/// who held them then.
struct ByHolder {
    std::vector<std::int64_t> numbers;
    std::vector<std::string> names;  ///< Exactly, as seen_networks() has them.
};
/// Client software by its family, as origin.client_family has it ("boto3"); any version or one.
struct ByClient {
    std::string family;
    std::string version;  ///< "1.34"; empty: any.
};
/// Calls on a resource. No rollup has it: this reads the calls that were kept, and those alone.
struct ByResource {
    std::string uid;
};
/// Calls that name a domain or a name below it: in the user agent, as the address of the user, or
/// as the name that the caller's address had in the log. This reads the calls that were kept, too.
struct ByDomain {
    std::string domain;  ///< In lower case: letters, digits, hyphens and dots.
};
struct ByTenants {
    std::vector<std::string> uids;
};
struct ByKeys {
    std::vector<std::string> uids;
};
using TrafficClue =
    std::variant<ByNetwork, ByAs, ByHolder, ByClient, ByResource, ByDomain, ByTenants, ByKeys>;

/// How sure it is that the row's calls show the clue.
enum class Fit : std::uint8_t {
    exact,         ///< At least one does: seen.
    network_only,  ///< They come from the network of the address; the example is another address.
    family_only,   ///< They have the client's family; the example has another version.
};

/// One key of one tenant as used from one origin, in the period.
struct TrafficRow {
    std::string key;
    std::string tenant;
    std::string origin;   ///< of1, level place.
    std::string network;  ///< /24 or /48 of the address; empty when there is none.
    std::string address;  ///< An example, one that shows the clue when one is known.
    std::int64_t asn = 0;
    std::string as_name;
    std::string client;  ///< "family version", of the example.
    base::EventTime first_seen;
    base::EventTime last_seen;
    std::uint64_t calls = 0;
    std::uint64_t ok = 0;
    std::uint64_t failed = 0;
    std::uint32_t active_days = 0;  ///< Distinct days with calls, UTC.
    std::uint32_t sessions = 0;     ///< Distinct hours with calls.
    Fit fit = Fit::exact;

    bool operator==(const TrafficRow&) const = default;
};

/// What shows a clue in the period.
struct Traffic {
    std::vector<TrafficRow> rows;  ///< Exact ones first, then by calls; at most `max_rows`.
    std::uint64_t personas = 0;    ///< Rows there are, with those that were cut.
    std::uint64_t tenants = 0;     ///< Distinct tenants of all of them: the anonymity set.
    std::uint64_t exact_tenants = 0;
    /// True when there are `max_personas` or more: rows are of a hundred of them, always the same,
    /// as examples, and `tenants` is of all that showed it in the weeks of the period.
    bool some = false;

    bool operator==(const Traffic&) const = default;
};

struct TrafficLimits {
    std::size_t max_rows = 1'000;
    std::size_t max_personas = 1'000;  ///< Whose hours are added up.
};

/// Hours that overlap [from, to), whole: rollups have no finer grain. With `as_of`, which is not
/// before `to`, as it was then: batches stored later are left out of sums, first and last calls and
/// examples. Exact for hours that had been over for an hour then, and for all hours at a moment
/// that was noted (known_at in presence_source.hpp). Only calls with the keys `within`, unless it
/// is empty. Fault::invalid for an empty period, a clue without a value.
base::Result<Traffic> find_traffic(Session& session, const TrafficClue& clue, base::EventTime from,
                                   base::EventTime to,
                                   std::optional<base::WallTime> as_of = std::nullopt,
                                   const std::vector<std::string>& within = {},
                                   const TrafficLimits& limits = {});

/// Keys of the personas that both clues fit in the weeks of the period, as known at a moment,
/// sorted; none when there are more than `most`. Finds whom find_traffic leaves out of two clues
/// that each fit too many. Calls that were kept (ByDomain, ByResource) are not searched: none.
base::Result<std::vector<std::string>> keys_of_both(
    Session& session, const TrafficClue& one, const TrafficClue& other, base::EventTime from,
    base::EventTime to, std::optional<base::WallTime> as_of = std::nullopt,
    std::size_t most = 1'000);

/// Distinct tenants with calls in hours that overlap [from, to), as known at a moment, as above;
/// calls without a tenant count for none.
base::Result<std::uint64_t> active_tenants(Session& session, base::EventTime from,
                                           base::EventTime to,
                                           std::optional<base::WallTime> as_of = std::nullopt);

struct NamedAs {
    std::int64_t number = 0;
    std::string name;  ///< A name that its holder had.

    bool operator==(const NamedAs&) const = default;
};

/// Every AS with a name that calls came from, as known at a moment, once for each name that its
/// holder had: a name is looked for in this list, by the rules of names, and then by number and
/// name.
base::Result<std::vector<NamedAs>> seen_networks(
    Session& session, std::optional<base::WallTime> as_of = std::nullopt);

/// Calls of a key and operation in one stretch of the period.
struct KeyOperation {
    std::string key;
    std::string tenant;
    std::string service;
    std::string operation;
    std::uint32_t stretch = 0;  ///< How many of the given moments are at or before its hours.
    std::uint64_t calls = 0;
    std::uint64_t ok = 0;
    base::EventTime first;  ///< Start of the first hour with calls.
    base::EventTime last;   ///< Start of the last one.

    bool operator==(const KeyOperation&) const = default;
};

/// What keys did in hours that overlap [from, to), by key, tenant, service, operation and stretch.
/// `moments` cut the period where a licence changes, so that no row is of two states; ascending,
/// and effective from the hour that they are in.
base::Result<std::vector<KeyOperation>> key_operations(
    Session& session, const std::vector<std::string>& keys, base::EventTime from,
    base::EventTime to, const std::vector<base::EventTime>& moments = {},
    std::optional<base::WallTime> as_of = std::nullopt);

}  // namespace store
