#include "pipeline/watermark.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace {

using std::chrono::seconds;

base::EventTime at(int second) {
    return base::EventTime{seconds(second)};
}

TEST(Watermark, StandsAtTheSlowestSourceLessItsLateness) {
    pipeline::Watermark watermark;
    EXPECT_EQ(watermark.value(), base::EventTime::min());
    watermark.observe("a", at(100), seconds(5));
    EXPECT_EQ(watermark.value(), at(95));
    watermark.observe("b", at(200), seconds(60));
    EXPECT_EQ(watermark.value(), at(95));
    watermark.observe("a", at(300), seconds(5));
    EXPECT_EQ(watermark.value(), at(140));
}

TEST(Watermark, NeverGoesBack) {
    pipeline::Watermark watermark;
    watermark.observe("a", at(100), seconds(5));
    watermark.observe("a", at(50), seconds(5));
    EXPECT_EQ(watermark.value(), at(95));
    watermark.observe("archive", at(10), seconds(5));
    EXPECT_EQ(watermark.value(), at(95));
}

TEST(Watermark, IsNotHeldBackByAnIdleSource) {
    pipeline::Watermark watermark;
    watermark.observe("slow", at(100), seconds(5));
    watermark.observe("fast", at(1'000), seconds(5));
    EXPECT_EQ(watermark.value(), at(95));
    watermark.idle("slow");
    EXPECT_EQ(watermark.value(), at(995));
    EXPECT_FALSE(watermark.holds("slow"));
    EXPECT_TRUE(watermark.holds("fast"));
}

TEST(Watermark, CompletesEverythingWhenAllSourcesAreIdle) {
    pipeline::Watermark watermark;
    watermark.observe("a", at(100), seconds(5));
    watermark.idle("a");
    EXPECT_EQ(watermark.value(), at(100));
    watermark.idle("never heard of");
    EXPECT_EQ(watermark.value(), at(100));
}

TEST(Watermark, HoldsAgainWhenAnIdleSourceReturns) {
    pipeline::Watermark watermark;
    watermark.observe("a", at(100), seconds(5));
    watermark.idle("a");
    watermark.observe("a", at(103), seconds(5));
    EXPECT_EQ(watermark.value(), at(100));
    EXPECT_TRUE(watermark.holds("a"));
    watermark.observe("a", at(200), seconds(5));
    EXPECT_EQ(watermark.value(), at(195));
}

TEST(Watermark, GoesOnFromItsSavedState) {
    pipeline::Watermark before;
    before.observe("a", at(100), seconds(5));
    before.observe("b", at(150), seconds(5));
    before.idle("a");
    pipeline::Watermark after;
    ASSERT_TRUE(after.restore(before.save()));
    EXPECT_EQ(after.value(), before.value());
    EXPECT_FALSE(after.holds("a"));
    after.observe("b", at(160), seconds(5));
    before.observe("b", at(160), seconds(5));
    EXPECT_EQ(after.save(), before.save());
}

TEST(Watermark, RefusesADamagedState) {
    pipeline::Watermark watermark;
    for (const auto* text :
         {"", "{", "[]", "{}", R"({"value":"x","sources":{}})",
          R"({"value":1,"sources":{"a":[1]}})", R"({"value":1,"sources":{"a":[1,"x",true]}})"}) {
        EXPECT_FALSE(watermark.restore(text)) << text;
    }
}

}  // namespace
