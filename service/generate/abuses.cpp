#include "generate/plant.hpp"
#include "generate/plots.hpp"

#include <array>
#include <string>

namespace generate {
namespace {

constexpr std::array<std::string_view, 6> models{"glyph-4", "glyph-4-mini", "glyph-3.5",
                                                 "quill-2", "quill-2-long", "glyph-vision"};
constexpr std::array<std::string_view, 4> regions{"eastus", "westeurope", "japaneast",
                                                  "brazilsouth"};
constexpr std::array<std::string_view, 5> countries{"US", "BR", "VN", "PL", "NG"};

void gated_without_licence(Cast& cast, std::uint64_t seed) {
    Planter plot(cast, seed,
                 {.signature = "U01",
                  .subject_kind = "tenant",
                  .subject = "t-kestrel",
                  .told = "A start-up identifies faces and never had a licence to."});
    const auto& tenant = plot.tenant("kestrel", "Vision", "hosting", 0);
    auto call = plot.from(tenant, operations::identify, Gallery{"kestrel-visitors", 900});
    plot.each_day(call, 1, {at(0, 8), at(0, 18)}, 180);
    plot.spread(plot.from(tenant, operations::detect), {at(0, 8), at(3, 0)}, 300);
}

void use_after_lapse(Cast& cast, std::uint64_t seed) {
    Planter plot(
        cast, seed,
        {.signature = "U02",
         .subject_kind = "tenant",
         .subject = "t-merlin",
         .told = "The licence ended on the second day at 06:00 and verification goes on."});
    const auto& tenant = plot.tenant("merlin", "Access", "business", 5);
    plot.licence("l-merlin", tenant, "access control", {.from = -8'760, .to = 30});
    auto call = plot.from(tenant, operations::verify, Gallery{"merlin-staff", 400});
    plot.spread(call, {at(0, 6), at(3, 0)}, 420);
}

void free_tier_farm(Cast& cast, std::uint64_t seed) {
    Planter plot(
        cast, seed,
        {.signature = "U04",
         .subject_kind = "origin",
         .subject = {},
         .told = "Nine trial tenants of a few days run from one machine, each up to its quota."});
    const auto& network = add_network(cast, "hosting", "US");
    const auto& client = add_client(cast, 7, 26);
    constexpr std::array<std::string_view, 9> words{"rook1", "rook2", "rook3", "rook4", "rook5",
                                                    "rook6", "rook7", "rook8", "rook9"};
    for (std::size_t i = 0; i < words.size(); ++i) {
        auto& tenant = plot.member(words[i], "Trial", network, client);
        tenant.tier = "trial";
        tenant.party = {};
        tenant.created_days = -4 - static_cast<std::int64_t>(i);
        tenant.keys.front().created_days = tenant.created_days;
        auto call = plot.from(tenant, operations::chat);
        call.model = models[0];
        call.host = 44;
        plot.each_day(call, 0, {at(0, 1), at(0, 23)}, 240);
    }
    plot.subject_is(network, 44);
}

void shared_key(Cast& cast, std::uint64_t seed) {
    Planter plot(
        cast, seed,
        {.signature = "U06",
         .subject_kind = "key",
         .subject = "k-pipit-1",
         .told = "A key sold on a forum: strangers with different software in many networks."});
    const auto& tenant = plot.tenant("pipit", "Translations", "hosting", 3);
    std::array<const Network*, 26> networks{};
    std::array<const Client*, 26> clients{};
    for (std::size_t i = 0; i < networks.size(); ++i) {
        networks[i] =
            &add_network(cast, i % 3 == 0 ? "hosting" : "isp", countries[i % countries.size()]);
        clients[i] = &add_client(cast, i, 20 + static_cast<unsigned>(i / 14));
    }
    auto call = plot.from(tenant, operations::chat);
    call.model = models[0];
    plot.spread(call, {at(0, 0), at(3, 0)}, 300);
    plot.spread(call, {at(1, 6), at(2, 6)}, 900, [&](Call& one, std::uint64_t index) {
        one.network = networks[index % networks.size()];
        one.client = clients[index % clients.size()];
        one.host = static_cast<std::uint16_t>(20 + index % 3);
    });
}

void stolen_keys_resold(Cast& cast, std::uint64_t seed) {
    Planter plot(
        cast, seed,
        {.signature = "U07",
         .subject_kind = "origin",
         .subject = {},
         .told =
             "A resale proxy uses keys stolen from nine tenants, the next when one is refused."});
    const auto& network = add_network(cast, "hosting", "NL");
    const auto& client = add_client(cast, 12, 11);
    std::array<const Tenant*, 9> victims{};
    for (std::size_t i = 0; i < victims.size(); ++i) victims[i] = &cast.tenants[3 + i * 5];
    Call call = plot.from(*victims[0], operations::chat);
    call.model = models[0];
    call.network = &network;
    call.client = &client;
    call.host = 77;
    plot.spread(call, {at(1, 9), at(1, 15)}, 1'200, [&](Call& one, std::uint64_t index) {
        one.tenant = victims[index % victims.size()];
        one.key = &one.tenant->keys.front();
        if (plot.random().chance(120)) {
            one.status = plot.random().chance(500) ? 401 : 429;
            one.error = one.status == 401 ? "InvalidKey" : "RateLimited";
        }
    });
    plot.subject_is(network, 77);
}

void leaked_key_adopted(Cast& cast, std::uint64_t seed) {
    Planter plot(
        cast, seed,
        {.signature = "U08",
         .subject_kind = "key",
         .subject = "k-siskin-1",
         .told = "A key was pushed to a public repository; a stranger uses it 14 minutes later."});
    auto& tenant = plot.tenant("siskin", "Robotics", "business", 1);
    plot.leak(tenant, at(1, 12));
    auto call = plot.from(tenant, operations::chat);
    call.model = models[1];
    plot.spread(call, {at(0, 0), at(3, 0)}, 500);
    call.network = &add_network(cast, "hosting", "VN");
    call.client = &add_client(cast, 8, 5);
    plot.spread(call, {at(1, 12) + 14, at(2, 6)}, 420);
}

void revoked_key_echo(Cast& cast, std::uint64_t seed) {
    Planter plot(cast, seed,
                 {.signature = "U20",
                  .subject_kind = "key",
                  .subject = "k-dunlin-2",
                  .told = "A key revoked three days ago is still tried a hundred times an hour."});
    auto& tenant = plot.tenant("dunlin", "Freight", "business", 6);
    plot.revoked_key(tenant, "k-dunlin-2", -200, -3);
    auto call = plot.from(tenant, operations::analyze);
    plot.spread(call, {at(0, 0), at(3, 0)}, 300);
    call.key = &tenant.keys.back();
    call.network = &add_network(cast, "hosting", "PL");
    call.client = &add_client(cast, 4, 22);
    call.status = 401;
    call.error = "KeyRevoked";
    plot.spread(call, {at(1, 2), at(1, 8)}, 600);
}

void mass_identification(Cast& cast, std::uint64_t seed) {
    Planter plot(
        cast, seed,
        {.signature = "P01",
         .subject_kind = "tenant",
         .subject = "t-harrier",
         .told = "A licensee for time keeping searches a gallery of four million, all day."});
    const auto& tenant = plot.tenant("harrier", "Timekeeping", "business", 5);
    plot.licence("l-harrier", tenant, "time keeping", {.from = -2'000});
    auto call = plot.from(tenant, operations::identify, Gallery{"harrier-city", 4'000'000});
    plot.each_day(call, 0, {at(0, 5), at(0, 23)}, 1'800);
}

void gallery_building(Cast& cast, std::uint64_t seed) {
    Planter plot(cast, seed,
                 {.signature = "P04",
                  .subject_kind = "tenant",
                  .subject = "t-magpie",
                  .told = "Fifteen thousand persons a day are enrolled where forty employees "
                          "were declared."});
    const auto& tenant = plot.tenant("magpie", "Offices", "hosting", 9);
    plot.licence("l-magpie", tenant, "access control, 40 staff", {.from = -700});
    auto call = plot.from(tenant, operations::person);
    call.gallery = "magpie-faces";
    plot.each_day(call, 1, {at(0, 0), at(1, 0)}, 600, enrolling(25));
}

void denied_model_grinding(Cast& cast, std::uint64_t seed) {
    Planter plot(cast, seed,
                 {.signature = "P22",
                  .subject_kind = "key",
                  .subject = "k-shrike-1",
                  .told = "One key tries every model in every region, and is denied everywhere."});
    const auto& tenant = plot.tenant("shrike", "Ventures", "hosting", 13);
    auto call = plot.from(tenant, operations::chat);
    call.status = 403;
    call.error = "ModelAccessDenied";
    plot.spread(call, {at(1, 16), at(1, 20)}, 240, [&](Call& one, std::uint64_t index) {
        one.model = models[index % models.size()];
        one.region = regions[index / models.size() % regions.size()];
    });
}

}  // namespace

void plant_abuses(Cast& cast, std::uint64_t seed) {
    gated_without_licence(cast, seed);
    use_after_lapse(cast, seed);
    free_tier_farm(cast, seed);
    shared_key(cast, seed);
    stolen_keys_resold(cast, seed);
    leaked_key_adopted(cast, seed);
    revoked_key_echo(cast, seed);
    mass_identification(cast, seed);
    gallery_building(cast, seed);
    denied_model_grinding(cast, seed);
}

}  // namespace generate
