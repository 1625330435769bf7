#include "generate/plant.hpp"

#include <chrono>
#include <utility>

namespace generate {

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

Call Planter::from(const Tenant& tenant, const Operation& operation) const {
    Call call;
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

}  // namespace generate
