#include "enrich/enricher.hpp"

#include "enrich/range_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <random>
#include <vector>

namespace enrich {
namespace {

using call::Field;
using call::Value;

base::EventTime day(std::int64_t days, std::int64_t hours = 0) {
    return base::EventTime{std::chrono::days{days} + std::chrono::hours{hours}};
}

registry::Rows rows() {
    registry::Rows out;
    registry::Party party;
    party.uid = "p";
    party.name = "Party";
    party.party_class = "company";
    out.parties = {party};
    registry::Tenant tenant;
    tenant.uid = "t";
    tenant.tier = "trial";
    tenant.created = day(100);
    tenant.party = "p";
    out.tenants = {tenant};
    registry::Key key;
    key.uid = "k";
    key.tenant = "t";
    key.created = day(110);
    key.revoked = day(200);
    key.declared_origin = {*call::parse_network("198.51.100.0/24")};
    out.keys = {key};
    out.leaks = {{.key = "k", .key_hash = {}, .first_seen = day(150), .source = {}}};
    out.gates = {{.uid = "g", .service = {}, .operations = {"Face.*"}, .clause = {}}};
    registry::Licence licence;
    licence.uid = "l";
    licence.subject = "t";
    licence.operations = {"*"};
    licence.use_case = "doors";
    licence.valid_to = day(160);
    out.licences = {licence};
    return out;
}

class EnricherTest : public testing::Test {
protected:
    EnricherTest() { give(rows()); }

    void give(registry::Rows from) {
        auto built = registry::Registry::build(std::move(from));
        ASSERT_TRUE(built);
        snapshot_.registry = *built;
    }

    void add_table(std::string_view text, RangeTable::Layout layout) {
        auto table = RangeTable::parse("table", text, layout);
        ASSERT_TRUE(table);
        snapshot_.tables.push_back(*table);
    }

    void use(std::initializer_list<Field> fields, Enricher::Options options = {}) {
        auto names = std::make_shared<call::Names>();
        for (const Field field : fields) names->add(field);
        Enricher::want(*names, snapshot_.registry.get());
        names_ = names;
        enricher_.emplace(snapshot_, names_, options);
    }

    /// The facts of one call, as text; absent ones are left out.
    std::map<std::string, std::string> facts(const std::map<Field, std::string>& record,
                                             base::EventTime at = day(120)) {
        call::Batch batch(names_);
        auto row = batch.append();
        row.header.time = at;
        for (const auto& [field, text] : record)
            if (const auto slot = names_->slot(field); slot != call::no_slot)
                row.values[slot] = Value::of(std::string_view(text));
        enricher_->apply(batch);
        std::map<std::string, std::string> out;
        for (call::Slot slot = 0; slot < names_->size(); ++slot) {
            const auto field = call::field_of(names_->name(slot));
            if (!field || record.contains(*field)) continue;
            std::string scratch;
            std::string_view text;
            if (call::scalar_text(batch[0].at(slot), scratch, text)) out[names_->name(slot)] = text;
        }
        return out;
    }

    Snapshot snapshot_;
    std::shared_ptr<const call::Names> names_;
    std::optional<Enricher> enricher_;
};

using Facts = std::map<std::string, std::string>;

TEST_F(EnricherTest, JoinsTenantPartyAndKey) {
    use({Field::tenant_tier, Field::tenant_age_days, Field::party_name, Field::party_class,
         Field::key_status, Field::key_age_days, Field::key_tenant, Field::tenant_created});
    EXPECT_EQ(facts({{Field::tenant_uid, "t"}, {Field::key_uid, "k"}}, day(120, 23)),
              (Facts{{"tenant.tier", "trial"},
                     {"tenant.age_days", "20"},
                     {"tenant.created", "1970-04-11T00:00:00Z"},
                     {"party.name", "Party"},
                     {"party.class", "company"},
                     {"key.status", "active"},
                     {"key.age_days", "10"},
                     {"key.tenant_uid", "t"}}));
}

TEST_F(EnricherTest, LeavesAbsentWhatIsNotKnown) {
    use({Field::tenant_tier, Field::tenant_name, Field::tenant_age_days, Field::party_country,
         Field::key_age_days, Field::src_asn, Field::src_country, Field::licence_uid});
    EXPECT_EQ(facts({{Field::tenant_uid, "t"}}, day(90)), (Facts{{"tenant.tier", "trial"}}));
    EXPECT_EQ(facts({{Field::tenant_uid, "other"}, {Field::src_ip, "10.0.0.1"}}), Facts{});
    EXPECT_EQ(facts({}), Facts{});
}

TEST_F(EnricherTest, FindsTheTenantThroughItsKey) {
    use({Field::tenant_tier, Field::licence_state});
    EXPECT_EQ(facts({{Field::key_uid, "k"}, {Field::operation, "Face.Identify"}}),
              (Facts{{"metadata.tenant_uid", "t"},
                     {"tenant.tier", "trial"},
                     {"licence.state", "covered"}}));
    EXPECT_EQ(facts({{Field::key_uid, "unknown"}, {Field::operation, "Face.Identify"}}),
              (Facts{{"licence.state", "unclear"}}));
}

TEST_F(EnricherTest, ChangesAKeysStatusWhenItIsRevoked) {
    use({Field::key_status});
    EXPECT_EQ(facts({{Field::key_uid, "k"}}, day(199, 23))["key.status"], "active");
    EXPECT_EQ(facts({{Field::key_uid, "k"}}, day(200))["key.status"], "revoked");
    EXPECT_EQ(facts({{Field::key_uid, "nobody's"}})["key.status"], "unknown");
    EXPECT_EQ(facts({}), Facts{});
}

TEST_F(EnricherTest, SaysNothingOfKeysWhenTheRegistryHoldsNone) {
    auto without = rows();
    without.keys.clear();
    give(without);
    use({Field::key_status});
    EXPECT_EQ(facts({{Field::key_uid, "k"}}), Facts{});
}

TEST_F(EnricherTest, TellsOfALeakOnlyFromItsFirstExposureOn) {
    use({Field::key_leaked, Field::key_hours_since_leak});
    EXPECT_EQ(facts({{Field::key_uid, "k"}}, day(149, 23)), Facts{});
    EXPECT_EQ(facts({{Field::key_uid, "k"}}, day(151, 2)),
              (Facts{{"key.leaked_at", "1970-05-31T00:00:00Z"}, {"key.hours_since_leak", "26"}}));
}

TEST_F(EnricherTest, TellsWhetherACallComesFromTheDeclaredOrigin) {
    use({Field::key_origin});
    EXPECT_EQ(facts({{Field::key_uid, "k"}, {Field::src_ip, "198.51.100.9"}}),
              (Facts{{"key.declared_origin", "198.51.100.0/24"}}));
    EXPECT_EQ(facts({{Field::key_uid, "k"}, {Field::src_ip, "::ffff:198.51.100.9"}}),
              (Facts{{"key.declared_origin", "198.51.100.0/24"}}));
    EXPECT_EQ(facts({{Field::key_uid, "k"}, {Field::src_ip, "198.51.101.9"}}),
              (Facts{{"key.declared_origin", "outside"}}));
    EXPECT_EQ(facts({{Field::key_uid, "k"}}), Facts{});
    EXPECT_EQ(facts({{Field::key_uid, "k"}, {Field::src_ip, "not an address"}}), Facts{});
}

TEST_F(EnricherTest, GivesTheLicenceStateAtTheTimeOfTheCall) {
    use({Field::licence_state, Field::licence_uid, Field::licence_use_case, Field::licence_ended});
    const std::map<Field, std::string> record{{Field::tenant_uid, "t"},
                                              {Field::operation, "Face.Identify"}};
    EXPECT_EQ(
        facts(record, day(159, 23)),
        (Facts{{"licence.state", "covered"}, {"licence.uid", "l"}, {"licence.use_case", "doors"}}));
    const Facts lapsed{{"licence.state", "lapsed"},
                       {"licence.uid", "l"},
                       {"licence.use_case", "doors"},
                       {"licence.ended_at", "1970-06-10T00:00:00Z"}};
    EXPECT_EQ(facts(record, day(160)), lapsed);
    EXPECT_EQ(facts(record, day(159, 23))["licence.state"], "covered");  // back over the edge
    EXPECT_EQ(facts({{Field::tenant_uid, "t"}, {Field::operation, "Vision.Read"}}),
              (Facts{{"licence.state", "not_gated"}}));
    EXPECT_EQ(facts({{Field::tenant_uid, "x"}, {Field::operation, "Face.Identify"}}),
              (Facts{{"licence.state", "unclear"}}));
}

TEST_F(EnricherTest, GivesNoLicenceStateWithoutGates) {
    auto without = rows();
    without.gates.clear();
    give(without);
    use({Field::licence_state});
    EXPECT_EQ(facts({{Field::tenant_uid, "t"}, {Field::operation, "Face.Identify"}}), Facts{});
}

TEST_F(EnricherTest, JoinsNetworksFromTablesInTheirOrder) {
    add_table("203.0.113.0,203.0.113.255,64500,Example\n", RangeTable::Layout::asn);
    add_table("203.0.0.0,203.255.255.255,64999,Wider\n", RangeTable::Layout::asn);
    add_table("203.0.113.0/24,hosting\n", RangeTable::Layout::kinds);
    use({Field::src_asn, Field::src_as_name, Field::src_country, Field::src_kind,
         Field::src_network});
    EXPECT_EQ(facts({{Field::src_ip, "203.0.113.9"}}),
              (Facts{{"src_endpoint.autonomous_system.number", "64500"},
                     {"src_endpoint.autonomous_system.name", "Example"},
                     {"src_endpoint.kind", "hosting"},
                     {"src_endpoint.network", "203.0.113.0/24"}}));
    EXPECT_EQ(facts({{Field::src_ip, "203.9.9.9"}})["src_endpoint.autonomous_system.number"],
              "64999");
    EXPECT_EQ(facts({{Field::src_ip, "2001:db8:7:8::1"}}),
              (Facts{{"src_endpoint.network", "2001:db8:7::/48"}}));
}

TEST_F(EnricherTest, KeepsWhatTheRecordSaid) {
    add_table("10.0.0.0,10.255.255.255,SE\n", RangeTable::Layout::country);
    use({Field::src_country});
    call::Batch batch(names_);
    auto row = batch.append();
    row.values[names_->slot(Field::src_ip)] = Value::of(std::string_view("10.0.0.1"));
    row.values[names_->slot(Field::src_country)] = Value::of(std::string_view("NO"));
    enricher_->apply(batch);
    EXPECT_EQ(batch[0].get(Field::src_country).text(), "NO");
}

TEST_F(EnricherTest, AnswersTheSameAfterItForgot) {
    add_table("10.0.0.0,10.255.255.255,64500,Ten\n", RangeTable::Layout::asn);
    use({Field::src_asn, Field::src_network, Field::licence_state}, {.max_remembered = 16});
    call::Batch batch(names_);
    for (unsigned i = 0; i < 200; ++i) {
        auto row = batch.append();
        const std::string ip = "10.0." + std::to_string(i) + ".1";
        row.values[names_->slot(Field::src_ip)] = Value::of(batch.keep(ip));
    }
    enricher_->apply(batch);
    enricher_.reset();  // the batch keeps alive what its calls point at
    snapshot_ = {};
    for (unsigned i = 0; i < 200; ++i) {
        EXPECT_EQ(batch[i].get(Field::src_asn).integer(), 64500);
        EXPECT_EQ(batch[i].get(Field::src_network).text(), "10.0." + std::to_string(i) + ".0/24");
    }
}

/// A worker that remembers next to nothing against one that remembers all, over a world of owners,
/// leaks, revocations, licences with times and parameters, and calls that name them or not.
TEST_F(EnricherTest, AnswersTheSameWhateverItRemembers) {
    std::mt19937 random(9);
    const auto maybe = [&](std::optional<base::EventTime>& time) {
        if (random() % 2 == 0) time = day(random() % 100, random() % 24);
    };
    registry::Rows from;
    const std::string long_name(120, 'k');  // too long for a line of the table
    std::vector<std::string> keys = {"", "nobody's", long_name};
    std::vector<std::string> tenants = {"", "unknown"};
    for (std::size_t i = 0; i < 40; ++i) {
        registry::Tenant tenant{.uid = "t" + std::to_string(i)};
        tenant.tier = "tier" + std::to_string(i % 20);  // more than are kept beside the subjects
        tenant.party = i % 3 == 0 ? "p" : "";
        maybe(tenant.created);
        tenants.push_back(tenant.uid);
        registry::Key key{.uid = i == 0 ? long_name : "k" + std::to_string(i),
                          .tenant = tenant.uid};
        maybe(key.created);
        maybe(key.revoked);
        key.status = i % 5 == 0 ? "revoked" : "active";
        if (i % 2 == 0) key.declared_origin = {*call::parse_network("10.0.0.0/9")};
        if (i % 4 == 0) from.leaks.push_back({.key = key.uid, .first_seen = day(random() % 100)});
        registry::Licence licence{.uid = "l" + std::to_string(i), .subject = tenant.uid};
        licence.operations = {"Face.*"};
        if (i % 3 == 1) licence.regions = {"eu*"};
        if (i % 4 == 1) licence.parameters = {"gen_ai.request.model=small"};
        maybe(licence.valid_from);
        if (!licence.valid_from) maybe(licence.valid_to);
        keys.push_back(key.uid);
        from.tenants.push_back(std::move(tenant));
        from.keys.push_back(std::move(key));
        from.licences.push_back(std::move(licence));
    }
    from.parties = {{.uid = "p", .name = "Party"}};
    from.gates = {{.uid = "g", .operations = {"Face.*"}},
                  {.uid = "h", .service = "s", .operations = {"*"}}};
    give(std::move(from));
    add_table("10.0.0.0,10.0.255.255,64500,Ten\n10.1.0.0,10.200.0.0,64501,More\n",
              RangeTable::Layout::asn);
    use({Field::tenant_tier, Field::tenant_age_days, Field::tenant_created, Field::tenant_party,
         Field::party_name, Field::key_status, Field::key_age_days, Field::key_tenant,
         Field::key_origin, Field::key_leaked, Field::key_hours_since_leak, Field::licence_state,
         Field::licence_uid, Field::licence_ended, Field::src_asn, Field::src_network});
    Enricher small(snapshot_, names_, {.max_remembered = 16, .seed = 1});
    const std::vector<std::string> operations = {"", "Face.Identify", "Vision.Read"};
    for (int round = 0; round < 40; ++round) {
        call::Batch batch(names_);
        for (int i = 0; i < 53; ++i) {
            auto row = batch.append();
            row.header.time = day(random() % 110, random() % 24);
            const auto put = [&](Field field, const std::string& text) {
                if (!text.empty()) row.values[names_->slot(field)] = Value::of(batch.keep(text));
            };
            put(Field::key_uid, keys[random() % keys.size()]);
            put(Field::tenant_uid, tenants[random() % 2 == 0 ? 0 : random() % tenants.size()]);
            put(Field::operation, operations[random() % 3]);
            put(Field::service, random() % 2 == 0 ? "s" : "");
            put(Field::cloud_region, random() % 3 == 0 ? "" : random() % 2 == 0 ? "eu1" : "us1");
            put(Field::model, random() % 3 == 0 ? "" : random() % 2 == 0 ? "small" : "large");
            put(Field::src_ip, "10." + std::to_string(random() % 256) + ".0.1");
        }
        call::Batch other(names_);
        for (std::size_t i = 0; i < batch.size(); ++i) {
            auto row = other.append();
            row.header = batch.row(i).header;
            std::ranges::copy(batch.row(i).values, row.values.begin());
        }
        small.apply(batch);
        if (round % 2 == 0)
            Enricher(snapshot_, names_).apply(other);  // remembers nothing yet
        else
            enricher_->apply(other);
        for (std::size_t i = 0; i < batch.size(); ++i)
            for (call::Slot slot = 0; slot < names_->size(); ++slot) {
                std::string left, right;
                std::string_view a, b;
                const bool here = call::scalar_text(batch[i].at(slot), left, a);
                ASSERT_EQ(here, call::scalar_text(other[i].at(slot), right, b));
                if (here) ASSERT_EQ(a, b) << names_->name(slot);
            }
        for (std::size_t i = 0; i < batch.size(); ++i) {
            if (batch[i].get(Field::operation).text_or_empty() != "Face.Identify") continue;
            registry::LicenceQuery query{
                .tenant = batch[i].get(Field::tenant_uid).text_or_empty(),
                .service = batch[i].get(Field::service).text_or_empty(),
                .operation = "Face.Identify",
                .region = batch[i].get(Field::cloud_region).text_or_empty(),
                .at = batch[i].time()};
            if (query.tenant.empty())
                query.tenant = batch[i].get(Field::key_tenant).text_or_empty();
            query.parameters[0] = batch[i].get(Field::model);
            ASSERT_EQ(batch[i].get(Field::licence_state).text(),
                      registry::name(snapshot_.registry->licence(query).state));
        }
    }
}

TEST_F(EnricherTest, WantsWhatLicencesAreLimitedBy) {
    auto limited = rows();
    limited.licences[0].parameters = {"gen_ai.request.model=small-*", "usage.units=5"};
    give(limited);
    use({Field::licence_state});
    EXPECT_NE(names_->slot(Field::model), call::no_slot);
    EXPECT_NE(names_->slot(Field::units), call::no_slot);
    EXPECT_EQ(names_->slot(Field::input_tokens), call::no_slot);
    const auto state = [&](std::string_view model, std::string_view units) {
        return facts({{Field::tenant_uid, "t"},
                      {Field::operation, "Face.Identify"},
                      {Field::model, std::string(model)},
                      {Field::units, std::string(units)}})["licence.state"];
    };
    EXPECT_EQ(state("small-1", "5"), "covered");
    EXPECT_EQ(state("small-1", "6"), "missing");
    EXPECT_EQ(state("small-1", "5"), "covered");  // the answer before was for its values only
    EXPECT_EQ(state("large", "5"), "missing");
    EXPECT_EQ(state("small-1", ""), "unclear");
}

TEST_F(EnricherTest, WantsOnlyWhatItsFactsAreMadeOf) {
    call::Names names;
    Enricher::want(names, snapshot_.registry.get());
    EXPECT_EQ(names.size(), 0);
    names.add(Field::src_country);
    Enricher::want(names, snapshot_.registry.get());
    EXPECT_EQ(names.size(), 2);
}

TEST_F(EnricherTest, WorksWithoutARegistry) {
    snapshot_ = {};
    use({Field::tenant_tier, Field::key_status, Field::licence_state, Field::src_network});
    EXPECT_EQ(facts({{Field::tenant_uid, "t"}, {Field::src_ip, "10.0.0.1"}}),
              (Facts{{"src_endpoint.network", "10.0.0.0/24"}}));
}

TEST_F(EnricherTest, NamesTheVersionsItUsed) {
    add_table("10.0.0.0,10.255.255.255,SE\n", RangeTable::Layout::country);
    const std::string version = snapshot_.version();
    EXPECT_NE(version.find("registry="), std::string::npos);
    EXPECT_NE(version.find("table="), std::string::npos);
}

}  // namespace
}  // namespace enrich
