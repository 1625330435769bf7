#include "store/presence_traffic.hpp"

#include "store/database.hpp"
#include "store/merge.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <tuple>

namespace {

using base::EventTime;
using base::WallTime;
using store::Fit;
using store::Traffic;
using store::TrafficClue;
using store::TrafficRow;
using store_test::batch;
using store_test::hour;

constexpr auto one_hour = std::chrono::hours(1);

/// Where calls come from: an origin has one /24 or /48, one AS and one client family.
struct Place {
    std::string_view origin;
    std::array<std::string_view, 2> addresses;
    std::int64_t asn;
    std::string_view family;
};
constexpr std::array<Place, 5> places = {{
    {"of1:a", {"192.0.2.1", "192.0.2.200"}, 64'500, "boto3"},
    {"of1:b", {"192.0.2.1", "192.0.2.2"}, 64'500, "curl"},
    {"of1:c", {"198.51.100.7", "198.51.100.7"}, 64'501, "boto3"},
    {"of1:d", {"2001:db8:1::1", "2001:db8:1:5::1"}, 64'502, "okhttp"},
    {"", {"", ""}, 0, ""},
}};

/// A row of activity, and when its batch was stored.
struct Stored {
    rollup::Activity row;
    WallTime at;
};

class PresenceTraffic : public store_test::Database {
protected:
    void SetUp() override { effects_ = batch(*session_->claim("main", 0, "a"), 2); }

    void commit(const std::vector<rollup::Activity>& rows, WallTime at) {
        effects_.rollup.activity = rollup::Activities(rows);
        const auto done = session_->commit(effects_);
        ASSERT_TRUE(done) << done.error().reason;
        effects_.from = effects_.to++;
        // A batch is stamped with the database's clock; here with the test's.
        value("UPDATE callerprint.activity SET stored_at = callerprint.at(" +
              std::to_string(base::micros(at)) + ") WHERE stored_at > '2025-01-01' RETURNING 1");
        for (const auto& row : rows) all_.push_back({row, at});
    }
    /// Some pages, or all.
    void merge(std::uint32_t pages = 100'000) {
        ASSERT_TRUE(store::Merge(*session_).step(pages, store_test::now));
    }
    Traffic find(const TrafficClue& clue, EventTime from = hour,
                 EventTime to = hour + std::chrono::days(3),
                 std::optional<WallTime> as_of = std::nullopt,
                 const std::vector<std::string>& within = {},
                 const store::TrafficLimits& limits = {}) {
        const auto found = store::find_traffic(*session_, clue, from, to, as_of, within, limits);
        EXPECT_TRUE(found) << found.error().reason;
        return found ? *found : Traffic{};
    }

    std::vector<Stored> all_;
    std::deque<std::string> names_;
    store::Effects effects_;
};

/// A call from a place.
rollup::Activity call(std::size_t place, std::string_view key, std::chrono::microseconds after,
                      std::size_t address = 0) {
    auto row = store_test::activity(key, 1);
    row.first_seen = row.last_seen = hour + after;
    row.origin = places.at(place).origin;
    row.origin_hash = place + 1;
    row.address = places.at(place).addresses.at(address);
    row.asn = places.at(place).asn;
    row.client_family = places.at(place).family;
    row.sums.ok = 1;
    return row;
}

TEST_F(PresenceTraffic, SaysExactOnlyWhenTheAddressWasSeen) {
    commit({call(0, "k1", std::chrono::minutes(1)), call(2, "k2", one_hour)}, store_test::now);
    for (int merged = 0; merged < 2; ++merged) {
        const auto seen = find(store::ByNetwork{*call::parse_network("192.0.2.1")});
        ASSERT_EQ(seen.rows.size(), 1U);
        EXPECT_EQ(seen.rows[0].fit, Fit::exact);
        EXPECT_EQ(seen.rows[0].network, "192.0.2.0/24");
        EXPECT_EQ(seen.rows[0].sessions, 1U);
        const auto near = find(store::ByNetwork{*call::parse_network("192.0.2.9")});
        ASSERT_EQ(near.rows.size(), 1U);
        EXPECT_EQ(near.rows[0].fit, Fit::network_only);
        EXPECT_EQ(near.tenants, 1U);
        EXPECT_EQ(near.exact_tenants, 0U);
        EXPECT_EQ(find(store::ByNetwork{*call::parse_network("192.0.0.0/16")}).rows[0].fit,
                  Fit::exact);
        EXPECT_EQ(find(store::ByNetwork{*call::parse_network("192.0.2.128/25")}).rows[0].fit,
                  Fit::network_only);
        EXPECT_TRUE(find(store::ByNetwork{*call::parse_network("192.0.3.1")}).rows.empty());
        merge();
    }
}

TEST_F(PresenceTraffic, FindsClientsByFamilyAndVersion) {
    auto row = call(0, "k1", std::chrono::minutes(1));
    row.client_version = "1.34";
    commit({row}, store_test::now);
    EXPECT_EQ(find(store::ByClient{"boto3", ""}).rows.at(0).fit, Fit::exact);
    EXPECT_EQ(find(store::ByClient{"boto3", "1.34"}).rows.at(0).fit, Fit::exact);
    EXPECT_EQ(find(store::ByClient{"boto3", "1.3"}).rows.at(0).fit, Fit::family_only);
    EXPECT_TRUE(find(store::ByClient{"boto", ""}).rows.empty());
}

TEST_F(PresenceTraffic, RefusesEmptyPeriodsAndClues) {
    const auto fault = [&](const TrafficClue& clue, EventTime to) {
        return store::find_traffic(*session_, clue, hour, to).error().fault;
    };
    EXPECT_EQ(fault(store::ByAs{{1}}, hour), base::Fault::invalid);
    EXPECT_EQ(fault(store::ByAs{}, hour + one_hour), base::Fault::invalid);
    EXPECT_EQ(fault(store::ByKeys{}, hour + one_hour), base::Fault::invalid);
    EXPECT_EQ(fault(store::ByClient{}, hour + one_hour), base::Fault::invalid);
}

TEST_F(PresenceTraffic, LooksAtTheSameWhenThereAreTooManyAndCountsTheTenantsOfAll) {
    std::vector<rollup::Activity> many;
    for (int i = 19; i >= 0; --i) {
        many.push_back(call(0, names_.emplace_back("k" + std::to_string(10 + i)), i * one_hour));
        many.back().tenant = names_.emplace_back("t" + std::to_string(10 + i));
    }
    commit(many, store_test::now);
    merge();
    const auto to = hour + std::chrono::days(3);
    const auto all = find(store::ByAs{{64'500}}, hour, to, {}, {}, {.max_rows = 5});
    EXPECT_FALSE(all.some);
    EXPECT_EQ(all.personas, 20U);
    EXPECT_EQ(all.rows.size(), 5U);
    const auto some = find(store::ByAs{{64'500}}, hour, to, {}, {}, {.max_personas = 3});
    EXPECT_TRUE(some.some);
    EXPECT_EQ(some.tenants, 20U);
    ASSERT_EQ(some.rows.size(), 3U);
    EXPECT_EQ(some.rows[0].key, "k10");
    EXPECT_EQ(some.rows[2].key, "k12");
    // Of the weeks, though none of those that were looked at called in the period.
    const auto none = find(store::ByAs{{64'500}}, hour + 10 * one_hour, hour + 11 * one_hour, {},
                           {}, {.max_personas = 3});
    EXPECT_TRUE(none.rows.empty());
    EXPECT_TRUE(none.some);
    EXPECT_EQ(none.tenants, 20U);
}

TEST_F(PresenceTraffic, LooksWithinKeysOnly) {
    commit({call(0, "k1", one_hour), call(0, "k2", one_hour), call(2, "k3", one_hour)},
           store_test::now);
    for (int merged = 0; merged < 2; ++merged) {
        const auto found =
            find(store::ByAs{{64'500}}, hour, hour + 9 * one_hour, {}, {"k2", "k3", "k9"});
        ASSERT_EQ(found.rows.size(), 1U);
        EXPECT_EQ(found.rows[0].key, "k2");
        merge();
    }
}

TEST_F(PresenceTraffic, GivesTheKeysThatTwoCluesFitTogether) {
    commit({call(0, "k1", std::chrono::minutes(1)), call(1, "k2", std::chrono::minutes(2)),
            call(2, "k3", std::chrono::minutes(3)), call(0, "k4", std::chrono::minutes(4)),
            call(0, "k5", std::chrono::days(9))},
           store_test::now);
    const auto both = [&](const TrafficClue& one, const TrafficClue& other, std::size_t most = 9) {
        const auto keys = store::keys_of_both(*session_, one, other, hour,
                                              hour + std::chrono::days(3), std::nullopt, most);
        EXPECT_TRUE(keys) << keys.error().reason;
        return *keys;
    };
    using Keys = std::vector<std::string>;
    const store::ByAs network{{64'500}};
    const store::ByClient client{"boto3", "1.34"};
    for (int merged = 0; merged < 2; ++merged) {
        EXPECT_EQ(both(network, client), (Keys{"k1", "k4"}));
        EXPECT_EQ(both(client, network), (Keys{"k1", "k4"}));
        EXPECT_EQ(both(store::ByNetwork{*call::parse_network("198.51.100.0/24")}, client),
                  Keys{"k3"});
        EXPECT_EQ(both(network, client, 2), (Keys{"k1", "k4"}));
        EXPECT_EQ(both(network, client, 1), Keys()) << "too many are none";
        EXPECT_EQ(both(network, store::ByResource{"r-1"}), Keys()) << "not in the rollups";
        merge();
    }
}

TEST_F(PresenceTraffic, FindsResourcesInTheCallsThatWereKept) {
    auto names = std::make_shared<call::Names>();
    store::CallRows::want(*names);
    call::Batch calls(names);
    for (const auto* resource : {"gallery/1", "gallery/2"}) {
        auto row = calls.append();
        row.header.time = hour + std::chrono::minutes(90);
        row.values[names->slot(call::Field::key_uid)] = call::Value::of(std::string_view("k1"));
        row.values[names->slot(call::Field::resource_uid)] =
            call::Value::of(std::string_view(resource));
        row.values[names->slot(call::Field::status_id)] = call::Value::of(std::int64_t{1});
    }
    effects_.calls.add(calls[0], {"trail", 3, base::micros(store_test::now), {}, false});
    effects_.calls.add(calls[1], {"trail", 3, base::micros(store_test::now), {}, false});
    ASSERT_TRUE(session_->commit(effects_));
    const auto found = find(store::ByResource{"gallery/1"}, hour, hour + std::chrono::minutes(61));
    ASSERT_EQ(found.rows.size(), 1U) << "whole hours";
    EXPECT_EQ(found.rows[0].calls, 1U);
    EXPECT_EQ(found.rows[0].ok, 1U);
    EXPECT_EQ(found.rows[0].first_seen, hour + std::chrono::minutes(90));
    EXPECT_TRUE(find(store::ByResource{"gallery/1"}, hour, hour + one_hour).rows.empty());
    EXPECT_TRUE(find(store::ByResource{"gallery/1"}, hour, hour + std::chrono::days(1),
                     store_test::now - one_hour)
                    .rows.empty());
}

TEST_F(PresenceTraffic, AddsUpWhatKeysDidByOperationAndStretch) {
    std::vector<rollup::Activity> rows;
    for (int i = 0; i < 6; ++i) {
        rows.push_back(call(0, i == 5 ? "k2" : "k1", i * one_hour));
        rows.back().service = "face";
        rows.back().operation = "Identify";
    }
    commit(rows, store_test::now);
    const std::vector<EventTime> moments = {hour + std::chrono::minutes(150)};
    for (int merged = 0; merged < 2; ++merged) {
        const auto found =
            store::key_operations(*session_, {"k1"}, hour, hour + std::chrono::days(1), moments);
        ASSERT_TRUE(found) << found.error().reason;
        EXPECT_EQ(*found, (std::vector<store::KeyOperation>{
                              {"k1", "acme", "face", "Identify", 0, 2, 2, hour, hour + one_hour},
                              {"k1", "acme", "face", "Identify", 1, 3, 3, hour + 2 * one_hour,
                               hour + 4 * one_hour}}));
        merge();
    }
}

// ---- Against a slow oracle ----

EventTime hour_of(EventTime at) {
    return std::chrono::floor<std::chrono::hours>(at);
}

/// All calls of an origin alike.
bool of_origin(const TrafficClue& clue, const Stored& one) {
    if (const auto* network = std::get_if<store::ByNetwork>(&clue)) {
        const auto address = call::parse_address(one.row.address);
        if (!address) return false;
        const unsigned grain = network->network.start.v6 ? 48 : 24;
        const auto wide =
            call::network_of(network->network.start, std::min(grain, network->network.prefix));
        return wide.contains(*address);
    }
    if (const auto* as = std::get_if<store::ByAs>(&clue))
        return std::ranges::count(as->numbers, one.row.asn) > 0;
    if (std::holds_alternative<store::ByClient>(clue)) return true;
    if (const auto* tenants = std::get_if<store::ByTenants>(&clue))
        return std::ranges::count(tenants->uids, one.row.tenant) > 0;
    return std::ranges::count(std::get<store::ByKeys>(clue).uids, one.row.key) > 0;
}

/// What a program calls itself is that of the first call of the hour.
bool example_shows(const TrafficClue& clue, const rollup::Activity& example) {
    const auto* client = std::get_if<store::ByClient>(&clue);
    const auto& name = example.client_app.empty() ? example.client_family : example.client_app;
    return client == nullptr || name == client->family;
}

bool exactly(const TrafficClue& clue, const rollup::Activity& example) {
    if (const auto* network = std::get_if<store::ByNetwork>(&clue)) {
        const auto address = call::parse_address(example.address);
        return address && network->network.contains(*address);
    }
    if (const auto* client = std::get_if<store::ByClient>(&clue))
        return client->version.empty() ||
               (example.client_app.empty() && client->version == example.client_version);
    return true;
}

using Persona = std::tuple<std::string, std::string, std::string>;

/// Calls, what worked, sessions, days, first, last and exactness of each persona.
struct Sums {
    std::uint64_t calls = 0, ok = 0, failed = 0, sessions = 0, days = 0;
    EventTime first = EventTime::max(), last = EventTime::min();
    bool exact = false;
    bool operator==(const Sums&) const = default;
};

std::map<Persona, Sums> oracle(const std::vector<Stored>& all, const TrafficClue& clue,
                               EventTime from, EventTime to, std::optional<WallTime> as_of) {
    struct Hour {
        Sums sums;
        const rollup::Activity* example = nullptr;
    };
    std::map<std::pair<Persona, EventTime>, Hour> hours;
    for (const auto& one : all) {
        const auto at = hour_of(one.row.first_seen);
        const bool then = !as_of || one.at <= *as_of;
        if (!then || at < hour_of(from) || at >= to || !of_origin(clue, one)) continue;
        const Persona persona{one.row.key, one.row.tenant, one.row.origin};
        auto& into = hours[{persona, at}];
        const auto order = [](const rollup::Activity& row) {
            return std::pair(row.first_seen, row.record_id);
        };
        if (into.example == nullptr || order(one.row) < order(*into.example))
            into.example = &one.row;
        into.sums.first = std::min(into.sums.first, one.row.first_seen);
        into.sums.last = std::max(into.sums.last, one.row.last_seen);
        into.sums.calls += one.row.sums.calls;
        into.sums.ok += one.row.sums.ok;
        into.sums.failed += one.row.sums.failed;
    }
    std::map<Persona, Sums> out;
    std::map<Persona, std::set<EventTime>> days;
    for (const auto& [where, one] : hours) {
        if (!example_shows(clue, *one.example)) continue;
        auto& into = out[where.first];
        into.calls += one.sums.calls;
        into.ok += one.sums.ok;
        into.failed += one.sums.failed;
        into.first = std::min(into.first, one.sums.first);
        into.last = std::max(into.last, one.sums.last);
        ++into.sessions;
        days[where.first].insert(std::chrono::floor<std::chrono::days>(where.second));
        into.days = days[where.first].size();
        into.exact = into.exact || exactly(clue, *one.example);
    }
    return out;
}

std::map<Persona, Sums> sums_of(const Traffic& traffic) {
    std::map<Persona, Sums> out;
    for (const auto& row : traffic.rows) {
        out[{row.key, row.tenant, row.origin}] = {
            row.calls,       row.ok,         row.failed,    row.sessions,
            row.active_days, row.first_seen, row.last_seen, row.fit == Fit::exact};
    }
    return out;
}

std::uint64_t tenants_of(const std::map<Persona, Sums>& personas) {
    std::set<std::string> out;
    for (const auto& [persona, sums] : personas) {
        if (!std::get<1>(persona).empty()) out.insert(std::get<1>(persona));
    }
    return out.size();
}

std::uint64_t active(const std::vector<Stored>& all, EventTime from, EventTime to,
                     std::optional<WallTime> as_of) {
    std::set<std::string_view> out;
    for (const auto& one : all) {
        const auto at = hour_of(one.row.first_seen);
        if (at < hour_of(from) || at >= to || one.row.tenant.empty()) continue;
        if (!as_of || one.at <= *as_of) out.insert(one.row.tenant);
    }
    return out.size();
}

std::vector<rollup::Activity> random_calls(std::mt19937& random) {
    static constexpr std::array keys{"", "k1", "k2", "k3"};
    static constexpr std::array tenants{"", "acme", "mill", "yard"};
    static constexpr std::array versions{"", "1.0", "2.0"};
    std::vector<rollup::Activity> out;
    for (auto left = random() % 120; left > 0; --left) {
        auto row = call(random() % places.size(), keys[random() % keys.size()],
                        std::chrono::minutes(random() % (60 * 60)), random() % 2);
        row.tenant = tenants[random() % tenants.size()];
        row.last_seen += std::chrono::seconds(random() % 50);
        row.client_version = row.client_family.empty() ? "" : versions[random() % versions.size()];
        if (!row.client_family.empty() && random() % 3 == 0) row.client_app = "crowdview";
        row.operation = random() % 2 == 0 ? "Identify" : "Verify";
        row.sums.calls = 1 + random() % 4;
        row.sums.ok = random() % 2;
        row.sums.failed = row.sums.calls - row.sums.ok;
        row.record_id = (std::uint64_t{random()} << 32) | random();
        out.push_back(row);
    }
    return out;
}

TEST_F(PresenceTraffic, IsWhatASlowSearchOfAllRowsFindsWhateverIsMerged) {
    std::mt19937 random(5);
    const std::vector<TrafficClue> clues = {
        store::ByNetwork{*call::parse_network("192.0.2.1")},
        store::ByNetwork{*call::parse_network("192.0.2.192/26")},
        store::ByNetwork{*call::parse_network("192.0.0.0/16")},
        store::ByNetwork{*call::parse_network("2001:db8:1:5::/64")},
        store::ByNetwork{*call::parse_network("2001:db8::/32")},
        store::ByAs{{64'500}},
        store::ByClient{"boto3", ""},
        store::ByClient{"boto3", "2.0"},
        store::ByClient{"crowdview", ""},
        store::ByTenants{{"acme", "yard"}},
        store::ByKeys{{"k1", "k3", "nobody"}}};
    for (unsigned round = 0; round < 8; ++round) {
        const auto from = hour + std::chrono::minutes(random() % 1'000);
        const auto to = from + std::chrono::minutes(1 + random() % 3'000);
        commit(random_calls(random), store_test::now + std::chrono::hours(random() % 90));
        if (round % 3 != 0) merge(1 + round % 2);
        for (const auto& clue : clues) {
            const auto found = find(clue, from, to);
            const auto expected = oracle(all_, clue, from, to, std::nullopt);
            ASSERT_EQ(sums_of(found), expected) << "round " << round << ", clue " << clue.index();
            EXPECT_EQ(found.personas, expected.size());
            EXPECT_EQ(found.tenants, tenants_of(expected));
        }
        EXPECT_EQ(store::active_tenants(*session_, from, to), active(all_, from, to, std::nullopt));
    }
}

TEST_F(PresenceTraffic, ListsEveryNameThatANetworkHad) {
    auto named = call(0, "k1", one_hour);
    named.as_name = "Mill Hosting";
    auto renamed = call(0, "k2", 2 * one_hour);
    renamed.as_name = "Mill Net";
    commit({named, renamed, call(2, "k1", one_hour), call(4, "k1", one_hour)}, store_test::now);
    for (int merged = 0; merged < 2; ++merged) {
        EXPECT_EQ(store::seen_networks(*session_),
                  (std::vector<store::NamedAs>{{64'500, "Mill Hosting"}, {64'500, "Mill Net"}}));
        merge();
    }
}

TEST_F(PresenceTraffic, FindsAHolderOnlyWhileTheNetworkWasCalledSo) {
    std::vector<rollup::Activity> rows;
    for (const auto& [key, name, after] :
         {std::tuple("k1", "Mill Hosting", 0), {"k2", "Orchard Ltd", 30}, {"k3", "Grove", 60}}) {
        rows.push_back(call(0, key, after * one_hour));
        rows.back().as_name = name;
    }
    rows.push_back(call(2, "k4", 30 * one_hour));
    rows.back().as_name = "Orchard Ltd";  // another network of that name, which was not asked for
    commit(rows, store_test::now);
    for (int merged = 0; merged < 2; ++merged) {
        EXPECT_EQ(*store::seen_networks(*session_),
                  (std::vector<store::NamedAs>{{64'500, "Grove"},
                                               {64'500, "Mill Hosting"},
                                               {64'500, "Orchard Ltd"},
                                               {64'501, "Orchard Ltd"}}));
        const auto found = find(store::ByHolder{{64'500}, {"Orchard Ltd"}});
        ASSERT_EQ(found.rows.size(), 1U);
        EXPECT_EQ(found.rows[0].key, "k2");
        EXPECT_EQ(found.tenants, 1U);
        EXPECT_EQ(find(store::ByHolder{{64'500}, {"Orchard Ltd", "Grove"}}).rows.size(), 2U);
        EXPECT_TRUE(find(store::ByHolder{{64'500}, {"orchard ltd"}}).rows.empty());
        merge();
    }
}

TEST_F(PresenceTraffic, FindsADomainWhereTheCallerNamesIt) {
    using call::Field;
    constexpr auto named = std::to_array<std::pair<Field, std::string_view>>({
        {Field::user_agent, "bot/1.0 (+https://orchard.example/bot)"},
        {Field::user_agent, "bot/1.0 (+http://WWW.Orchard.Example)"},
        {Field::user_agent, "kiosk (ops@orchard.example.)"},
        {Field::user_agent, "orchard.example/2"},
        {Field::user_name, "Ann@Orchard.example"},
        {Field::user_uid, "robot@mail.orchard.example"},
        {Field::src_domain, "gw-7.orchard.example."},
    });
    constexpr auto others = std::to_array<std::pair<Field, std::string_view>>({
        {Field::user_agent, "bot/1.0 (+https://orchard.example.org/)"},
        {Field::user_agent, "bot/1.0 (+https://notorchard.example/)"},
        {Field::user_agent, "bot/1.0 (+https://orchard.example-shop.org/)"},
        {Field::user_agent, "bot/1.0 (+https://orchardxexample/)"},
        {Field::user_agent, "curl/8.5.0"},
        {Field::user_name, "orchard.example"},
        {Field::user_name, "ann@notorchard.example"},
        {Field::user_uid, "ann@orchard.example@mill.example"},
        {Field::src_domain, "orchard.example.mill.example"},
        {Field::http_host, "orchard.example"},
    });
    auto names = std::make_shared<call::Names>();
    store::CallRows::want(*names);
    call::Batch calls(names);
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < named.size() + others.size(); ++i)
        keys.push_back((i < named.size() ? "yes-" : "no-") + std::to_string(i));
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const auto& [field, text] = i < named.size() ? named.at(i) : others.at(i - named.size());
        auto row = calls.append();
        row.header.time = hour + one_hour;
        row.values[names->slot(Field::key_uid)] = call::Value::of(std::string_view(keys[i]));
        row.values[names->slot(field)] = call::Value::of(text);
    }
    for (std::uint32_t i = 0; i < calls.size(); ++i)
        effects_.calls.add(calls[i], {"trail", 3, base::micros(store_test::now), {}, false});
    ASSERT_TRUE(session_->commit(effects_));
    std::vector<std::string> found;
    for (const auto& row : find(store::ByDomain{"orchard.example"}).rows) found.push_back(row.key);
    std::ranges::sort(found);
    keys.resize(named.size());
    EXPECT_EQ(found, keys);
    EXPECT_TRUE(find(store::ByDomain{"orchard.exampl"}).rows.empty());
}

// An answer of a moment can be repeated after more has come and been merged, in whatever order.
TEST_F(PresenceTraffic, LeavesOutWhatCameLateAfterTheMoment) {
    std::mt19937 random(6);
    const auto to = hour + std::chrono::hours(30);
    std::vector<WallTime> then;
    const std::vector<TrafficClue> clues = {
        store::ByTenants{{"acme", "mill", ""}}, store::ByNetwork{*call::parse_network("192.0.2.1")},
        store::ByClient{"crowdview", ""}, store::ByClient{"boto3", "2.0"}};
    // Of too many to look at each, the same ones.
    const auto some = [&](WallTime moment) {
        return find(clues[0], hour, to, moment, {}, {.max_rows = 3, .max_personas = 4});
    };
    std::vector<Traffic> some_then;
    std::size_t changed = 0;
    for (unsigned round = 0; round < 10; ++round) {
        // Half of it in time: when the batches of late calls have been merged, and before.
        const bool in_time = round % 3 == 1;
        const auto at = store_test::now + std::chrono::hours(32 + round * 5);  // all hours are over
        commit(random_calls(random), in_time ? store_test::now - one_hour : at);
        if (round % 2 == 0) merge(1 + round % 3);
        if (in_time) {  // stamped as if it had been there all along
            for (std::size_t i = 0; i < then.size(); ++i) some_then[i] = some(then[i]);
            continue;
        }
        if (!then.empty()) {
            const auto last = find(clues[0], hour, to, then.back());
            changed += sums_of(last) != sums_of(find(clues[0], hour, to)) ? 1U : 0U;
        }
        then.push_back(at);
        some_then.push_back(some(at));
        for (std::size_t i = 0; i < then.size(); ++i) {
            const auto moment = then[i];
            ASSERT_EQ(some(moment), some_then[i]) << "round " << round << ", moment " << i;
            for (const auto& clue : clues) {
                ASSERT_EQ(sums_of(find(clue, hour, to, moment)),
                          oracle(all_, clue, hour, to, moment))
                    << "round " << round << ", clue " << clue.index();
            }
            EXPECT_EQ(store::active_tenants(*session_, hour, to, moment),
                      active(all_, hour, to, moment));
            const auto done = store::key_operations(*session_, {"k1"}, hour, to, {}, moment);
            const auto traffic = find(store::ByKeys{{"k1"}}, hour, to, moment);
            std::map<std::string, std::uint64_t> by_operation, by_origin;
            for (const auto& row : *done) by_operation[row.tenant] += row.calls;
            for (const auto& row : traffic.rows) by_origin[row.tenant] += row.calls;
            EXPECT_EQ(by_operation, by_origin);
        }
    }
    EXPECT_GT(changed, 3U) << "else nothing was tested";
}

}  // namespace
