#include "generate/scene.hpp"

#include <array>

namespace generate {
namespace {

constexpr std::array<std::string_view, 6> businesses{"Analytics", "Vision", "Security",
                                                     "Systems",   "Crowd",  "Insight"};
constexpr std::array<std::string_view, 4> tokens{"suite", "vision", "bridge", "watch"};

std::string titled(std::string_view stem) {
    std::string out(stem);
    out.front() = static_cast<char>(out.front() - 'a' + 'A');
    return out;
}

const Operation& operation_of(Work work, Random& random) {
    if (work == Work::open) {
        return random.chance(600) ? operations::analyze : operations::detect;
    }
    if (random.chance(300)) return operations::detect;
    return random.chance(600) ? operations::identify : operations::verify;
}

}  // namespace

Scene::Scene(Stage& on, Route route, std::string_view variant)
    : stage(on),
      random(mix(mix(on.seed, "party"), std::to_string(on.asked.size()))),
      stem(on.word()),
      token(stem + "-" + std::string(random.one_of(tokens))) {
    Asked made;
    made.uid = "q-" + std::to_string(stage.asked.size() + 1);
    made.party = "p-" + stem;
    made.name = titled(stem) + " " + std::string(random.one_of(businesses));
    made.route = route;
    made.variant = variant;
    stage.asked.push_back(std::move(made));
    stage.marks.emplace_back();
    licence_is({"not_applicable"});
}

const Network& Scene::home() {
    if (!home_) home_ = &stage.network(random.chance(500) ? "business" : "hosting");
    return *home_;
}

const Client& Scene::software() {
    if (!software_) {
        const auto minor = static_cast<unsigned>(random.below(7));
        software_ = &stage.product(token, minor, random.chance(400));
    }
    return *software_;
}

PartyRow& Scene::registered() {
    return stage.parties.emplace_back(PartyRow{.uid = asked().party,
                                               .name = name() + " Ltd",
                                               .aliases = {titled(stem) + " Group"},
                                               .domains = {stem + ".example"},
                                               .networks = {}});
}

Tenant& Scene::account(std::string_view tier, std::string_view party) {
    Tenant& out = stage.tenant(tier == std::string_view("trial") ? stage.word() : stem, tier);
    out.party = party;
    asked().uses = true;
    asked().tenants.push_back(out.uid);
    return out;
}

Tenant& Scene::bystander(std::string_view tier) {
    Tenant& out = stage.tenant(stage.word(), tier);
    out.networks = {&stage.network(random.chance(500) ? "business" : "hosting")};
    out.clients = {&stage.stock()};
    out.habit = Habit::vision;
    out.weight = 40;
    return out;
}

void Scene::calls(const Caller& from, Work work, Extent extent, std::uint32_t tag, bool refused) {
    const auto sessions = random.between(extent.least_sessions, extent.most_sessions);
    const auto hours = static_cast<std::uint64_t>(extent.to_hour - extent.from_hour);
    const auto host = static_cast<std::uint16_t>(random.between(20, 200));
    for (std::uint64_t session = 0; session < sessions; ++session) {
        const auto hour = extent.from_hour + static_cast<std::int64_t>(random.below(hours));
        for (std::uint64_t left = random.between(1, 9); left > 0; --left) {
            Call call;
            const auto offset = static_cast<std::int64_t>(random.below(3'600'000'000));
            call.at =
                stage.cast.start + std::chrono::hours{hour} + std::chrono::microseconds{offset};
            call.tenant = &from.tenant;
            call.key = &from.key;
            call.network = &from.network;
            call.client = &from.client;
            call.operation = &operation_of(work, random);
            call.host = host;
            call.plot = tag;
            if (refused) {
                call.status = 403;
                call.error = "AccessDenied";
            } else if (random.chance(30)) {
                call.status = 429;
                call.error = "RateLimited";
            }
            stage.cast.planted.push_back(call);
        }
    }
}

void Scene::uses(const Caller& from, Work work, Extent extent) {
    asked().uses = true;
    calls(from, work, extent, tag_of(stage.asked.size() - 1, true), false);
}

void Scene::decoy(const Caller& from, Work work, Extent extent) {
    calls(from, work, extent, tag_of(stage.asked.size() - 1, false), false);
}

void Scene::noise(const Caller& from, Work work, Extent extent) {
    calls(from, work, extent, 0, false);
}

void Scene::refused(const Caller& from) {
    calls(from, Work::gated, {}, 0, true);
}

void Scene::know(std::string_view kind, std::string value) {
    asked().clues.push_back({kind, std::move(value)});
}

void Scene::know_software() {
    // As seen somewhere, or the bare name of the product.
    know("user-agent", random.chance(500) ? software().user_agent : token);
}

void Scene::know_screenshot(const Key& key) {
    const std::string text = key_text(stage.seed, key.uid);
    const std::string shown = random.chance(500) ? text : text.substr(0, 18) + "...";
    know("text-file", "client = FaceClient(endpoint=https://face.callerprint.example, credential=" +
                          shown + ") # see the dashboard");
}

}  // namespace generate
