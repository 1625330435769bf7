#include "generate/plant.hpp"
#include "generate/plots.hpp"

#include <array>
#include <string>
#include <vector>

namespace generate {
namespace {

void licence_renewed(Cast& cast, std::uint64_t seed) {
    Planter plot(
        cast, seed,
        {.signature = "U02",
         .benign = true,
         .subject_kind = "tenant",
         .subject = "t-linnet",
         .told = "The licence ended on the second day and had been renewed the day before."});
    const auto& tenant = plot.tenant("linnet", "Clinics", "business", 5);
    plot.licence("l-linnet-1", tenant, "patient check-in", {.from = -8'760, .to = 30});
    plot.licence("l-linnet-2", tenant, "patient check-in", {.from = 30, .known_from = 10});
    auto call = plot.from(tenant, operations::verify, Gallery{"linnet-patients", 2'100});
    plot.spread(call, {at(0, 6), at(3, 0)}, 420);
}

void licence_in_grace(Cast& cast, std::uint64_t seed) {
    Planter plot(
        cast, seed,
        {.signature = "U02",
         .benign = true,
         .subject_kind = "tenant",
         .subject = "t-dipper",
         .told = "The licence ended after a day; its contract grants thirty days to renew."});
    const auto& tenant = plot.tenant("dipper", "Leisure", "business", 2);
    plot.licence("l-dipper", tenant, "member entry",
                 {.from = -8'760, .to = 24, .grace_hours = 720});
    auto call = plot.from(tenant, operations::verify, Gallery{"dipper-members", 3'300});
    plot.spread(call, {at(0, 6), at(3, 0)}, 400);
}

void licence_recorded_late(Cast& cast, std::uint64_t seed) {
    Planter plot(
        cast, seed,
        {.signature = "U01",
         .benign = true,
         .subject_kind = "tenant",
         .subject = "t-wren",
         .told =
             "The licence was signed last month and entered in the register on the second day."});
    const auto& tenant = plot.tenant("wren", "Campus", "education", 1);
    plot.licence("l-wren", tenant, "exam entry", {.from = -720, .known_from = 26});
    auto call = plot.from(tenant, operations::identify, Gallery{"wren-students", 800});
    plot.spread(call, {at(0, 7), at(2, 18)}, 300);
}

void developer_reads_docs(Cast& cast, std::uint64_t seed) {
    Planter plot(
        cast, seed,
        {.signature = "U01",
         .benign = true,
         .subject_kind = "tenant",
         .subject = "t-plover",
         .told = "A developer tries the gated calls from the documentation; all are denied."});
    const auto& tenant = plot.tenant("plover", "Studio", "isp", 8);
    auto call = plot.from(tenant, operations::identify);
    call.status = 403;
    call.error = "UnsupportedFeature";
    plot.spread(call, {at(1, 14), at(1, 17)}, 4);
    plot.spread(plot.from(tenant, operations::detect), {at(1, 13), at(1, 18)}, 60);
}

void classroom(Cast& cast, std::uint64_t seed) {
    Planter plot(
        cast, seed,
        {.signature = "U04",
         .benign = true,
         .subject_kind = "origin",
         .subject = {},
         .told = "Twelve students with trial tenants share a university's address for a lesson."});
    const auto& network = add_network(cast, "education", "SE");
    const auto& client = add_client(cast, 0, 31);
    constexpr std::array<std::string_view, 12> words{"pupil01", "pupil02", "pupil03", "pupil04",
                                                     "pupil05", "pupil06", "pupil07", "pupil08",
                                                     "pupil09", "pupil10", "pupil11", "pupil12"};
    for (const auto word : words) {
        auto& tenant = plot.member(word, "Course", network, client);
        tenant.tier = "trial";
        tenant.party = "p-sample-university";
        tenant.party_class = "education";
        tenant.country = "SE";
        tenant.created_days = -2;
        tenant.keys.front().created_days = -2;
        tenant.keys.front().declared_origin = {network.cidr};
        plot.spread(plot.from(tenant, operations::analyze), {at(1, 13), at(1, 16)}, 25);
    }
    plot.subject_is(network, 10);
}

void mobile_app(Cast& cast, std::uint64_t seed) {
    Planter plot(
        cast, seed,
        {.signature = "U06",
         .benign = true,
         .subject_kind = "key",
         .subject = "k-robin-1",
         .told = "A phone app carries its key: thousands of networks, but one piece of software."});
    auto& tenant = plot.tenant("robin", "Recipes", "hosting", 2);
    std::vector<const Network*> networks;
    for (std::size_t i = 0; i < 60; ++i) {
        networks.push_back(
            &add_network(cast, i % 4 == 0 ? "isp" : "mobile", i % 2 == 0 ? "GB" : "DE"));
    }
    const auto& android = cast.clients.emplace_back(
        Client{"RobinRecipes/5.2 (Android 14)", "t13d1613h2_46e7e9700bed_45f260be83e2"});
    const auto& ios = cast.clients.emplace_back(
        Client{"RobinRecipes/5.2 (iOS 17.4)", "t13d2014h2_a09f3c656075_14788d8d241b"});
    plot.spread(plot.from(tenant, operations::analyze), {at(0, 0), at(3, 0)}, 4'500,
                [&](Call& one, std::uint64_t index) {
                    one.network = networks[plot.random().below(networks.size())];
                    one.client = index % 3 == 0 ? &ios : &android;
                    one.host = static_cast<std::uint16_t>(plot.random().between(2, 250));
                });
}

void managed_service(Cast& cast, std::uint64_t seed) {
    Planter plot(
        cast, seed,
        {.signature = "U07",
         .benign = true,
         .subject_kind = "origin",
         .subject = {},
         .told = "A service company runs six customers' keys from the network they declared."});
    const auto& network = add_network(cast, "business", "DE");
    const auto& client = add_client(cast, 13, 25);
    constexpr std::array<std::string_view, 6> words{"marten1", "marten2", "marten3",
                                                    "marten4", "marten5", "marten6"};
    for (const auto word : words) {
        auto& tenant = plot.member(word, "Customer", network, client);
        tenant.keys.front().declared_origin = {network.cidr};
        plot.spread(plot.from(tenant, operations::analyze), {at(0, 6), at(2, 20)}, 250);
    }
    plot.subject_is(network, 10);
}

void cloud_egress(Cast& cast, std::uint64_t seed) {
    Planter plot(
        cast, seed,
        {.signature = "U07",
         .benign = true,
         .subject_kind = "origin",
         .subject = {},
         .told = "Eight tenants leave a cloud through one address, each with its own software."});
    const auto& network = add_network(cast, "hosting", "US");
    for (std::size_t i = 0; i < 8; ++i) {
        auto call = plot.from(cast.tenants[2 + i * 4], operations::analyze);
        call.network = &network;
        call.client = &add_client(cast, i, 40 + static_cast<unsigned>(i));
        call.host = 99;
        plot.spread(call, {at(0, 3), at(2, 22)}, 120);
    }
    plot.subject_is(network, 99);
}

void owner_tests_leaked_key(Cast& cast, std::uint64_t seed) {
    Planter plot(
        cast, seed,
        {.signature = "U08",
         .benign = true,
         .subject_kind = "key",
         .subject = "k-tern-1",
         .told = "After a leak report the owner tries the key from the office and carries on."});
    auto& tenant = plot.tenant("tern", "Shipping", "business", 11);
    plot.leak(tenant, at(1, 10));
    auto call = plot.from(tenant, operations::embed);
    call.model = "glyph-4-mini";
    plot.spread(call, {at(0, 0), at(3, 0)}, 500);
    call.client = &add_client(cast, 8, 6);
    plot.spread(call, {at(1, 11), at(1, 12)}, 5);
}

void forgotten_cron_job(Cast& cast, std::uint64_t seed) {
    Planter plot(cast, seed,
                 {.signature = "U20",
                  .benign = true,
                  .subject_kind = "key",
                  .subject = "k-fulmar-2",
                  .told = "A forgotten job sends a revoked key every ten minutes."});
    auto& tenant = plot.tenant("fulmar", "Archive", "business", 10);
    plot.revoked_key(tenant, "k-fulmar-2", -500, -40);
    plot.spread(plot.from(tenant, operations::read_text), {at(0, 0), at(3, 0)}, 200);
    auto call = plot.from(tenant, operations::read_text);
    call.key = &tenant.keys.back();
    call.status = 401;
    call.error = "KeyRevoked";
    plot.spread(call, {at(0, 0), at(3, 0)}, 432);
}

void licensed_airport(Cast& cast, std::uint64_t seed) {
    Planter plot(
        cast, seed,
        {.signature = "P01",
         .benign = true,
         .subject_kind = "tenant",
         .subject = "t-gannet",
         .told = "An airport with approval compares many faces with a gallery of its passengers."});
    const auto& tenant = plot.tenant("gannet", "Airport", "business", 5);
    plot.licence("l-gannet", tenant, "boarding", {.from = -9'000});
    auto call = plot.from(tenant, operations::identify, Gallery{"gannet-boarding", 9'000});
    plot.each_day(call, 0, {at(0, 3), at(0, 23)}, 1'900);
}

void onboarding_drive(Cast& cast, std::uint64_t seed) {
    Planter plot(cast, seed,
                 {.signature = "P04",
                  .benign = true,
                  .subject_kind = "tenant",
                  .subject = "t-egret",
                  .told = "A bank moves its customers to a new gallery over three days."});
    const auto& tenant = plot.tenant("egret", "Bank", "business", 6);
    plot.licence("l-egret", tenant, "account opening", {.from = -3'000});
    auto call = plot.from(tenant, operations::person);
    call.gallery = "egret-customers";
    plot.each_day(call, 0, {at(0, 8), at(0, 18)}, 160, enrolling(20));
}

void missing_deployment(Cast& cast, std::uint64_t seed) {
    Planter plot(
        cast, seed,
        {.signature = "P22",
         .benign = true,
         .subject_kind = "key",
         .subject = "k-avocet-1",
         .told = "A newcomer's service asks for a model it was not given yet, and for no other."});
    const auto& tenant = plot.tenant("avocet", "Helpdesk", "hosting", 3);
    auto call = plot.from(tenant, operations::chat);
    call.status = 403;
    call.error = "ModelAccessDenied";
    call.model = "quill-2";
    plot.spread(call, {at(1, 9), at(1, 11)}, 40);
    call.status = 200;
    call.error = {};
    call.model = "glyph-4-mini";
    plot.spread(call, {at(1, 9), at(3, 0)}, 300);
}

}  // namespace

void plant_twins(Cast& cast, std::uint64_t seed) {
    licence_renewed(cast, seed);
    licence_in_grace(cast, seed);
    licence_recorded_late(cast, seed);
    developer_reads_docs(cast, seed);
    classroom(cast, seed);
    mobile_app(cast, seed);
    managed_service(cast, seed);
    cloud_egress(cast, seed);
    owner_tests_leaked_key(cast, seed);
    forgotten_cron_job(cast, seed);
    licensed_airport(cast, seed);
    onboarding_drive(cast, seed);
    missing_deployment(cast, seed);
}

}  // namespace generate
