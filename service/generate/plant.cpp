#include "generate/plant.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <utility>

namespace generate {
namespace {

/// As an IPv6 address writes it: without leading zeros.
std::string hex(std::uint16_t number) {
    std::array<char, 4> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
    return {digits.data(), end};
}

}  // namespace

Planter::Planter(Cast& to, std::uint64_t seed, Plot plot)
    : cast(to),
      random_(mix(seed, plot.told)),
      plot_(static_cast<std::uint32_t>(to.plots.size()) + 1) {
    to.plots.push_back(std::move(plot));
}

Tenant& Planter::tenant(std::string_view word, std::string_view business, std::string_view kind,
                        std::size_t family) {
    auto& made = add_tenant(cast, word, business);
    made.networks = {&add_network(cast, kind, made.country)};
    made.clients = {&add_client(cast, family, 25)};
    return made;
}

Tenant& Planter::member(std::string_view word, std::string_view business, const Network& network,
                        const Client& client) {
    auto& made = add_tenant(cast, word, business);
    made.networks = {&network};
    made.clients = {&client};
    return made;
}

void Planter::licence(std::string uid, const Tenant& tenant, std::string_view use_case,
                      Validity validity) {
    cast.grants.push_back({.uid = std::move(uid),
                           .tenant = tenant.uid,
                           .use_case = use_case,
                           .valid_from = validity.from,
                           .valid_to = validity.to,
                           .known_from = validity.known_from.value_or(validity.from),
                           .grace_hours = validity.grace_hours});
}

void Planter::revoked_key(Tenant& tenant, std::string uid, std::int64_t created,
                          std::int64_t revoked) {
    tenant.keys.push_back({.uid = std::move(uid),
                           .created_days = created,
                           .revoked_days = revoked,
                           .declared_origin = {}});
}

void Planter::leak(Tenant& tenant, std::int64_t minutes) {
    Key& key = tenant.keys.front();
    key.declared_origin = {tenant.networks.front()->cidr};
    cast.exposures.push_back(
        {.key = key.uid, .minutes = minutes, .source = "public repository scan"});
}

void Planter::subject_is(const Network& network, std::uint16_t host) {
    const bool ipv4 = network.prefix.back() == '.';
    cast.plots[plot_ - 1].subject = network.prefix + (ipv4 ? std::to_string(host) : hex(host));
}

Call Planter::from(const Tenant& tenant, const Operation& operation, Gallery gallery) const {
    Call call;
    call.gallery = gallery.name;
    call.gallery_size = gallery.size;
    call.tenant = &tenant;
    call.key = &tenant.keys.front();
    call.network = tenant.networks.front();
    call.client = tenant.clients.front();
    call.operation = &operation;
    call.plot = plot_;
    call.host = 10;
    return call;
}

void Planter::spread(Call call, Span span, std::uint64_t count,
                     const std::function<void(Call&, std::uint64_t index)>& vary) {
    const auto length = static_cast<std::uint64_t>(span.to - span.from) * 60'000'000;
    const auto start = cast.start + std::chrono::minutes{span.from};
    for (std::uint64_t i = 0; i < count; ++i) {
        Call one = call;
        one.at =
            start + std::chrono::microseconds{static_cast<std::int64_t>(random_.below(length))};
        if (vary) vary(one, i);
        cast.planted.push_back(one);
    }
}

void Planter::each_day(const Call& call, std::int64_t first, Span span, std::uint64_t count,
                       const std::function<void(Call&, std::uint64_t index)>& vary) {
    for (std::int64_t day = first; day < 3; ++day)
        spread(call, {span.from + at(day, 0), span.to + at(day, 0)}, count, vary);
}

}  // namespace generate
