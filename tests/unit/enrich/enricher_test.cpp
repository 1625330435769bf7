#include "enrich/enricher.hpp"

#include "enrich/range_table.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <map>

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
              (Facts{{"tenant.tier", "trial"}, {"licence.state", "covered"}}));
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
