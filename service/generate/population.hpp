#pragma once

#include "generate/actors.hpp"
#include "generate/random.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace generate {

/// A further network of a kind, in an AS of that kind. At most 500 in a world.
const Network& add_network(Cast& cast, std::string_view kind, std::string_view country);

/// A further client: one of the 14 families (taken modulo 14) in a version of it. Equal arguments
/// give equal clients, as in life.
const Client& add_client(Cast& cast, std::size_t family, unsigned version);

/// A tenant with one key, one network and one client of its own. `word` names it: "alder" becomes
/// t-alder, key k-alder-1, "Alder Media".
Tenant& add_tenant(Cast& cast, std::string_view word, std::string_view line_of_business);

/// The sixty ordinary tenants, with the licences of those that recognise faces.
void populate(Cast& cast, Random& random);

/// Ordinary traffic: who calls in an hour and what.
class Crowd {
public:
    explicit Crowd(const Cast& cast);

    /// Weight of an hour of the world; proportional to the calls in it.
    [[nodiscard]] std::uint64_t weight(std::uint64_t hour);

    /// A call of somebody awake in the hour that `weight` was last asked for, without its time.
    [[nodiscard]] Call call(Random& random) const;

private:
    const Cast& cast_;
    std::vector<const Tenant*> tenants_;
    std::vector<std::uint64_t> totals_;  // of the hour
};

}  // namespace generate
