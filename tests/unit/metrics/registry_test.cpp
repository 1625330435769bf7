#include "metrics/registry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Registry, ShowsEachKindInTextFormat) {
    metrics::Registry registry;
    registry.counter("callerprint_test_events_total", "Events.", {{"kind", "a"}}).add(3);
    registry.gauge("callerprint_test_depth_bytes", "Depth.").set(7);
    registry.histogram("callerprint_test_wait_seconds", "Wait.", metrics::latency_seconds())
        .observe(0.002);
    const auto page = registry.page();
    EXPECT_THAT(page, HasSubstr("# TYPE callerprint_test_events_total counter\n"));
    EXPECT_THAT(page, HasSubstr("callerprint_test_events_total{kind=\"a\"} 3\n"));
    EXPECT_THAT(page, HasSubstr("callerprint_test_depth_bytes 7\n"));
    EXPECT_THAT(page, HasSubstr("callerprint_test_wait_seconds_bucket{le=\"0.0025\"} 1\n"));
    EXPECT_THAT(page, HasSubstr("callerprint_test_wait_seconds_count 1\n"));
}

TEST(Registry, GivesTheSameSeriesAgain) {
    metrics::Registry registry;
    registry.counter("callerprint_test_events_total", "Events.", {{"kind", "a"}}).add();
    const auto again =
        registry.counter("callerprint_test_events_total", "Events.", {{"kind", "a"}});
    again.add();
    EXPECT_EQ(again.value(), 2);
}

TEST(Registry, KeepsAFullFamilyFull) {
    metrics::Registry registry;
    for (std::size_t i = 0; i < metrics::Registry::max_series + 5; ++i) {
        const auto value = std::to_string(i);
        registry.counter("callerprint_test_flood_total", "Flood.", {{"n", value}}).add();
    }
    EXPECT_THAT(registry.page(), HasSubstr("callerprint_metrics_refused_series_total 5\n"));
}

TEST(Registry, RefreshesBeforeThePage) {
    metrics::Registry registry;
    const auto gauge = registry.gauge("callerprint_test_backlog_bytes", "Backlog.");
    registry.before_page([gauge] { gauge.set(11); });
    EXPECT_THAT(registry.page(), HasSubstr("callerprint_test_backlog_bytes 11\n"));
}

TEST(Registry, ShowsTheProcess) {
    metrics::Registry registry;
    const auto page = registry.page();
    for (const auto* name : {"process_resident_memory_bytes", "process_cpu_seconds_total",
                             "process_open_fds", "process_max_fds", "process_start_time_seconds"}) {
        EXPECT_THAT(page, HasSubstr(std::string("\n") + name + " "));
    }
}

TEST(Registry, EscapesLabelValues) {
    metrics::Registry registry;
    registry.build_info("1.0", "a\"b\\c\nd", "clang", "7");
    EXPECT_THAT(registry.page(), HasSubstr("revision=\"a\\\"b\\\\c\\nd\""));
}

TEST(Registry, CountsFromManyThreads) {
    metrics::Registry registry;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&registry] {
            const auto counter = registry.counter("callerprint_test_events_total", "Events.");
            for (int i = 0; i < 1000; ++i) counter.add();
            static_cast<void>(registry.page());
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(registry.counter("callerprint_test_events_total", "Events.").value(), 4000);
}

TEST(Registry, DefaultHandlesCountNowhere) {
    metrics::Counter().add();
    metrics::Gauge().set(1);
    metrics::Histogram().observe(1);
    EXPECT_EQ(metrics::Counter().value(), 0);
}

TEST(Registry, AbortsOnAWrongName) {
    metrics::Registry registry;
    EXPECT_DEATH(static_cast<void>(registry.counter("callerprint_events", "No unit.")), "assert");
    EXPECT_DEATH(static_cast<void>(registry.gauge("other_bytes", "No prefix.")), "assert");
}

TEST(Registry, PassesPromtool) {
    metrics::Registry registry;
    registry.counter("callerprint_test_events_total", "Events.", {{"kind", "a"}}).add(3);
    registry.gauge("callerprint_test_depth_bytes", "Depth.").set(7);
    registry.histogram("callerprint_test_wait_seconds", "Wait.", metrics::latency_seconds())
        .observe(0.002);
    registry.build_info("1.0", "abc", "clang", "7");
    const auto page = registry.page();
    std::FILE* promtool = popen("promtool check metrics", "w");
    ASSERT_NE(promtool, nullptr);
    ASSERT_EQ(std::fwrite(page.data(), 1, page.size(), promtool), page.size());
    EXPECT_EQ(pclose(promtool), 0) << page;
}

}  // namespace
