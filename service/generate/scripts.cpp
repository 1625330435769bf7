#include "generate/scene.hpp"

#include <array>

/// The scripts: what parties do, and what is known of them. Each plants one party.
namespace generate {
namespace {

Caller own(Scene& scene, const Tenant& tenant, const Client& client) {
    return {
        .tenant = tenant, .key = tenant.keys.front(), .network = scene.home(), .client = client};
}

void licence_of_tenant(Scene& scene, const Tenant& tenant) {
    scene.stage.licences.push_back({.tenant = tenant.uid, .party = {}});
}

// Own account: the registry has the tenant as the party's.

void by_name(Scene& scene) {
    scene.registered();
    Tenant& tenant = scene.account("enterprise", scene.asked().party);
    licence_of_tenant(scene, tenant);
    scene.uses(own(scene, tenant, scene.stage.stock()), Work::gated);
    scene.know_name();
    scene.marks().customer = true;
    scene.marks().searchable = false;
    scene.licence_is({"licensed"});
}

void by_alias(Scene& scene) {
    PartyRow& party = scene.registered();
    Tenant& tenant = scene.account("paid", party.uid);
    scene.uses(own(scene, tenant, scene.software()), Work::gated);
    scene.know("party", party.aliases.front());
    scene.know_home();
    scene.marks().customer = true;
    scene.licence_is({"unlicensed"});
}

void by_domain(Scene& scene) {
    PartyRow& party = scene.registered();
    Tenant& tenant = scene.account("paid", party.uid);
    scene.uses(own(scene, tenant, scene.stage.stock()), Work::open);
    scene.know("domain", "www." + party.domains.front());
    scene.marks().customer = true;
    scene.marks().searchable = false;
}

void by_registered_network(Scene& scene) {
    PartyRow& party = scene.registered();
    party.networks = {scene.home().cidr};
    Tenant& tenant = scene.account("paid", party.uid);
    scene.stage.licences.push_back({.tenant = tenant.uid, .party = {}, .valid_to = -500});
    scene.uses(own(scene, tenant, scene.stage.stock()), Work::gated);
    scene.know_home();
    scene.marks().customer = true;
    scene.licence_is({"unlicensed"});
}

void licence_told_late(Scene& scene) {
    PartyRow& party = scene.registered();
    Tenant& tenant = scene.account("enterprise", party.uid);
    scene.stage.licences.push_back({.tenant = {}, .party = party.uid, .known_from = Truth::hours});
    scene.uses(own(scene, tenant, scene.software()), Work::gated);
    scene.know_name();
    scene.know_software();
    scene.marks().customer = true;
    scene.licence_is({"licensed"});
}

void unknown_owner(Scene& scene) {
    Tenant& tenant = scene.account("paid", {});
    licence_of_tenant(scene, tenant);
    scene.uses(own(scene, tenant, scene.software()), Work::gated);
    scene.know_name();
    scene.know_home();
    scene.know_software();
    scene.licence_is({"licensed", "unclear"});
}

void own_system(Scene& scene) {
    // It runs its own AS; its software says nothing.
    const Network& network = scene.stage.network("business", scene.name());
    scene.registered();
    Tenant& tenant = scene.account("paid", scene.asked().party);
    scene.uses({.tenant = tenant,
                .key = tenant.keys.front(),
                .network = network,
                .client = scene.stage.stock()},
               Work::open);
    scene.know_name();
    scene.know("asn", std::to_string(network.asn));
    scene.marks().customer = true;
}

// Subsidiary: another party's account, which the party owns or does not.

PartyRow& child_of(Scene& scene, std::string_view percent) {
    const std::string stem = scene.stage.word();
    PartyRow& child = scene.stage.parties.emplace_back(PartyRow{.uid = "p-" + stem,
                                                                .name = stem + " Services",
                                                                .aliases = {},
                                                                .domains = {},
                                                                .networks = {}});
    scene.stage.owners.push_back({child.uid, scene.asked().party, std::string(percent)});
    return child;
}

void majority(Scene& scene) {
    scene.registered();
    PartyRow& child = child_of(scene, "80");
    Tenant& tenant = scene.account("paid", child.uid);
    scene.stage.licences.push_back({.tenant = {}, .party = child.uid});
    scene.uses(own(scene, tenant, scene.stage.stock()), Work::gated);
    scene.know_name();
    scene.marks().customer = true;
    scene.marks().searchable = false;
    scene.licence_is({"licensed"});
}

void chain(Scene& scene) {
    scene.registered();
    const std::string between = child_of(scene, "60").uid;
    PartyRow& child = child_of(scene, "100");
    scene.stage.owners.back().owner = between;
    Tenant& tenant = scene.account("paid", child.uid);
    scene.uses(own(scene, tenant, scene.stage.stock()), Work::gated);
    scene.know_name();
    scene.know("domain", scene.stem + ".example");
    scene.marks().customer = true;
    scene.marks().searchable = false;
    scene.licence_is({"unlicensed"});
}

void minority(Scene& scene) {
    scene.registered();
    Tenant& tenant = scene.bystander("paid");
    tenant.party = child_of(scene, "30").uid;
    scene.know_name();
    scene.know_home();
}

// Reseller: its key, the party's network and software.

void through_reseller(Scene& scene) {
    Tenant& reseller = scene.bystander("enterprise");
    licence_of_tenant(scene, reseller);
    scene.asked().tenants = {reseller.uid};
    scene.uses({.tenant = reseller,
                .key = scene.stage.key(reseller),
                .network = scene.home(),
                .client = scene.software()},
               Work::gated);
    scene.know_name();
    scene.know_home();
    scene.know_software();
    scene.licence_is({"unclear"});
}

void through_unlicensed_reseller(Scene& scene) {
    Tenant& reseller = scene.bystander("paid");
    scene.asked().tenants = {reseller.uid};
    scene.uses({.tenant = reseller,
                .key = scene.stage.key(reseller),
                .network = scene.home(),
                .client = scene.software()},
               Work::gated);
    scene.know_home();
    scene.know_software();
    scene.licence_is({"unlicensed", "unclear"});  // the reseller itself uses the key, too
}

void through_shared_key(Scene& scene) {
    // Another customer of the reseller makes gated calls with the same key; the party makes none.
    Tenant& reseller = scene.bystander("paid");
    scene.asked().tenants = {reseller.uid};
    const Key& key = reseller.keys.front();
    scene.uses(
        {.tenant = reseller, .key = key, .network = scene.home(), .client = scene.software()},
        Work::open);
    scene.noise({.tenant = reseller,
                 .key = key,
                 .network = scene.stage.network("business"),
                 .client = scene.stage.stock()},
                Work::gated);
    scene.know_home();
    scene.know_software();
    scene.licence_is({"not_applicable", "unclear"});
}

void with_its_own_licence(Scene& scene) {
    scene.registered();
    scene.stage.licences.push_back({.tenant = {}, .party = scene.asked().party});
    Tenant& reseller = scene.bystander("enterprise");
    scene.asked().tenants = {reseller.uid};
    scene.uses({.tenant = reseller,
                .key = scene.stage.key(reseller),
                .network = scene.home(),
                .client = scene.software()},
               Work::gated);
    scene.know_name();
    scene.know_home();
    scene.know_software();
    scene.licence_is({"licensed"});
}

// A developer's trial.

void trial_of_gated(Scene& scene) {
    const Tenant& trial = scene.account("trial", {});
    scene.uses(own(scene, trial, scene.software()), Work::gated, {.most_sessions = 8});
    scene.know_name();
    scene.know_home();
    scene.know_software();
    scene.licence_is({"unlicensed"});
}

void trial_of_open(Scene& scene) {
    const Tenant& trial = scene.account("trial", {});
    // One session at least: what an hour that is lost may hide wholly.
    scene.uses(own(scene, trial, scene.software()), Work::open,
               {.most_sessions = 2, .least_sessions = 1});
    scene.know_home();
    scene.know_software();
}

void trial_in_screenshot(Scene& scene) {
    const Tenant& trial = scene.account("trial", {});
    scene.uses(own(scene, trial, scene.stage.stock()), Work::gated, {.most_sessions = 8});
    scene.know_name();
    scene.know_home();
    scene.know_screenshot(trial.keys.front());
    scene.licence_is({"unlicensed"});
}

void trial_after_update(Scene& scene) {
    // What is known of its software is a version that nobody runs any more.
    const Tenant& trial = scene.account("trial", {});
    scene.uses(own(scene, trial, scene.software()), Work::gated, {.most_sessions = 8});
    scene.know_home();
    scene.know("user-agent", scene.token + "/3.9 (Linux)");
    scene.licence_is({"unlicensed"});
}

void many_teams(Scene& scene) {
    // So many that its network looks like one that strangers share.
    for (int team = 0; team < 10; ++team) {
        const Tenant& trial = scene.account("trial", {});
        scene.uses(own(scene, trial, scene.software()), Work::gated, {.most_sessions = 5});
    }
    scene.know_name();
    scene.know_home();
    scene.know_software();
    scene.licence_is({"unlicensed"});
}

void beside_a_contractor(Scene& scene) {
    // Another firm works in its network, with software of no name.
    scene.bystander("paid").networks = {&scene.home()};
    const Tenant& trial = scene.account("trial", {});
    scene.uses(own(scene, trial, scene.software()), Work::gated, {.most_sessions = 8});
    scene.know_home();
    scene.know_software();
    scene.licence_is({"unlicensed"});
}

/// The party sells its software, and others call with it from their own networks.
void sell_software(Scene& scene) {
    for (int i = 0; i < 12; ++i) scene.bystander("paid").clients = {&scene.software()};
}

void product_of_many(Scene& scene) {
    sell_software(scene);
    const Tenant& trial = scene.account("trial", {});
    scene.uses(own(scene, trial, scene.software()), Work::gated, {.most_sessions = 8});
    scene.know_home();
    scene.know_software();
    scene.licence_is({"unlicensed"});
}

void from_home_offices(Scene& scene) {
    // Its software calls, and not from the network that is known.
    const Tenant& trial = scene.account("trial", {});
    scene.uses({.tenant = trial,
                .key = trial.keys.front(),
                .network = *scene.stage.hubs[5],
                .client = scene.software()},
               Work::open);
    scene.know_home();
    scene.know_software();
    scene.marks().weak = true;
}

// A key that leaked in mid-week; its owner goes on using it.

constexpr std::int64_t leak_hour = 60;

Tenant& victim_of(Scene& scene, bool reported) {
    Tenant& victim = scene.bystander("paid");
    if (reported) {
        scene.stage.cast.exposures.push_back({.key = victim.keys.front().uid,
                                              .minutes = leak_hour * 60,
                                              .source = "public code search"});
    }
    victim.keys.front().declared_origin = {victim.networks.front()->cidr};
    return victim;
}

void uses_leaked_key(Scene& scene) {
    Tenant& victim = victim_of(scene, true);
    scene.asked().tenants = {victim.uid};
    scene.uses(own(scene, victim, scene.software()), Work::gated, {.from_hour = leak_hour + 2});
    scene.know_home();
    scene.know_software();
    scene.know_screenshot(victim.keys.front());
    scene.licence_is({"unlicensed", "unclear"});
}

void uses_leaked_key_plainly(Scene& scene) {
    Tenant& victim = victim_of(scene, true);
    scene.asked().tenants = {victim.uid};
    scene.uses(own(scene, victim, scene.stage.stock()), Work::gated, {.from_hour = leak_hour + 2});
    scene.know_home();
    scene.know_screenshot(victim.keys.front());
    scene.marks().weak = true;
    scene.licence_is({"unlicensed", "unclear"});
}

void stranger_uses_key(Scene& scene) {
    Tenant& victim = victim_of(scene, true);
    scene.decoy({.tenant = victim,
                 .key = victim.keys.front(),
                 .network = scene.stage.network("hosting"),
                 .client = scene.stage.stock()},
                Work::gated, {.from_hour = leak_hour + 2});
    scene.know_name();
    scene.know_home();
    scene.know_screenshot(victim.keys.front());
    scene.marks().fits_many = true;  // its owner's calls fit as well
}

void stranger_uses_unreported_key(Scene& scene) {
    Tenant& victim = victim_of(scene, false);
    scene.decoy({.tenant = victim,
                 .key = victim.keys.front(),
                 .network = scene.stage.network("hosting"),
                 .client = scene.stage.stock()},
                Work::gated, {.from_hour = leak_hour + 2});
    scene.know_home();
    scene.know_software();
    scene.know("key-prefix", key_text(scene.stage.seed, victim.keys.front().uid).substr(0, 17));
    scene.marks().fits_many = true;
}

// Through a proxy: no clue of these kinds reaches it.

void through_proxy(Scene& scene) {
    Tenant& bought = scene.account("paid", {});
    scene.uses({.tenant = bought,
                .key = bought.keys.front(),
                .network = scene.stage.network("hosting"),
                .client = scene.stage.stock()},
               Work::gated);
    scene.know_name();
    scene.know_home();
    scene.know_software();
}

void through_crowd(Scene& scene) {
    Tenant& bought = scene.account("trial", {});
    scene.uses({.tenant = bought,
                .key = bought.keys.front(),
                .network = *scene.stage.hubs[3],
                .client = scene.stage.stock()},
               Work::gated);
    scene.know_home();
    scene.know_software();
}

// Absent, with something that looks like it.

void look_alike(Scene& scene) {
    Tenant& other = scene.bystander("paid");
    other.clients = {&scene.stage.product(scene.token + "-lite", 1, false)};
    scene.know_home();
    scene.know_software();
}

void behind_hub(Scene& scene) {
    const Network& hub = *scene.stage.hubs[scene.random.below(scene.stage.hubs.size())];
    scene.know_name();
    scene.know("cidr", hub.cidr);
    scene.know_software();
    scene.marks().fits_many = true;
}

void logo_claim(Scene& scene) {
    scene.registered();
    scene.stage.claims.push_back({.uid = "c-" + scene.stem,
                                  .name = scene.name(),
                                  .statement = scene.name() + " is shown as a customer",
                                  .clues = {"user-agent:" + scene.token}});
    scene.know_name();
    scene.know_home();
}

void logo_claim_alone(Scene& scene) {
    scene.stage.claims.push_back({.uid = "c-" + scene.stem,
                                  .name = scene.name(),
                                  .statement = scene.name() + " is shown as a customer",
                                  .clues = {}});
    scene.know_name();
    scene.marks().searchable = false;
}

void similar_name(Scene& scene) {
    PartyRow& other = scene.registered();
    other.uid += "-holdings";
    other.name = scene.name() + " Holdings Ltd";
    other.aliases.clear();
    scene.bystander("paid").party = other.uid;
    scene.know_name();
    scene.know_home();
}

void refused_attempts(Scene& scene) {
    Tenant& trial = scene.stage.tenant(scene.stage.word(), "trial");
    scene.refused(own(scene, trial, scene.software()));
    scene.know_home();
    scene.know_software();
}

void shared_office(Scene& scene) {
    // Four other firms of the same house.
    for (int i = 0; i < 4; ++i) scene.bystander("paid").networks = {&scene.home()};
    scene.know_home();
    scene.know_software();
    scene.marks().fits_many = true;
}

void customers_of_its_product(Scene& scene) {
    sell_software(scene);
    scene.know_name();
    scene.know_home();
    scene.know_software();
    scene.marks().fits_many = true;
}

void popular_sdk(Scene& scene) {
    scene.know_home();
    scene.know("sdk", "facekit-python");
    scene.marks().fits_many = true;
}

// Framing: somebody copies the name of its software.

void copied_agent(Scene& scene) {
    Tenant& copyist = scene.stage.tenant(scene.stage.word(), "trial");
    scene.decoy({.tenant = copyist,
                 .key = copyist.keys.front(),
                 .network = scene.stage.network("hosting"),
                 .client = scene.software()},
                Work::gated);
    scene.know_name();
    scene.know_home();
    scene.know_software();
}

void copied_agent_in_crowd(Scene& scene) {
    // From a network that the party shares with half the world.
    const Network& hub = *scene.stage.hubs[scene.random.below(scene.stage.hubs.size())];
    Tenant& copyist = scene.stage.tenant(scene.stage.word(), "trial");
    scene.decoy({.tenant = copyist,
                 .key = copyist.keys.front(),
                 .network = hub,
                 .client = scene.software()},
                Work::gated);
    scene.know_home();
    scene.know("cidr", hub.cidr);
    scene.know_software();
    scene.marks().fits_many = true;
}

void copied_agent_next_door(Scene& scene) {
    // From the block of a cloud in which the party rents a host, among others who do.
    for (int i = 0; i < 5; ++i) scene.bystander("paid").networks = {&scene.home()};
    Tenant& copyist = scene.stage.tenant(scene.stage.word(), "trial");
    scene.decoy(own(scene, copyist, scene.software()), Work::gated);
    scene.know_home();
    scene.know_software();
    scene.marks().fits_many = true;
}

void copied_agent_of_customer(Scene& scene) {
    // The party has an account that does nothing.
    PartyRow& party = scene.registered();
    scene.stage.tenant(scene.stem, "paid").party = party.uid;
    Tenant& copyist = scene.stage.tenant(scene.stage.word(), "trial");
    scene.decoy({.tenant = copyist,
                 .key = copyist.keys.front(),
                 .network = scene.stage.network("hosting"),
                 .client = scene.software()},
                Work::gated);
    scene.know_name();
    scene.know_software();
}

struct Script {
    Route route;
    std::string_view variant;
    void (*plant)(Scene&);
};

constexpr std::array<Script, 41> scripts{{
    {Route::own_account, "by name", by_name},
    {Route::reseller, "licensed reseller", through_reseller},
    {Route::absent, "look-alike product", look_alike},
    {Route::personal_trial, "gated operation", trial_of_gated},
    {Route::leaked_key, "own software", uses_leaked_key},
    {Route::framing, "copied agent", copied_agent},
    {Route::subsidiary, "majority", majority},
    {Route::proxy, "own proxy", through_proxy},
    {Route::absent, "behind a hub", behind_hub},
    {Route::own_account, "by alias", by_alias},
    {Route::personal_trial, "open operation", trial_of_open},
    {Route::absent, "logo claim", logo_claim},
    {Route::leaked_key, "used by a stranger", stranger_uses_key},
    {Route::own_account, "by domain", by_domain},
    {Route::reseller, "unlicensed reseller", through_unlicensed_reseller},
    {Route::absent, "similar name", similar_name},
    {Route::subsidiary, "chain", chain},
    {Route::framing, "copied agent in a crowd", copied_agent_in_crowd},
    {Route::own_account, "by network", by_registered_network},
    {Route::personal_trial, "screenshot", trial_in_screenshot},
    {Route::absent, "refused attempts", refused_attempts},
    {Route::proxy, "crowd", through_crowd},
    {Route::own_account, "licence told late", licence_told_late},
    {Route::leaked_key, "stock software", uses_leaked_key_plainly},
    {Route::absent, "shared office", shared_office},
    {Route::subsidiary, "minority", minority},
    {Route::reseller, "shared key", through_shared_key},
    {Route::own_account, "unknown owner", unknown_owner},
    {Route::leaked_key, "stranger, not reported", stranger_uses_unreported_key},
    {Route::personal_trial, "after an update", trial_after_update},
    {Route::absent, "popular SDK", popular_sdk},
    {Route::reseller, "party's own licence", with_its_own_licence},
    {Route::own_account, "own network", own_system},
    {Route::absent, "name and logo only", logo_claim_alone},
    {Route::framing, "copied agent of a customer", copied_agent_of_customer},
    {Route::personal_trial, "many teams", many_teams},
    {Route::personal_trial, "beside a contractor", beside_a_contractor},
    {Route::personal_trial, "product of many", product_of_many},
    {Route::personal_trial, "home offices", from_home_offices},
    {Route::absent, "customers of its product", customers_of_its_product},
    {Route::framing, "copied agent next door", copied_agent_next_door},
}};

}  // namespace

void plant_party(Stage& stage) {
    const Script& script = scripts[stage.asked.size() % scripts.size()];
    Scene scene(stage, script.route, script.variant);
    script.plant(scene);
}

}  // namespace generate
