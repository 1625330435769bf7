#include "store/read_registry.hpp"

#include "registry/import.hpp"
#include "store/database.hpp"
#include "store/registry_table.hpp"

#include <random>

namespace {

using store_test::minute;
using store_test::now;

class ReadRegistry : public store_test::Database {
protected:
    void import(const registry::Rows& rows, base::WallTime at) {
        const auto done = store::RegistryTable(*session_).import(rows, at, "ann");
        ASSERT_TRUE(done) << done.error().reason;
    }
    std::string read(std::optional<base::WallTime> as_of = std::nullopt) {
        const auto rows = store::read_registry(*session_, as_of);
        EXPECT_TRUE(rows) << rows.error().reason;
        return rows ? registry::print_rows(*rows) : "";
    }
    base::WallTime newest() { return store::newest_import(*session_)->value(); }
};

registry::Rows tenant(std::string name) {
    registry::Rows rows;
    rows.tenants = {{"acme", std::move(name), "paid", "active", minute, "DE", "p1"}};
    return rows;
}

TEST_F(ReadRegistry, GivesTheRowsOfAnyMoment) {
    EXPECT_EQ(*store::newest_import(*session_), std::nullopt);
    const auto day = std::chrono::days(1);
    import(tenant("Acme"), now);
    import(tenant("Acme Ltd"), now + 2 * day);
    EXPECT_EQ(read(now - day), "");
    EXPECT_EQ(read(now), registry::print_rows(tenant("Acme")));
    EXPECT_EQ(read(now + day), registry::print_rows(tenant("Acme")));
    EXPECT_EQ(read(now + 2 * day), registry::print_rows(tenant("Acme Ltd")));
    EXPECT_EQ(read(), registry::print_rows(tenant("Acme Ltd")));
    EXPECT_EQ(rows("SELECT kind, uid, version ->> 'name', current FROM investigate.registry_history"
                   " ORDER BY recorded_from"),
              (std::vector<std::vector<std::string>>{{"tenant", "acme", "Acme", "f"},
                                                     {"tenant", "acme", "Acme Ltd", "t"}}));
}

TEST_F(ReadRegistry, StampsImportsInTheirOrderWhateverTheClockDoes) {
    import(tenant("Acme"), now);
    import(tenant("Acme Ltd"), now);
    EXPECT_EQ(newest(), now + std::chrono::microseconds(1));
    import(tenant("Acme AG"), now - std::chrono::days(1));
    EXPECT_EQ(newest(), now + std::chrono::microseconds(2));
    EXPECT_EQ(read(now), registry::print_rows(tenant("Acme")));
}

TEST_F(ReadRegistry, ShowsALicenceThatWasClosedLaterAsOpen) {
    registry::Rows rows;
    registry::Licence licence;
    licence.uid = "l1";
    licence.subject = "acme";
    licence.operations = {"*"};
    rows.licences = {licence};
    import(rows, now);
    const auto before = read(now);
    rows.licences[0].valid_to = minute;
    rows.licences[0].known_from = minute - std::chrono::days(400);  // a late correction
    import(rows, now + std::chrono::days(1));
    EXPECT_EQ(read(now), before);
    EXPECT_NE(read(), before);
}

TEST_F(ReadRegistry, KeepsOwnersAndClaims) {
    registry::Rows rows;
    registry::Owner owner;
    owner.party = "p1";
    owner.owner = "p2";
    owner.share_ppm = 512'500;
    rows.owners = {owner, owner};
    rows.owners[1].valid_from = minute;
    rows.claims = {{"c1", "", "Mill", "uses it", "site", minute, {"domain:mill.example"}, {}, {}}};
    import(rows, now);
    EXPECT_EQ(*store::read_registry(*session_), rows);
    EXPECT_EQ(value("SELECT share_percent::float8 FROM investigate.owners LIMIT 1"), "51.25");
    EXPECT_EQ(value("SELECT clues FROM investigate.claims"), "{domain:mill.example}");
    const auto before = read();
    rows.owners[0].known_to = minute;  // believed no more
    rows.claims[0].party = "p1";
    import(rows, now + std::chrono::days(1));
    EXPECT_EQ(read(now), before);
    EXPECT_EQ(*store::read_registry(*session_), rows);
    EXPECT_EQ(value("SELECT count(*) FROM investigate.registry_history WHERE NOT current"), "2");
}

/// Rows of every kind, of few identities, so that most replace one; their own clocks are anywhere.
class RandomRows {
public:
    explicit RandomRows(unsigned seed) : random_(seed) {}

    registry::Rows next() {
        registry::Rows rows;
        switch (random_() % 8) {
            case 0:
                rows.tenants = {{uid(), word(), word(), "active", maybe(), "DE", uid()}};
                break;
            case 1:
                rows.keys = {
                    {uid(),
                     uid(),
                     "",
                     maybe(),
                     maybe(),
                     {*call::parse_network(random_() % 2 == 0 ? "10.0.0.0/8" : "2001:db8::/32")}}};
                break;
            case 2:
                rows.parties = {{uid(), word(), {word(), word()}, {}, {}, word(), ""}};
                break;
            case 3:
                rows.gates = {{uid(), "", {word()}, word()}};
                break;
            case 4:
                rows.leaks = {{uid(), "", time(), "s"}};
                break;
            case 5: {
                registry::Owner row{uid(), word(), random_() % 100 + 1, {}, maybe(), maybe(), {}};
                if (random_() % 2 == 0) row.valid_from = minute;
                rows.owners = {row};
                break;
            }
            case 6:
                rows.claims = {
                    {uid(), uid(), word(), word(), word(), maybe(), {word()}, maybe(), {}}};
                break;
            default:
                rows.licences = {licence()};
                if (random_() % 3 == 0) rows.licences.push_back(licence());
        }
        return rows;
    }
    unsigned operator()() { return static_cast<unsigned>(random_()); }

private:
    registry::Licence licence() {
        registry::Licence row;
        row.uid = uid();
        row.subject = uid();
        row.operations = {word()};
        row.valid_from = maybe();
        row.known_from = maybe();  // often long before the import: a late correction
        return row;
    }
    std::string uid() { return "u" + std::to_string(random_() % 3); }
    std::string word() { return "w\"\\," + std::to_string(random_() % 4); }
    base::EventTime time() {
        return minute + std::chrono::hours(random_() % 20'000) - std::chrono::hours(10'000) +
               std::chrono::microseconds(random_() % 1'000'000);
    }
    std::optional<base::EventTime> maybe() {
        return random_() % 2 == 0 ? std::nullopt : std::optional(time());
    }
    std::mt19937 random_;
};

// The oracle is what was read then.
TEST_F(ReadRegistry, AnswersForAMomentNeverChange) {
    RandomRows random(11);
    std::vector<std::pair<base::WallTime, std::string>> then;
    auto clock = now;
    for (int i = 0; i < 1'000; ++i) {
        clock += std::chrono::microseconds(random() % 3);  // often not at all
        ASSERT_NO_FATAL_FAILURE(import(random.next(), clock));
        if (i % 10 == 0) then.emplace_back(newest(), read());
    }
    std::size_t different = 0;
    for (const auto& [at, rows] : then) {
        ASSERT_EQ(read(at), rows);
        different += rows != read() ? 1U : 0U;
    }
    EXPECT_GT(different, then.size() / 2) << "else nothing was tested";
}

}  // namespace
