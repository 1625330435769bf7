// What a call costs between decoding and policies: registry and network facts, the fingerprint, the
// rollup. Nanoseconds a call, with warm memories; see docs/reference/origin.md for the figures.

#include "enrich/enricher.hpp"
#include "enrich/range_table.hpp"
#include "origin/fingerprinter.hpp"
#include "rollup/rollup.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace {

using call::Field;
using call::Value;

constexpr std::size_t batch_calls = 512;

/// Draws 0 .. count - 1 by Zipf's law, as keys and addresses are used.
class Zipf {
public:
    explicit Zipf(std::size_t count) : totals_(count) {
        double total = 0;
        for (std::size_t i = 0; i < count; ++i)
            totals_[i] = total += 1.0 / static_cast<double>(i + 1);
    }
    std::size_t operator()(std::mt19937_64& random) const {
        std::uniform_real_distribution<double> draw(0, totals_.back());
        return static_cast<std::size_t>(std::ranges::lower_bound(totals_, draw(random)) -
                                        totals_.begin());
    }

private:
    std::vector<double> totals_;
};

/// A world of `keys` keys and twice as many addresses, and batches of calls in it.
struct World {
    std::shared_ptr<const call::Names> names;
    enrich::Snapshot snapshot;
    std::vector<call::Batch> batches;

    World(std::size_t keys, std::size_t calls) {
        auto wanted = std::make_shared<call::Names>();
        rollup::Rollup::want(*wanted);
        for (const Field field : {Field::licence_state, Field::tenant_tier, Field::tenant_age_days,
                                  Field::key_status, Field::key_hours_since_leak, Field::src_kind,
                                  Field::origin_place, Field::origin_software})
            wanted->add(field);
        origin::Fingerprinter::want(*wanted);
        enrich::Enricher::want(*wanted, nullptr);
        names = wanted;
        know(keys);
        make(keys, calls);
    }

    void know(std::size_t keys) {
        registry::Rows rows;
        for (std::size_t i = 0; i < keys; ++i) {
            registry::Key key;
            key.uid = "AKIAEXAMPLE" + std::to_string(100'000 + i);
            key.tenant = std::to_string(100'000'000'000 + i / 4);
            key.created = base::event_time(1'600'000'000'000'000);
            rows.keys.push_back(key);
            if (i % 4 != 0) continue;
            registry::Tenant tenant;
            tenant.uid = key.tenant;
            tenant.tier = "paid";
            tenant.created = key.created;
            rows.tenants.push_back(tenant);
        }
        rows.gates = {{.uid = "g", .service = {}, .operations = {"*Faces*"}, .clause = {}}};
        snapshot.registry = *registry::Registry::build(std::move(rows));
        std::string ranges;
        for (unsigned i = 0; i < 65'536; ++i) {
            ranges += std::to_string(i << 16) + "," + std::to_string((i << 16) + 0xffff) + "," +
                      std::to_string(1 + i % 60'000) + ",Example network\n";
        }
        snapshot.tables.push_back(
            *enrich::RangeTable::parse("asn", ranges, enrich::RangeTable::Layout::asn));
    }

    void make(std::size_t keys, std::size_t calls) {
        std::mt19937_64 random(1);
        const Zipf key(keys);
        const Zipf operation(12);  // of those that a key uses
        for (std::size_t i = 0; i < calls; ++i) {
            if (i % batch_calls == 0) batches.emplace_back(names);
            call::Batch& batch = batches.back();
            auto row = batch.append();
            row.header.time =
                base::event_time(1'740'960'000'000'000 + static_cast<std::int64_t>(i) * 100);
            row.header.id = random();
            const std::size_t who = key(random);
            const std::size_t where = who * 2 + random() % 2;
            const auto put = [&](Field field, const std::string& text) {
                row.values[names->slot(field)] = Value::of(batch.keep(text));
            };
            put(Field::key_uid, "AKIAEXAMPLE" + std::to_string(100'000 + who));
            put(Field::tenant_uid, std::to_string(100'000'000'000 + who / 4));
            put(Field::service, "rekognition.amazonaws.com");
            put(Field::operation,
                "DescribeFaces" + std::to_string((who * 7 + operation(random)) % 400));
            put(Field::cloud_region, "eu-west-1");
            put(Field::src_ip, std::to_string(where % 223 + 1) + "." +
                                   std::to_string(where / 223 % 256) + ".7." +
                                   std::to_string(where % 250));
            put(Field::user_agent,
                "Boto3/1." + std::to_string(20 + where % 14) +
                    ".11 Python/3.11.4 Linux/5.10.0-amd64 Botocore/1.31.57 exec-env/EC2");
            put(Field::tls_version, "TLSv1.3");
            put(Field::tls_cipher, "TLS_AES_128_GCM_SHA256");
            row.values[names->slot(Field::status_id)] = Value::of(std::int64_t{1});
            row.values[names->slot(Field::http_response_bytes)] = Value::of(std::int64_t{812});
        }
    }
};

enum Stage : unsigned { enriching = 1, fingerprinting = 2, adding_up = 4 };

/// The slots that a stage fills. Facts are filled where they are absent, so every round must empty
/// them first; that is measured too, some 10 ns.
std::vector<call::Slot> filled_by(const call::Names& names, unsigned stages) {
    std::vector<call::Slot> out;
    for (call::Slot slot = 0; slot < names.size(); ++slot) {
        const Field field = *call::field_of(names.name(slot));
        const bool of_origin = field >= Field::origin_exact && field <= Field::client_platform;
        const bool of_network = field >= Field::src_asn && field <= Field::src_network;
        const bool of_registry = field >= call::first_fact && field < Field::origin_exact;
        if (of_origin && (stages & fingerprinting) != 0) out.push_back(slot);
        if ((of_network || of_registry) && (stages & enriching) != 0) out.push_back(slot);
    }
    return out;
}

void run(benchmark::State& state, unsigned stages) {
    const auto calls = static_cast<std::size_t>(state.range(1));
    World world(static_cast<std::size_t>(state.range(0)), calls);
    enrich::Enricher enricher(world.snapshot, world.names);
    auto fingerprinter = *origin::Fingerprinter::make({.key = "0123456789abcdef"}, world.names);
    rollup::Rollup rollup(world.names, 0);
    const auto filled = filled_by(*world.names, stages);
    const auto pass = [&](unsigned wanted) {
        for (auto& batch : world.batches) {
            for (std::size_t i = 0; i < batch.size(); ++i)
                for (const call::Slot slot : filled) batch.row(i).values[slot] = Value{};
            if ((wanted & enriching) != 0) enricher.apply(batch);
            if ((wanted & fingerprinting) != 0) fingerprinter.apply(batch);
            if ((wanted & adding_up) != 0) rollup.add(batch);
        }
    };
    pass(enriching | fingerprinting | adding_up);  // warms the memories
    for (auto _ : state) pass(stages);
    state.counters["ns_per_call"] = benchmark::Counter(
        static_cast<double>(state.iterations()) * static_cast<double>(calls) / 1e9,
        benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void enrich_only(benchmark::State& state) {
    run(state, enriching);
}
void fingerprint_only(benchmark::State& state) {
    run(state, fingerprinting);
}
void rollup_only(benchmark::State& state) {
    run(state, adding_up);
}
void everything(benchmark::State& state) {
    run(state, enriching | fingerprinting | adding_up);
}

// Keys and calls: a worker's batch that is still in the cache, and a stretch that is not.
void sizes(benchmark::internal::Benchmark* bench) {
    bench->ArgNames({"keys", "calls"})->Args({1'000, 4'096})->Args({20'000, 65'536});
}
BENCHMARK(enrich_only)->Apply(sizes);
BENCHMARK(fingerprint_only)->Apply(sizes);
BENCHMARK(rollup_only)->Apply(sizes);
BENCHMARK(everything)->Apply(sizes);

}  // namespace
