#include "app/command.hpp"
#include "app/open_database.hpp"
#include "app/output.hpp"
#include "base/digest.hpp"
#include "base/log.hpp"
#include "deliver/gate.hpp"
#include "store/endpoints.hpp"
#include "store/outbox.hpp"
#include "store/seal.hpp"

#include <array>
#include <cstdio>

namespace app {
namespace {

struct Hooking {
    store::Endpoint endpoint;
    std::string secret;
    std::string id;
};

/// A signing secret as Standard Webhooks writes it: "whsec_" and base64 of 32 random bytes.
std::string new_secret() {
    std::array<std::uint8_t, 32> bytes{};
    base::random_bytes(bytes);
    return "whsec_" + base::base64(bytes);
}

/// What every webhook command needs.
struct Opened {
    Config config;
    OpenDatabase database;
    store::Sealer sealer;
};

base::Result<Opened> open(const Invocation& invocation) {
    auto config = invocation.load();
    if (!config) return std::unexpected(config.error());
    auto database = OpenDatabase::open(*config);
    if (!database) return std::unexpected(database.error());
    const auto secrets = Secrets::open(config->data_dir);
    if (!secrets) return std::unexpected(secrets.error());
    auto sealer = store::Sealer::make(secrets->key("seal"));
    if (!sealer) return std::unexpected(sealer.error());
    return Opened{std::move(*config), std::move(*database), std::move(*sealer)};
}

Exit add(const Invocation& invocation, Hooking& hooking) {
    auto opened = open(invocation);
    if (!opened) return complain(opened.error());
    const auto gate = deliver::Gate::make({.trusted = opened->config.webhook_networks});
    if (!gate) return complain(gate.error());
    // Attempts are checked again, each time; here so that a mistake is told at once.
    if (const auto url = gate->check(hooking.endpoint.url, false); !url)
        return complain(url.error());
    hooking.endpoint.secret = hooking.secret.empty() ? new_secret() : hooking.secret;
    hooking.endpoint.created = base::WallClock::now();
    const auto added =
        store::Endpoints(opened->database.session(), opened->sealer).add(hooking.endpoint, actor());
    if (!added) return complain(added.error());
    std::printf("%s  %s\nsecret  %s\n", added->id.c_str(), base::log::safe(added->url).c_str(),
                hooking.endpoint.secret.c_str());
    return Exit::done;
}

Exit list(const Invocation& invocation) {
    const auto form = form_of(invocation.output);
    if (!form) return complain(form.error());
    auto opened = open(invocation);
    if (!opened) return complain(opened.error());
    const auto endpoints = store::Endpoints(opened->database.session(), opened->sealer).list();
    if (!endpoints) return complain(endpoints.error());
    Table table{{"id", "name", "url", "format", "min_level", "enabled", "reason"}, {}};
    for (const auto& endpoint : *endpoints) {
        table.rows.push_back({boost::json::value(endpoint.id), boost::json::value(endpoint.name),
                              boost::json::value(endpoint.url), boost::json::value(endpoint.format),
                              boost::json::value(endpoint.min_level), endpoint.enabled,
                              boost::json::value(endpoint.disabled_reason)});
    }
    std::fputs(print(table, *form).c_str(), stdout);
    return Exit::done;
}

Exit remove(const Invocation& invocation, const std::string& id) {
    auto opened = open(invocation);
    if (!opened) return complain(opened.error());
    const auto done =
        store::Endpoints(opened->database.session(), opened->sealer).remove(id, actor());
    if (!done) return complain(done.error());
    std::printf("%s removed\n", base::log::safe(id).c_str());
    return Exit::done;
}

Exit replay(const Invocation& invocation, const std::string& id) {
    auto opened = open(invocation);
    if (!opened) return complain(opened.error());
    store::Outbox outbox(opened->database.session(), opened->sealer);
    const auto done = outbox.replay_dead(id, base::WallClock::now(), actor());
    if (!done) return complain(done.error());
    std::printf("%zu deliveries will be tried again\n", *done);
    return Exit::done;
}

}  // namespace

void add_webhook(CLI::App& app, Invocation& invocation) {
    auto* group = app.add_subcommand("webhook", "Endpoints that are told of alerts");
    group->require_subcommand(1);
    auto hooking = std::make_shared<Hooking>();

    auto* adds = group->add_subcommand("add", "Add an endpoint and print its signing secret");
    adds->add_option("url", hooking->endpoint.url, "Where to send, https")->required();
    adds->add_option("--name", hooking->endpoint.name, "For people; unique")->required();
    adds->add_option("--secret", hooking->secret,
                     "whsec_ and base64 of 24 to 64 bytes (default: a new one)");
    adds->add_option("--min-level", hooking->endpoint.min_level,
                     "Only alerts of this level and above")
        ->check(CLI::IsMember({"informational", "low", "medium", "high", "critical"}));
    adds->add_option("--event", hooking->endpoint.events,
                     "alert.opened, alert.updated, alert.closed, alert.reopened");
    adds->footer(
        "Example:\n  callerprint webhook add https://hooks.example.com/alerts --name soc "
        "--min-level high");
    adds->callback([&invocation, hooking] {
        invocation.action = [&invocation, hooking] { return add(invocation, *hooking); };
    });

    auto* lists = group->add_subcommand("list", "All endpoints");
    add_output(*lists, invocation);
    lists->footer("Example:\n  callerprint webhook list");
    lists->callback(
        [&invocation] { invocation.action = [&invocation] { return list(invocation); }; });

    auto* removes = group->add_subcommand(
        "remove", "Remove an endpoint; what waits for it becomes dead letters");
    removes->add_option("id", hooking->id, "Its id, ep_...")->required();
    removes->footer("Example:\n  callerprint webhook remove ep_4n7cqz2kd5w3m6ha");
    removes->callback([&invocation, hooking] {
        invocation.action = [&invocation, hooking] { return remove(invocation, hooking->id); };
    });

    auto* replays = group->add_subcommand("replay", "Try an endpoint's dead deliveries again");
    replays->add_option("id", hooking->id, "Its id, ep_...")->required();
    replays->footer("Example:\n  callerprint webhook replay ep_4n7cqz2kd5w3m6ha");
    replays->callback([&invocation, hooking] {
        invocation.action = [&invocation, hooking] { return replay(invocation, hooking->id); };
    });
}

}  // namespace app
