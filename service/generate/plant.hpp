#pragma once

#include "generate/actors.hpp"
#include "generate/population.hpp"
#include "generate/random.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace generate {

/// Minutes of the world in which something happens: [from, to).
struct Span {
    std::int64_t from;
    std::int64_t to;
};

/// Hours to minutes, to read like a calendar: at(1, 8) is the second day, 08:00.
[[nodiscard]] constexpr std::int64_t at(std::int64_t day, std::int64_t hour) {
    return (day * 24 + hour) * 60;
}

/// Persons that calls search or are enrolled in.
struct Gallery {
    std::string_view name;
    std::uint32_t size = 0;
};

/// When a licence holds; hours from the start of the world.
struct Validity {
    std::int64_t from;
    std::optional<std::int64_t> to = {};          ///< None: it does not end.
    std::optional<std::int64_t> known_from = {};  ///< None: from its first hour.
    std::int64_t grace_hours = 0;
};

/// Varies calls that enrol so many persons each into a gallery that was empty.
[[nodiscard]] inline auto enrolling(std::uint32_t persons) {
    return [persons](Call& one, std::uint64_t index) {
        one.persons_added = persons;
        one.gallery_size = static_cast<std::uint32_t>((index + 1) * persons);
    };
}

/// Writes one plot into a Cast. Each plot has its own stream of random numbers, so that a change of
/// one leaves the others as they are.
class Planter {
public:
    Planter(Cast& cast, std::uint64_t seed, Plot plot);

    [[nodiscard]] Random& random() noexcept { return random_; }

    /// A tenant of this plot alone, with a network of the kind given and a client.
    Tenant& tenant(std::string_view word, std::string_view business, std::string_view kind,
                   std::size_t family);

    /// A tenant that shares a network and a client with others of the plot.
    Tenant& member(std::string_view word, std::string_view business, const Network& network,
                   const Client& client);
    void licence(std::string uid, const Tenant& tenant, std::string_view use_case,
                 Validity validity);
    /// Another key of the tenant, its last; days from the start of the world.
    void revoked_key(Tenant& tenant, std::string uid, std::int64_t created, std::int64_t revoked);
    /// The first key, declared for the tenant's own network, is found in public.
    void leak(Tenant& tenant, std::int64_t minutes);
    /// The subject of the plot is a host's address.
    void subject_is(const Network& network, std::uint16_t host);

    /// A call of the tenant with its first key, network and client.
    [[nodiscard]] Call from(const Tenant& tenant, const Operation& operation,
                            Gallery gallery = {}) const;

    /// `count` calls at random moments of a span; `vary` may change each.
    void spread(Call call, Span span, std::uint64_t count,
                const std::function<void(Call&, std::uint64_t index)>& vary = {});

    /// The same on each of the first three days, from this one on; the span is that of day 0.
    void each_day(const Call& call, std::int64_t first, Span span, std::uint64_t count,
                  const std::function<void(Call&, std::uint64_t index)>& vary = {});

    Cast& cast;

private:
    Random random_;
    std::uint32_t plot_;
};

}  // namespace generate
