#include "presence/answer.hpp"
#include "presence/gather.hpp"
#include "presence/record.hpp"
#include "store/coverage.hpp"
#include "store/database.hpp"
#include "store/merge.hpp"
#include "store/presence_source.hpp"
#include "store/registry_table.hpp"
#include "store/retention.hpp"

#include <boost/json/serialize.hpp>

#include <array>
#include <random>

namespace {

using base::EventTime;
using base::WallTime;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view secret = "sk-live-Qx7mZr2TbW9kLp4VnHs8YcDf";

/// Where calls come from. What a program calls itself is no part of an origin.
struct Place {
    std::string_view origin;
    std::array<std::string_view, 2> addresses;
    std::int64_t asn;
    std::string_view as_name;
    std::array<std::string_view, 2> apps;
};
constexpr std::array<Place, 3> places = {{
    {"of1:a", {"192.0.2.1", "192.0.2.200"}, 64'500, "Orchard", {"crowdview", ""}},
    {"of1:b", {"198.51.100.7", "198.51.100.9"}, 64'501, "Mill", {"other", "crowdview"}},
    {"of1:c", {"203.0.113.5", "203.0.113.5"}, 64'502, "", {"", ""}},
}};

struct Asked {
    WallTime at;
    std::string record;  ///< Without as_of.
};

/// A deployment that everything happens to.
class AsOf : public store_test::Database {
protected:
    void SetUp() override {
        position_ = *session_->claim("main", 0, "a");
        now_ = base::WallClock::now();
        present_ = base::event_time(base::micros(now_));
    }

    presence::Question question(EventTime from, EventTime to) {
        presence::Question out;
        const auto add = [&](presence::Kind kind, std::string_view value) {
            out.clues.push_back(presence::make_clue(kind, std::string(value)).value());
        };
        add(presence::Kind::party, "Orchard");
        add(presence::Kind::cidr, "192.0.2.0/25");
        add(presence::Kind::user_agent, "crowdview/2.1");
        add(presence::Kind::key, secret);
        add(presence::Kind::resource, "gallery/1");
        out.from = from;
        out.to = to;
        out.case_ref = "1";
        out.asked_by = "ann";
        return out;
    }
    presence::Question of_old_hours() {
        return question(store_test::hour, store_test::hour + hours(6));
    }
    presence::Question of_present_hours() { return question(present_ - hours(3), present_); }

    /// Fails with what was said when it is refused.
    base::Result<Asked> ask(presence::Question question, std::optional<WallTime> as_of = {}) {
        if (as_of) question.as_of = base::event_time(base::micros(*as_of));
        const auto known_at = store::known_at(*session_, question);
        if (!known_at) return std::unexpected(known_at.error());
        store::PresenceSource source(*session_, registries_, hasher_, question, *known_at);
        const auto facts = presence::gather(question, source);
        if (!facts) return std::unexpected(facts.error());
        auto record = presence::to_json(question, *facts, presence::answer(question, *facts));
        record.erase("as_of");
        return Asked{*known_at, boost::json::serialize(record)};
    }

    void commit(store::Effects& effects) {
        effects.epoch = position_.epoch;
        effects.from = position_.next_offset;
        effects.to = effects.from + 1;
        effects.now = effects.arrived = base::WallClock::now();
        effects.watermark = present_;
        const auto done = session_->commit(effects);
        ASSERT_TRUE(done) << done.error().reason;
        position_.next_offset = effects.to;
    }

    std::size_t pick(std::size_t below) { return random_() % below; }
    EventTime some_time() {
        const auto old = store_test::hour + seconds(pick(6 * 3'600));
        return pick(2) == 0 ? old : present_ - seconds(pick(2 * 3'600));
    }

    rollup::Activity call() {
        static constexpr std::array keys{"k-1", "k-2", "k-3"};
        static constexpr std::array tenants{"acme", "mill", "yard"};
        const auto& place = places.at(pick(places.size()));
        auto row = store_test::activity(keys.at(pick(3)), 1 + pick(4));
        row.tenant = tenants.at(pick(3));
        row.first_seen = row.last_seen = some_time();
        row.service = "Face";
        row.operation = pick(2) == 0 ? "Identify" : "Detect";
        row.origin = place.origin;
        row.origin_hash = static_cast<std::uint64_t>(place.asn);
        row.address = place.addresses.at(pick(2));
        row.asn = place.asn;
        row.as_name = pick(4) == 0 ? "Renamed" : place.as_name;
        row.client_app = place.apps.at(pick(2));
        row.client_family = "boto3";
        row.client_version = pick(2) == 0 ? "1.34" : "1.35";
        row.sums.ok = pick(2);
        row.sums.failed = row.sums.calls - row.sums.ok;
        row.record_id = random_();
        return row;
    }
    rollup::CoverageMinute minute() {
        rollup::CoverageMinute out{.source = pick(2) == 0 ? "edge" : "api", .minute = {}};
        out.minute = std::chrono::floor<minutes>(some_time());
        out.received = 1 + pick(9);
        out.rejected = pick(out.received);
        out.parsed = out.received - out.rejected;
        out.attributed = pick(out.parsed + 1);
        out.heartbeats = pick(2);
        out.ahead = pick(8) == 0 ? 1 : 0;
        return out;
    }
    void keep_call(store::Effects& effects) {
        auto row = calls_.append();
        row.header.time = some_time();
        const auto put = [&](call::Field field, std::string_view text) {
            row.values[names_->slot(field)] = call::Value::of(text);
        };
        put(call::Field::key_uid, "k-1");
        put(call::Field::tenant_uid, "acme");
        put(call::Field::origin_place, "of1:a");
        put(call::Field::resource_uid, "gallery/1");
        row.values[names_->slot(call::Field::status_id)] = call::Value::of(std::int64_t{1});
        row.header.raw = R"({"raw":1})";
        effects.calls.add(
            calls_[calls_.size() - 1],
            {"edge", position_.next_offset, base::micros(base::WallClock::now()), {}, true});
    }
    void calls_come() {
        store::Effects effects;
        std::vector<rollup::Activity> rows;
        for (auto left = 1 + pick(6); left > 0; --left) rows.push_back(call());
        effects.rollup.activity = rollup::Activities(rows);
        for (auto left = pick(3); left > 0; --left) effects.rollup.coverage.push_back(minute());
        if (pick(3) == 0) keep_call(effects);
        if (pick(3) == 0) {
            const auto first = pick(100);
            const auto at = some_time();
            effects.reports.push_back({.source = "edge",
                                       .producer = "gw",
                                       .numbers = {first, first + pick(5)},
                                       .records = true,
                                       .oldest = at,
                                       .newest = at});
        }
        commit(effects);
    }

    void import(registry::Rows rows) {
        const auto done =
            store::RegistryTable(*session_).import(rows, base::WallClock::now(), "ann");
        ASSERT_TRUE(done) << done.error().reason;
    }
    void registry_changes() {
        registry::Rows rows;
        const auto uid = std::to_string(pick(3));
        switch (pick(7)) {
            case 0: {
                registry::Licence licence;
                licence.uid = "l" + uid;
                licence.subject = pick(2) == 0 ? "acme" : "mill";
                licence.operations = {pick(2) == 0 ? "Identify" : "*"};
                licence.valid_from = some_time();
                rows.licences = {licence};
                break;
            }
            case 1:
                rows.parties = {
                    {"p" + uid,
                     pick(2) == 0 ? "Orchard" : "Mill",
                     {pick(2) == 0 ? "Orchard" : "Yard"},
                     {"orchard.example"},
                     {*call::parse_network(pick(2) == 0 ? "192.0.2.0/24" : "198.51.100.0/24")},
                     "company",
                     "DE"}};
                break;
            case 2:
                rows.tenants = {
                    {pick(2) == 0 ? "acme" : "yard", "n", "paid", "active", {}, "DE", "p" + uid}};
                break;
            case 3: {
                rows.keys = {{"k-" + uid, pick(2) == 0 ? "acme" : "mill", "active", {}, {}, {}}};
                registry::KeyText text;
                text.key = rows.keys[0].uid;
                const auto other = std::string(secret) + std::to_string(pick(3));
                text.secret = pick(2) == 0 ? secret : std::string_view(other);
                rows.key_marks = hasher_.marks(text);
                break;
            }
            case 4:
                rows.leaks = {{"k-" + uid, "", some_time(), "site"}};
                break;
            case 5:
                rows.claims = {{"c" + uid,
                                "p" + uid,
                                "Orchard",
                                "uses it",
                                "site",
                                some_time(),
                                {"asn:6450" + uid},
                                {},
                                {}}};
                break;
            default: {
                registry::Owner owner;
                owner.party = "p" + uid;
                owner.owner = "p" + std::to_string((pick(2) + 1) % 3);
                owner.share_ppm = 400'000 + pick(300'000);
                rows.owners = {owner};
            }
        }
        import(std::move(rows));
    }
    void coverage_changes() {
        const auto now = base::WallClock::now();
        const auto at = std::chrono::floor<minutes>(some_time());
        switch (pick(4)) {
            case 0: {
                const coverage::Counter counter{.source = "edge",
                                                .span = {std::chrono::floor<hours>(at),
                                                         std::chrono::floor<hours>(at) + hours(1)},
                                                .count = pick(90),
                                                .line = 1};
                ASSERT_TRUE(store::import_counters(*session_, std::array{counter}, "ann", now));
                break;
            }
            case 1: {
                const auto all = store::read_coverage(*session_, at, at + hours(2));
                ASSERT_TRUE(all);
                if (all->gaps.empty()) break;
                ASSERT_TRUE(store::acknowledge(*session_, all->gaps[pick(all->gaps.size())],
                                               "known", "ann", now));
                break;
            }
            case 2: {
                const auto key = "canary-" + std::to_string(random_());
                ASSERT_TRUE(store::register_canaries(*session_, std::array{key}, "edge", "ann",
                                                     base::wall_time(base::micros(some_time()))));
                canaries_.push_back(key);
                break;
            }
            default:
                declare(minutes(1 + pick(20)));
        }
    }
    void a_canary_is_found() {
        if (canaries_.empty()) return;
        store::Effects effects;
        auto row = store_test::activity(canaries_[pick(canaries_.size())], 1);
        row.tenant = "(canary)";
        row.first_seen = row.last_seen = some_time();
        effects.rollup.activity = rollup::Activities(std::vector{row});
        commit(effects);
    }
    void declare(microseconds every) {
        const std::array<store::DeclaredSource, 2> sources = {
            {{"edge", every, store_test::hour - hours(24)}, {"api", {}, {}}}};
        ASSERT_TRUE(store::declare_sources(*session_, sources, base::WallClock::now()));
    }
    void merge() {
        ASSERT_TRUE(store::Merge(*session_).step(pick(2) == 0 ? 1 : 2, base::WallClock::now()));
    }

    void something_changes() {
        switch (pick(8)) {
            case 0:
                return registry_changes();
            case 1:
                return coverage_changes();
            case 2:
                return merge();
            case 3:
                return a_canary_is_found();
            default:
                return calls_come();
        }
    }
    /// Some of what has come so far came in time, and some of it is merged.
    void begin() {
        declare(minutes(5));
        for (int i = 0; i < 40; ++i) something_changes();
        value(
            "UPDATE callerprint.activity SET stored_at = date_trunc('hour', first_seen, 'UTC')"
            " + interval '90 minutes' WHERE record_id % 2 = 0 RETURNING 1");
        ASSERT_TRUE(store::Merge(*session_).step(100'000, base::WallClock::now()));
        for (int i = 0; i < 10; ++i) something_changes();
    }

    std::mt19937 random_{1};
    store::Position position_;
    WallTime now_;
    EventTime present_;
    store::RegistryCache registries_;
    registry::KeyHasher hasher_{std::string(32, 'i'), std::string(32, 's')};
    std::vector<std::string> canaries_;
    std::shared_ptr<call::Names> names_ = [] {
        auto names = std::make_shared<call::Names>();
        store::CallRows::want(*names);
        return names;
    }();
    call::Batch calls_{names_};
};

TEST_F(AsOf, RepeatsEveryAnswerWhateverIsCorrectedLater) {
    for (const unsigned seed : {1U}) {
        random_.seed(seed);
        begin();
        std::vector<std::pair<presence::Question, Asked>> then;
        std::size_t changed = 0;
        for (int i = 0; i < 160; ++i) {
            if (i % 50 == 0) {
                for (const auto& question : {of_old_hours(), of_present_hours()}) {
                    const auto asked = ask(question);
                    ASSERT_TRUE(asked) << asked.error().reason;
                    then.emplace_back(question, *asked);
                }
            }
            something_changes();
            if (i % 40 != 39) continue;
            for (const auto& [question, asked] : then) {
                const auto again = ask(question, asked.at);
                ASSERT_TRUE(again) << again.error().reason;
                ASSERT_EQ(again->record, asked.record) << "seed " << seed << ", change " << i;
                if (i == 159 && ask(question)->record != asked.record) ++changed;
            }
        }
        EXPECT_EQ(changed, then.size()) << "else nothing was tested";
    }
}

}  // namespace
