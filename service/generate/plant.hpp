#pragma once

#include "generate/actors.hpp"
#include "generate/population.hpp"
#include "generate/random.hpp"

#include <cstdint>
#include <functional>
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

/// Writes one plot into a Cast. Each plot has its own stream of random numbers, so that a change of
/// one leaves the others as they are.
class Planter {
public:
    Planter(Cast& cast, std::uint64_t seed, Plot plot);

    [[nodiscard]] Random& random() noexcept { return random_; }

    /// A tenant of this plot alone, with a network of the kind given and a client.
    Tenant& tenant(std::string_view word, std::string_view business, std::string_view kind,
                   std::size_t family);

    /// A call of the tenant with its first key, network and client.
    [[nodiscard]] Call from(const Tenant& tenant, const Operation& operation) const;

    /// `count` calls at random moments of a span; `vary` may change each.
    void spread(Call call, Span span, std::uint64_t count,
                const std::function<void(Call&, std::uint64_t index)>& vary = {});

    Cast& cast;

private:
    Random random_;
    std::uint32_t plot_;
};

}  // namespace generate
