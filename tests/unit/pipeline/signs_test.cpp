#include "pipeline/signs.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace {

using base::EventTime;
using correlate::Seen;
using std::chrono::minutes;

constexpr EventTime noon = base::event_time(1'750'000'020'000'000);

EventTime at(int minute) {
    return noon + minutes(minute);
}

pipeline::Signs signs(int every = 5) {
    return pipeline::Signs({{"edge", std::chrono::microseconds(minutes(every)).count()}});
}

Seen lost(int until) {
    return {.lost = true, .until = base::micros(at(until))};
}

TEST(Signs, TellASilenceThatIsLongerThanTheRhythm) {
    auto known = signs();
    known.sign("edge", at(0));
    known.sign("edge", at(20));
    EXPECT_EQ(known.seen("edge", at(0), at(10), at(21)), lost(20));
    EXPECT_EQ(known.seen("edge", at(19), at(20), at(21)), lost(20));
    known.sign("edge", at(6));
    EXPECT_EQ(known.seen("edge", at(0), at(5), at(21)), Seen{}) << "late, but it came";
    EXPECT_EQ(known.seen("edge", at(0), at(10), at(21)), lost(20));
}

TEST(Signs, SayWhenItWillBeKnown) {
    auto known = signs();
    known.sign("edge", at(0));
    const auto then = known.seen("edge", at(0), at(3), at(3));
    EXPECT_FALSE(then.lost);
    EXPECT_EQ(then.until, base::micros(at(6)) + 1);
    EXPECT_EQ(known.seen("edge", at(0), at(7), at(9)), lost(9)) << "up to now";
}

TEST(Signs, AreNotMissedOfWhoDeclaredNoRhythmOrNeverGaveOne) {
    auto known = signs();
    known.sign("other", at(0));
    EXPECT_EQ(known.seen("other", at(0), at(500), at(600)), Seen{});
    EXPECT_EQ(known.seen("edge", at(0), at(500), at(600)), Seen{});
}

TEST(Signs, AreThoseOfCountingMinuteByMinute) {
    std::mt19937 random(3);
    for (int round = 0; round < 200; ++round) {
        const int every = 1 + static_cast<int>(random() % 6);
        auto known = signs(every);
        std::set<int> alive;
        for (int i = 0; i < 25; ++i) {
            const auto minute = static_cast<int>(random() % 100);
            alive.insert(minute);
            known.sign("edge", at(minute) + std::chrono::seconds(random() % 60));
        }
        if (round % 2 == 0) {
            correlate::Writer out;
            known.save(out);
            correlate::Reader in(out.text());
            known = signs(every);
            known.load(in);
            EXPECT_TRUE(in.done());
        }
        for (int i = 0; i < 50; ++i) {
            const int from = *alive.begin() + static_cast<int>(random() % 90);
            const int to = from + static_cast<int>(random() % 30);
            Seen expected;
            const int end = *alive.rbegin() + 1;
            if (to - end > every) {
                expected = lost(200);
            } else {
                int before = *alive.begin() + 1;
                for (const int minute : alive) {
                    if (minute - before > every && minute > from && before <= to)
                        expected = lost(minute);
                    before = minute + 1;
                }
                if (!expected.until && end <= to)
                    expected = {.lost = false, .until = base::micros(at(end + every)) + 1};
            }
            ASSERT_EQ(known.seen("edge", at(from), at(to), at(200)), expected)
                << from << " " << to << " every " << every;
        }
    }
}

}  // namespace
