#include "registry/registry.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <random>
#include <set>

namespace registry {
namespace {

using base::EventTime;

EventTime hour(std::int64_t hours) {
    return EventTime{std::chrono::hours{hours}};
}

Tenant tenant(std::string uid, std::string party = {}) {
    Tenant out;
    out.uid = std::move(uid);
    out.party = std::move(party);
    return out;
}

Licence licence(std::string uid, std::string subject) {
    Licence out;
    out.uid = std::move(uid);
    out.subject = std::move(subject);
    out.operations = {"Face.*"};
    return out;
}

Gate gate() {
    return {
        .uid = "g", .service = {}, .operations = {"Face.Identify", "Face.Verify"}, .clause = "c"};
}

std::shared_ptr<const Registry> build(Rows rows) {
    auto built = Registry::build(std::move(rows));
    EXPECT_TRUE(built);
    return *built;
}

LicenceAnswer ask(const Registry& registry, std::int64_t at, std::string_view tenant_uid = "t",
                  std::string_view operation = "Face.Identify") {
    return registry.licence({.tenant = tenant_uid,
                             .service = "Face",
                             .operation = operation,
                             .region = "eu1",
                             .at = hour(at)});
}

TEST(LicenceState, IsNotGatedWhenNoGateCoversTheOperation) {
    Rows rows;
    rows.gates = {gate()};
    rows.tenants = {tenant("t")};
    const auto registry = build(rows);
    EXPECT_EQ(ask(*registry, 0, "t", "Face.Detect").state, LicenceState::not_gated);
    EXPECT_EQ(ask(*registry, 0, "nobody", "Face.Detect").state, LicenceState::not_gated);
}

TEST(LicenceState, IsMissingOnlyForAKnownTenant) {
    Rows rows;
    rows.gates = {gate()};
    rows.tenants = {tenant("t")};
    const auto registry = build(rows);
    EXPECT_EQ(ask(*registry, 0).state, LicenceState::missing);
    EXPECT_EQ(ask(*registry, 0, "nobody").state, LicenceState::unclear);
    EXPECT_EQ(ask(*registry, 0, "").state, LicenceState::unclear);
}

TEST(LicenceState, IsUnclearWhenTheCallDoesNotNameItsOperation) {
    Rows rows;
    rows.gates = {gate()};
    rows.tenants = {tenant("t")};
    EXPECT_EQ(ask(*build(rows), 0, "t", "").state, LicenceState::unclear);
}

TEST(LicenceState, IgnoresTheCaseOfOperations) {
    Rows rows;
    rows.gates = {gate()};
    rows.tenants = {tenant("t")};
    EXPECT_EQ(ask(*build(rows), 0, "t", "FACE.identify").state, LicenceState::missing);
}

TEST(LicenceState, LapsesAfterTheGraceAndNotBefore) {
    Rows rows;
    rows.gates = {gate()};
    rows.tenants = {tenant("t")};
    Licence row = licence("l", "t");
    row.valid_from = hour(100);
    row.valid_to = hour(200);
    row.grace = std::chrono::hours{10};
    rows.licences = {row};
    const auto registry = build(rows);
    EXPECT_EQ(ask(*registry, 99).state, LicenceState::missing);
    EXPECT_EQ(ask(*registry, 100).state, LicenceState::covered);
    EXPECT_EQ(ask(*registry, 209).state, LicenceState::covered);
    const auto lapsed = ask(*registry, 210);
    EXPECT_EQ(lapsed.state, LicenceState::lapsed);
    EXPECT_EQ(lapsed.licence->uid, "l");
    EXPECT_EQ(lapsed.ended, hour(200));
    EXPECT_EQ(lapsed.from, hour(210));
}

TEST(LicenceState, CoversATenantThroughItsParty) {
    Rows rows;
    rows.gates = {gate()};
    rows.tenants = {tenant("t", "p"), tenant("u", "q")};
    Licence row = licence("l", "p");
    row.subject_kind = Licence::Subject::party;
    rows.licences = {row};
    const auto registry = build(rows);
    EXPECT_EQ(ask(*registry, 0, "t").state, LicenceState::covered);
    EXPECT_EQ(ask(*registry, 0, "u").state, LicenceState::missing);
}

TEST(LicenceState, DoesNotReachOtherRegionsAndIsUnclearWithoutOne) {
    Rows rows;
    rows.gates = {gate()};
    rows.tenants = {tenant("t")};
    Licence row = licence("l", "t");
    row.regions = {"us*"};
    rows.licences = {row};
    const auto registry = build(rows);
    EXPECT_EQ(ask(*registry, 0).state, LicenceState::missing);
    EXPECT_EQ(registry
                  ->licence({.tenant = "t",
                             .service = "Face",
                             .operation = "Face.Verify",
                             .region = "",
                             .at = hour(0)})
                  .state,
              LicenceState::unclear);
}

TEST(LicenceState, AnswersAsKnownThen) {
    Rows rows;
    rows.gates = {gate()};
    rows.tenants = {tenant("t")};
    Licence first = licence("l", "t");
    first.valid_to = hour(100);
    first.known_from = hour(0);
    first.known_to = hour(150);
    Licence second = first;
    second.valid_to = hour(300);
    second.known_from = hour(150);
    second.known_to = {};
    rows.licences = {second, first};
    const auto registry = build(rows);
    LicenceQuery query{.tenant = "t",
                       .service = "Face",
                       .operation = "Face.Verify",
                       .region = "eu1",
                       .at = hour(120)};
    EXPECT_EQ(registry->licence(query).state, LicenceState::covered);
    query.known_at = hour(149);
    EXPECT_EQ(registry->licence(query).state, LicenceState::lapsed);
    query.known_at = hour(150);
    EXPECT_EQ(registry->licence(query).state, LicenceState::covered);
    query.known_at = hour(-1);
    EXPECT_EQ(registry->licence(query).state, LicenceState::missing);
}

TEST(LicenceState, IsUnclearWhenVersionsContradictEachOther) {
    Rows rows;
    rows.gates = {gate()};
    rows.tenants = {tenant("t")};
    Licence first = licence("l", "t");
    first.valid_to = hour(100);
    Licence second = licence("l", "t");
    second.known_from = hour(50);
    second.valid_to = hour(300);
    rows.licences = {first, second};
    const auto registry = build(rows);
    EXPECT_EQ(ask(*registry, 80).state, LicenceState::covered);  // both agree
    EXPECT_EQ(ask(*registry, 120).state, LicenceState::unclear);
    EXPECT_EQ(ask(*registry, 300).state, LicenceState::lapsed);
}

TEST(LicenceState, DoesNotOverflowOnFarEnds) {
    Rows rows;
    rows.gates = {gate()};
    rows.tenants = {tenant("t")};
    Licence row = licence("l", "t");
    row.valid_to = EventTime::max() - std::chrono::seconds{1};
    row.grace = std::chrono::seconds::max();
    rows.licences = {row};
    EXPECT_EQ(ask(*build(rows), 0).state, LicenceState::covered);
}

TEST(Registry, RefusesTwoRowsOfOneUid) {
    Rows rows;
    rows.tenants = {tenant("t"), tenant("t")};
    EXPECT_FALSE(Registry::build(rows));
    rows.tenants = {tenant("")};
    EXPECT_FALSE(Registry::build(rows));
}

TEST(Registry, HasOneVersionForOneContent) {
    Rows rows;
    rows.tenants = {tenant("a"), tenant("b")};
    Rows turned;
    turned.tenants = {tenant("b"), tenant("a")};
    EXPECT_EQ(build(rows)->version(), build(turned)->version());
    turned.tenants[0].name = "B";
    EXPECT_NE(build(rows)->version(), build(turned)->version());
}

TEST(Registry, FindsTheFirstExposureByKeyAndByHash) {
    Rows rows;
    rows.leaks = {{.key = "k", .key_hash = "h", .first_seen = hour(9), .source = "b"},
                  {.key = "k", .key_hash = {}, .first_seen = hour(3), .source = "a"}};
    const auto registry = build(rows);
    EXPECT_EQ(registry->leak("k")->first_seen, hour(3));
    EXPECT_EQ(registry->leak("h")->first_seen, hour(9));
    EXPECT_EQ(registry->leak("x"), nullptr);
}

TEST(Glob, MatchesAsASlowOracleDoes) {
    const auto slow = [](auto&& self, std::string_view glob, std::string_view text) -> bool {
        if (glob.empty()) return text.empty();
        if (glob[0] == '*')
            return self(self, glob.substr(1), text) ||
                   (!text.empty() && self(self, glob, text.substr(1)));
        if (text.empty()) return false;
        const bool same = glob[0] == '?' || std::tolower(glob[0]) == std::tolower(text[0]);
        return same && self(self, glob.substr(1), text.substr(1));
    };
    std::mt19937 random(3);
    for (int round = 0; round < 20'000; ++round) {
        std::string glob;
        std::string text;
        for (unsigned i = random() % 8; i > 0; --i) glob += "abA*?"[random() % 5];
        for (unsigned i = random() % 8; i > 0; --i) text += "abB"[random() % 3];
        ASSERT_EQ(glob_matches(glob, text), slow(slow, glob, text)) << glob << " on " << text;
    }
}

// --- the same answers as a reading of the rules that looks at every row of every licence ---------

class LicenceParameters : public testing::Test {
protected:
    /// The state of a call under one licence with these parameters.
    LicenceState state(std::vector<std::string> parameters, call::Field field, call::Value value) {
        Rows rows;
        rows.gates = {gate()};
        rows.tenants = {tenant("t")};
        rows.licences = {licence("l", "t")};
        rows.licences[0].parameters = std::move(parameters);
        const auto registry = build(std::move(rows));
        LicenceQuery query{.tenant = "t", .service = "Face", .operation = "Face.Identify"};
        for (std::size_t place = 0; place < query.parameters.size(); ++place)
            if (parameter_field(place) == field) query.parameters[place] = value;
        return registry->licence(query).state;
    }
    LicenceState model(std::vector<std::string> parameters, std::string_view value) {
        return state(std::move(parameters), call::Field::model, call::Value::of(value));
    }
    LicenceState units(call::Value value) {
        return state({"usage.units=100"}, call::Field::units, value);
    }
};

TEST_F(LicenceParameters, CoverTheValuesTheyName) {
    const std::vector<std::string> small = {"gen_ai.request.model=small-*",
                                            "gen_ai.request.model=tiny"};
    EXPECT_EQ(model(small, "small-2"), LicenceState::covered);
    EXPECT_EQ(model(small, "TINY"), LicenceState::covered);
    EXPECT_EQ(model(small, "large-2"), LicenceState::missing);
    EXPECT_EQ(model(small, "tiny2"), LicenceState::missing);
}

TEST_F(LicenceParameters, AreUnclearWhereTheCallDoesNotSay) {
    EXPECT_EQ(model({"gen_ai.request.model=small-*"}, ""), LicenceState::unclear);
    EXPECT_EQ(state({"gen_ai.request.model=small-*"}, call::Field::model, {}),
              LicenceState::unclear);
    EXPECT_EQ(state({"gen_ai.request.model=*"}, call::Field::model, call::Value::null()),
              LicenceState::unclear);
    EXPECT_EQ(units({}), LicenceState::unclear);
    EXPECT_EQ(units(call::Value::of(std::string_view("some"))), LicenceState::unclear);
    EXPECT_EQ(units(call::Value::of(std::numeric_limits<double>::quiet_NaN())),
              LicenceState::unclear);
    // One value shows that the call is outside, whatever else it does not say.
    EXPECT_EQ(model({"usage.units=100", "gen_ai.request.model=small-*"}, "large"),
              LicenceState::missing);
}

TEST_F(LicenceParameters, OfListsCoverWhatIsWhollyInside) {
    const auto of = [](std::string_view text) { return call::Value::of(text); };
    const std::array<call::Value, 2> inside = {of("faces-1"), of("faces-2")};
    const std::array<call::Value, 2> partly = {of("faces-1"), of("role")};
    const std::array<call::Value, 2> outside = {of("crowd"), of("role")};
    const auto resources = [&](std::span<const call::Value> list) {
        return state({"resources.uid=faces-*"}, call::Field::resource_uid, call::Value::of(list));
    };
    EXPECT_EQ(resources(inside), LicenceState::covered);
    EXPECT_EQ(resources(partly), LicenceState::unclear);
    EXPECT_EQ(resources(outside), LicenceState::missing);
    EXPECT_EQ(resources({}), LicenceState::unclear);
}

TEST_F(LicenceParameters, AllowTheGreatestValueAndNoMore) {
    EXPECT_EQ(units(call::Value::of(std::int64_t{100})), LicenceState::covered);
    EXPECT_EQ(units(call::Value::of(std::int64_t{101})), LicenceState::missing);
    EXPECT_EQ(units(call::Value::of(std::int64_t{-1})), LicenceState::covered);
    EXPECT_EQ(units(call::Value::of(UINT64_MAX)), LicenceState::missing);
    EXPECT_EQ(units(call::Value::of(100.0)), LicenceState::covered);
    EXPECT_EQ(units(call::Value::of(100.5)), LicenceState::missing);
    EXPECT_EQ(units(call::Value::of(std::string_view("100"))), LicenceState::covered);
    EXPECT_EQ(units(call::Value::of(std::string_view("1e3"))), LicenceState::missing);
    const std::vector<std::string> most = {"usage.units=9007199254740992"};
    EXPECT_EQ(state(most, call::Field::units, call::Value::of(std::int64_t{1} << 53)),
              LicenceState::covered);
    EXPECT_EQ(state(most, call::Field::units, call::Value::of((std::int64_t{1} << 53) + 1)),
              LicenceState::missing);
}

TEST_F(LicenceParameters, OfEarlierImportsThatNothingTestsLimitNothing) {
    EXPECT_EQ(model({"returnFaceId=true", "nonsense", "usage.units=many"}, "any"),
              LicenceState::covered);
}

TEST_F(LicenceParameters, NeverHideThatAnotherLicenceCovers) {
    Rows rows;
    rows.gates = {gate()};
    rows.tenants = {tenant("t")};
    rows.licences = {licence("a", "t"), licence("b", "t")};
    rows.licences[0].parameters = {"gen_ai.request.model=small"};
    const auto registry = build(std::move(rows));
    const auto answer = ask(*registry, 0);
    EXPECT_EQ(answer.state, LicenceState::covered);
    EXPECT_EQ(answer.licence->uid, "b");
    EXPECT_TRUE(answer.by_parameters);
}

struct World {
    Rows rows;
    std::vector<std::string> tenants = {"t1", "t2", "t3", "stranger", ""};
    std::vector<std::string> operations = {"Face.Identify", "Face.Verify", "Face.Detect", ""};
    std::vector<std::string> regions = {"eu1", "us1", ""};
    std::vector<std::string> services = {"Face", "Other", ""};
};

World random_world(std::mt19937& random) {
    World world;
    world.rows.tenants = {tenant("t1", "p1"), tenant("t2", "p1"), tenant("t3")};
    Gate one = gate();
    if (random() % 3 == 0) one.service = "Face";
    world.rows.gates = {one};
    const auto maybe = [&](std::optional<EventTime>& time) {
        if (random() % 3 != 0) time = hour(static_cast<std::int64_t>(random() % 20));
    };
    for (unsigned i = random() % 6; i > 0; --i) {
        Licence row = licence("l" + std::to_string(random() % 3), "");
        row.subject_kind = random() % 3 == 0 ? Licence::Subject::party : Licence::Subject::tenant;
        row.subject =
            row.subject_kind == Licence::Subject::party ? "p1" : world.tenants[random() % 4];
        row.operations = {random() % 2 == 0 ? "Face.*" : "Face.Verify"};
        if (random() % 3 == 0) row.regions = {random() % 2 == 0 ? "eu*" : "us*"};
        if (random() % 4 == 0) row.service = random() % 2 == 0 ? "Face" : "Oth*";
        maybe(row.valid_from);
        maybe(row.valid_to);
        maybe(row.known_from);
        maybe(row.known_to);
        row.grace = std::chrono::hours{random() % 4};
        if (random() % 3 == 0)
            row.parameters = {random() % 2 == 0 ? "gen_ai.request.model=small*"
                                                : "gen_ai.request.model=l?rge"};
        world.rows.licences.push_back(row);
    }
    return world;
}

// What one row says: 'c'overs, 'd'oubtful, 'l'apsed, '-' nothing.
char says(const Licence& row, const LicenceQuery& query) {
    bool doubt = false;
    const auto limited = [&](const std::vector<std::string>& globs, std::string_view text) {
        if (globs.empty()) return true;
        if (text.empty()) return doubt = true;
        return std::ranges::any_of(globs, [&](auto& glob) { return glob_matches(glob, text); });
    };
    if (!limited(row.operations, query.operation)) return '-';
    if (!limited(row.regions, query.region)) return '-';
    if (!limited(row.service.empty() ? std::vector<std::string>{}
                                     : std::vector<std::string>{row.service},
                 query.service))
        return '-';
    if (!row.parameters.empty()) {
        const auto globs = std::vector{row.parameters[0].substr(row.parameters[0].find('=') + 1)};
        if (!limited(globs, query.parameters[0].text_or_empty())) return '-';
    }
    if (row.valid_from && query.at < *row.valid_from) return '-';
    if (row.valid_to && query.at >= *row.valid_to + row.grace) return 'l';
    return doubt ? 'd' : 'c';
}

LicenceState oracle(const World& world, const LicenceQuery& query) {
    const Gate& one = world.rows.gates[0];
    const bool named = one.service.empty() || query.service == one.service;
    const bool service_open = !one.service.empty() && query.service.empty();
    const bool listed = query.operation == "Face.Identify" || query.operation == "Face.Verify";
    if (!(named || service_open) || !(listed || query.operation.empty()))
        return LicenceState::not_gated;
    if (service_open || query.operation.empty()) return LicenceState::unclear;

    const Tenant* holder = nullptr;
    for (const auto& row : world.rows.tenants)
        if (row.uid == query.tenant) holder = &row;
    std::set<char> verdicts;
    for (const bool of_party : {false, true}) {
        for (const char* uid : {"l0", "l1", "l2"}) {
            std::set<char> versions;
            for (const auto& row : world.rows.licences) {
                const bool mine = of_party ? row.subject_kind == Licence::Subject::party &&
                                                 holder != nullptr && row.subject == holder->party
                                           : row.subject_kind == Licence::Subject::tenant &&
                                                 row.subject == query.tenant;
                if (!mine || row.uid != uid) continue;
                const bool believed =
                    query.known_at ? (!row.known_from || *row.known_from <= *query.known_at) &&
                                         (!row.known_to || *query.known_at < *row.known_to)
                                   : !row.known_to;
                if (believed) versions.insert(says(row, query));
            }
            if (versions.size() > 1)
                verdicts.insert('d');
            else if (versions.size() == 1)
                verdicts.insert(*versions.begin());
        }
    }
    if (verdicts.contains('c')) return LicenceState::covered;
    if (holder == nullptr || verdicts.contains('d')) return LicenceState::unclear;
    return verdicts.contains('l') ? LicenceState::lapsed : LicenceState::missing;
}

TEST(LicenceState, EqualsAReadingOfEveryRow) {
    std::mt19937 random(11);
    for (int round = 0; round < 3'000; ++round) {
        const World world = random_world(random);
        const auto registry = build(world.rows);
        for (int question = 0; question < 20; ++question) {
            LicenceQuery query{.tenant = world.tenants[random() % world.tenants.size()],
                               .service = world.services[random() % world.services.size()],
                               .operation = world.operations[random() % world.operations.size()],
                               .region = world.regions[random() % world.regions.size()],
                               .at = hour(static_cast<std::int64_t>(random() % 26) - 2)};
            if (random() % 3 > 0)
                query.parameters[0] =
                    call::Value::of(std::string_view(random() % 2 == 0 ? "small" : "large"));
            if (random() % 2 == 0)
                query.known_at = hour(static_cast<std::int64_t>(random() % 22) - 1);
            const LicenceAnswer answer = registry->licence(query);
            ASSERT_EQ(name(answer.state), name(oracle(world, query))) << round;
            ASSERT_TRUE(answer.from <= query.at && query.at < answer.until);
            // Inside its span the answer stays the same.
            for (std::int64_t at = -2; at < 26; ++at) {
                if (hour(at) < answer.from || hour(at) >= answer.until) continue;
                LicenceQuery other = query;
                other.at = hour(at);
                ASSERT_EQ(name(registry->licence(other).state), name(answer.state)) << round;
            }
        }
    }
}

}  // namespace
}  // namespace registry
