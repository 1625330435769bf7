#include "presence/domain.hpp"

#include <gmock/gmock.h>

namespace presence {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

TEST(Domain, TakesNamesBelowItAndAddressesThere) {
    for (const auto text :
         {"orchard.example", "Orchard.Example", "api.orchard.example", "ann@orchard.example",
          "ann@mail.ORCHARD.example", "a@b@orchard.example"})
        EXPECT_TRUE(at_domain(text, "orchard.example")) << text;
    for (const auto text :
         {"", "example", "orchard.example.org", "notorchard.example", "orchard-example",
          "orchard.example@other.example", "ann@orchard.exampl"})
        EXPECT_FALSE(at_domain(text, "orchard.example")) << text;
}

TEST(Domain, FindsAccountsAndTheNamesOfItsNetworks) {
    registry::Rows rows;
    rows.tenants = {{.uid = "t-1", .name = "ops@orchard.example"},
                    {.uid = "eu.orchard.example"},
                    {.uid = "t-3", .name = "Orchard"}};
    rows.keys = {{.uid = "robot@orchard.example", .tenant = "t-3"},
                 {.uid = "k-2", .tenant = "t-1"}};
    rows.parties = {{.uid = "p-1",
                     .name = "Orchard Analytics Ltd",
                     .aliases = {"Orchard"},
                     .domains = {"orchard.example"}},
                    {.uid = "p-2", .name = "Mill", .domains = {"mill.example"}}};
    const auto registry = registry::Registry::build(rows).value();
    const auto record = look_up_domain("orchard.example", *registry);
    EXPECT_THAT(record.tenants, UnorderedElementsAre("t-1", "eu.orchard.example"));
    EXPECT_THAT(record.keys, ElementsAre("robot@orchard.example"));
    EXPECT_THAT(record.names, ElementsAre("orchard example", "orchard analytics", "orchard"));
    // Asked for a name below it, the party's own names still tell its networks; the accounts are
    // others.
    const auto below = look_up_domain("eu.orchard.example", *registry);
    EXPECT_THAT(below.tenants, ElementsAre("eu.orchard.example"));
    EXPECT_THAT(below.names, ElementsAre("eu orchard example", "orchard analytics", "orchard"));
}

}  // namespace
}  // namespace presence
