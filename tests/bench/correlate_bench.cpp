// What windows cost: a match from observe to the end of advance, warm and cold, in order and not,
// and the memory of a group. docs/explanation/event-time.md quotes it.
#include "call/batch.hpp"
#include "correlate/engine.hpp"
#include "policy/set.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace {

constexpr std::size_t calls_a_step = 20'000;  // between two watermarks
constexpr std::int64_t step_micros = 1'000;   // between two calls

std::shared_ptr<const policy::Set> policies(const std::string& body) {
    const policy::File file{"bench.yaml",
                            "title: a\nname: a\nlogsource: { category: api_call }\n"
                            "detection:\n  selection: { status_id: 1 }\n  condition: selection\n"
                            "---\ntitle: c\nname: c\ncorrelation:\n  rules: [a]\n"
                            "  group-by: [tenant_uid]\n  timespan: 1h\n" +
                                body};
    const auto set = policy::Set::load({&file, 1}, {});
    if (!set) {
        std::fprintf(stderr, "%s\n", policy::to_text(set.error().front()).c_str());
        std::abort();
    }
    return *set;
}

/// Calls of `groups` tenants, one each, in random order, and an engine for them.
struct World {
    World(const std::string& body, std::size_t groups)
        : set(policies(body)), names(wanted(*set)), batch(names), engine(set, names, {}) {
        const call::Slot tenant = names->slot(call::Field::tenant_uid);
        const call::Slot key = names->slot(call::Field::key_uid);
        std::mt19937_64 random(1);
        std::vector<std::size_t> order(groups);
        for (std::size_t i = 0; i < groups; ++i) order[i] = i;
        std::shuffle(order.begin(), order.end(), random);
        for (const std::size_t i : order) {
            char text[24];
            std::snprintf(text, sizeof text, "tenant-%07zu", i);
            const auto row = batch.append();
            row.header.id = random();
            row.values[tenant] = call::Value::of(batch.keep(std::string_view(text)));
            if (key != call::no_slot) {
                row.values[key] = call::Value::of(static_cast<std::int64_t>(random() % 50));
            }
        }
    }

    static std::shared_ptr<const call::Names> wanted(const policy::Set& set) {
        auto names = std::make_shared<call::Names>();
        set.want(*names);
        return names;
    }

    /// One match for each group; `disorder` is how far times stray, in calls.
    void pass(std::int64_t disorder) {
        static constexpr policy::PolicyIndex matched[] = {0};
        for (std::size_t i = 0; i < batch.size(); ++i) {
            const std::int64_t stray =
                disorder == 0 ? 0 : static_cast<std::int64_t>(i * 2654435761u) % disorder;
            batch.row(i).header.time = base::event_time(now - stray * step_micros);
            engine.observe(batch[i], matched, i, fired);
            now += step_micros;
            if (++since_step == calls_a_step) {
                since_step = 0;
                engine.advance(base::event_time(now - (disorder + 1) * step_micros), fired);
                fired.clear();
            }
        }
    }

    std::shared_ptr<const policy::Set> set;
    std::shared_ptr<const call::Names> names;
    call::Batch batch;
    correlate::Engine engine;
    std::vector<correlate::Firing> fired;
    std::int64_t now = 1'750'000'000'000'000;
    std::size_t since_step = 0;
};

const std::string count_body = "  type: event_count\n  condition: { gte: 10 }\n";
const std::string distinct_body = "  type: value_count\n  condition: { field: key_uid, gte: 10 }\n";

void report(benchmark::State& state, const World& world) {
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(world.batch.size()));
    const auto stats = world.engine.stats();
    state.counters["groups"] = static_cast<double>(stats.groups);
    state.counters["bytes_a_group"] =
        static_cast<double>(stats.bytes) / static_cast<double>(stats.groups);
}

/// Groups are there, each match adds to one: what a running server does.
void BM_EventCountWarm(benchmark::State& state) {
    World world(count_body, static_cast<std::size_t>(state.range(0)));
    world.pass(0);
    for (auto _ : state) world.pass(state.range(1));
    report(state, world);
}
BENCHMARK(BM_EventCountWarm)
    ->Args({1'000'000, 0})
    ->Args({1'000'000, 5'000})
    ->Args({10'000, 0})
    ->Unit(benchmark::kMillisecond);

/// Every match makes a group: the worst a flood of new keys does.
void BM_EventCountCold(benchmark::State& state) {
    for (auto _ : state) {
        state.PauseTiming();
        auto world = std::make_unique<World>(count_body, static_cast<std::size_t>(state.range(0)));
        state.ResumeTiming();
        world->pass(0);
        state.PauseTiming();
        report(state, *world);
        world.reset();
        state.ResumeTiming();
    }
}
BENCHMARK(BM_EventCountCold)->Arg(1'000'000)->Iterations(3)->Unit(benchmark::kMillisecond);

void BM_ValueCountWarm(benchmark::State& state) {
    World world(distinct_body, static_cast<std::size_t>(state.range(0)));
    world.pass(0);
    for (auto _ : state) world.pass(0);
    report(state, world);
}
BENCHMARK(BM_ValueCountWarm)->Arg(100'000)->Unit(benchmark::kMillisecond);

/// A snapshot of a million groups, as every 30 s or with a graceful stop.
void BM_SaveAndRestore(benchmark::State& state) {
    World world(count_body, 1'000'000);
    world.pass(0);
    std::size_t bytes = 0;
    for (auto _ : state) {
        correlate::Writer saved;
        world.engine.save(saved);
        bytes = saved.text().size();
        correlate::Reader in(saved.text());
        if (!world.engine.restore(in)) std::abort();
    }
    state.counters["state_bytes"] = static_cast<double>(bytes);
}
BENCHMARK(BM_SaveAndRestore)->Iterations(3)->Unit(benchmark::kMillisecond);

}  // namespace
