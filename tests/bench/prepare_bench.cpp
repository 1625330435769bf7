// What each step between a record and its matches costs, beside the floor of replay_bench:
// decoding, the registry's and the network's facts, the fingerprint, the rules. With the shipped
// policies, or as many more as asked for that cannot match; the registry knows every key.
//   build/release/tests/bench/prepare_bench [records] [rounds] [further rules]
#include "decode/decoder.hpp"
#include "enrich/enricher.hpp"
#include "enrich/range_table.hpp"
#include "origin/fingerprinter.hpp"
#include "pipeline/cost_watch.hpp"
#include "pipeline/reference.hpp"
#include "policy/matcher.hpp"
#include "shipped.hpp"

#include <malloc.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <optional>

namespace {

enum Step : std::size_t {
    floor_of_all,
    decoding,
    enriching,
    fingerprinting,
    matching,
    watched,
    step_count
};
constexpr std::array<const char*, step_count> step_names = {
    "DOM and 12 look-ups", "decode", "enrich", "fingerprint", "match", "match, watched"};
using Seconds = std::array<double, step_count>;

struct World {
    std::shared_ptr<const pipeline::Reference> reference;
    const decode::Format* format;
};

/// Rules of another product, and rules of this one that wait for what never comes.
std::string further_rule(std::size_t i) {
    const std::string n = std::to_string(i);
    if (i % 40 != 0) {
        return "title: further " + n +
               "\nlogsource: { product: windows, category: process_creation }\ndetection:\n"
               "  s: { Image|endswith: 'tool" +
               n + ".exe', CommandLine|contains: 'arg" + n + "' }\n  condition: s\n";
    }
    return "title: further " + n +
           "\nlogsource: { product: aws, service: cloudtrail }\ndetection:\n"
           "  s: { eventSource: iam.amazonaws.com, eventName: Rare" +
           n + " }\n  condition: s\n";
}

/// Every key, tenant and network of the records, as far as their texts tell.
enrich::Snapshot facts_of(const decode::Formats& formats, std::string_view text) {
    auto names = std::make_shared<call::Names>();
    for (const auto field : {call::Field::key_uid, call::Field::tenant_uid}) names->add(field);
    decode::Decoder decoder(*formats.find("aws-cloudtrail"), names);
    registry::Rows rows;
    std::vector<std::pair<std::string, std::string>> seen;
    std::vector<decode::Reject> rejects;
    call::Batch batch(names);
    for (std::string_view rest = text; !rest.empty();) {
        const auto block = shipped::next_block(rest);
        rest.remove_prefix(block.size());
        batch.clear();
        decoder.decode(block, 0, base::WallTime::max(), batch, rejects);
        for (std::size_t i = 0; i < batch.size(); ++i)
            seen.emplace_back(batch[i].get(call::Field::key_uid).text_or_empty(),
                              batch[i].get(call::Field::tenant_uid).text_or_empty());
    }
    std::ranges::sort(seen);
    const auto created = base::event_time(1'600'000'000'000'000);
    for (std::size_t i = 0; i < seen.size(); ++i) {
        const auto& [key, tenant] = seen[i];
        if (key.empty() || (i > 0 && key == seen[i - 1].first)) continue;
        rows.keys.push_back({.uid = key, .tenant = tenant, .created = created});
        if (i % 4 == 0) rows.keys.back().declared_origin = {*call::parse_network("10.0.0.0/8")};
    }
    std::vector<std::string> tenants;
    for (const auto& [key, tenant] : seen) tenants.push_back(tenant);
    std::ranges::sort(tenants);
    tenants.erase(std::unique(tenants.begin(), tenants.end()), tenants.end());
    for (const auto& tenant : tenants) {
        if (tenant.empty()) continue;
        rows.tenants.push_back({.uid = tenant, .tier = "paid", .created = created});
        rows.licences.push_back({.uid = "l" + tenant, .subject = tenant, .operations = {"*"}});
    }
    rows.gates = {{.uid = "g", .service = "s*", .operations = {"Get*", "Describe*"}}};
    enrich::Snapshot out;
    out.registry = *registry::Registry::build(std::move(rows));
    std::string ranges;
    for (unsigned i = 0; i < 65'536; ++i)
        ranges += std::to_string(i << 16) + "," + std::to_string((i << 16) + 0xffff) + "," +
                  std::to_string(1 + i % 60'000) + ",Example network\n";
    out.tables.push_back(
        *enrich::RangeTable::parse("asn", ranges, enrich::RangeTable::Layout::asn));
    return out;
}

World make_world(std::string_view text, std::size_t further) {
    auto files = shipped::read_all<policy::File>(CALLERPRINT_ROOT "/config/policies", ".yaml");
    for (std::size_t i = 0; i < further; ++i)
        files.push_back({"further" + std::to_string(i), further_rule(i)});
    const auto set = policy::Set::load(files, shipped::lists());
    const auto formats = shipped::formats();
    if (!set || !formats) {
        std::fprintf(stderr, "policies or formats do not load\n");
        std::exit(2);
    }
    auto reference = pipeline::make_reference(*formats, *set, facts_of(**formats, text),
                                              std::string(32, 'b'), pipeline::Purpose::match);
    return {std::move(reference), (*formats)->find("aws-cloudtrail")};
}

/// A worker as pipeline::Preparer builds it, with a watch on each step.
struct Worker {
    Worker(const World& world, bool told)
        : format(*world.format),
          decoder(format, world.reference->names),
          batch(world.reference->names),
          fingerprinter(*origin::Fingerprinter::make({.key = world.reference->origin_key},
                                                     world.reference->names)),
          matcher(world.reference->policies, world.reference->names),
          route(matcher.route({format.log_source().product, format.log_source().service,
                               format.log_source().category})),
          costs({}, metrics) {
        costs.start(world.reference->policies);
        if (told) enricher.emplace(world.reference->facts, world.reference->names);
    }

    void run(std::string_view block, Seconds& spent) {
        auto at = shipped::cpu_seconds();
        const auto lap = [&](Step step) {
            const auto now = shipped::cpu_seconds();
            spent[step] += now - at;
            at = now;
        };
        batch.clear();
        decoder.decode(block, 0, base::WallTime::max(), batch, rejects);
        lap(decoding);
        if (enricher) enricher->apply(batch);
        lap(enriching);
        fingerprinter.apply(batch);
        lap(fingerprinting);
        // In turns: the second finds the calls in the cache.
        for (const bool watching : {blocks % 2 == 0, blocks % 2 != 0}) {
            matcher.watch(watching ? &costs.busy() : nullptr);
            for (std::size_t i = 0; i < batch.size(); ++i) {
                matcher.match(batch[i], route, matched);
                matches += matched.size();
            }
            lap(watching ? watched : matching);
        }
        ++blocks;
    }

    const decode::Format& format;
    decode::Decoder decoder;
    call::Batch batch;
    std::optional<enrich::Enricher> enricher;
    origin::Fingerprinter fingerprinter;
    policy::Matcher matcher;
    policy::Route route;
    metrics::Registry metrics;
    pipeline::CostWatch costs;
    std::uint64_t blocks = 0;
    std::vector<policy::PolicyIndex> matched;
    std::vector<decode::Reject> rejects;
    std::uint64_t matches = 0;
};

/// Without what is mapped: the tables of fixed size come on top, as their documents say.
std::size_t bytes_held() {
    const auto info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/// Once with empty memories, where half of what comes is new, and once more.
void measure(const World& world, const std::string& text, double count, int rounds, bool told) {
    const simdjson::padded_string padded(text);
    std::array<std::vector<double>, step_count> cold;
    std::array<std::vector<double>, step_count> warm;
    std::uint64_t matches = 0;
    double held = 0;
    for (int round = 0; round < rounds; ++round) {
        const auto began = shipped::cpu_seconds();
        if (shipped::parse_dom(padded) == 0) std::abort();
        Seconds first{shipped::cpu_seconds() - began};
        Seconds second{first[floor_of_all]};
        const auto before = bytes_held();
        Worker worker(world, told);
        for (Seconds* spent : {&first, &second}) {
            worker.matches = 0;
            for (std::string_view rest = text; !rest.empty();) {
                const auto block = shipped::next_block(rest);
                worker.run(block, *spent);
                rest.remove_prefix(block.size());
            }
        }
        matches = worker.matches / 2;
        held = static_cast<double>(bytes_held() - before);
        for (std::size_t step = 0; step < step_count; ++step) {
            cold[step].push_back(first[step]);
            warm[step].push_back(second[step]);
        }
    }
    std::printf("%s: %.0f records, %zu policies, %llu matches, worker holds %.1f MB\n",
                told ? "registry and network table" : "nothing known", count,
                world.reference->policies->policies().size(),
                static_cast<unsigned long long>(matches), held / 1e6);
    for (std::size_t step = 0; step < step_count; ++step) {
        std::ranges::sort(cold[step]);
        std::ranges::sort(warm[step]);
        const auto middle = cold[step].size() / 2;
        std::printf("  %-20s first %5.0f ns best, %5.0f median, %.2f of the floor;",
                    step_names[step], cold[step][0] / count * 1e9, cold[step][middle] / count * 1e9,
                    cold[step][0] / cold[floor_of_all][0]);
        std::printf(" again %5.0f, %5.0f, %.2f\n", warm[step][0] / count * 1e9,
                    warm[step][middle] / count * 1e9, warm[step][0] / warm[floor_of_all][0]);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::uint64_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 200'000;
    const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
    const std::size_t further = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 0;
    const auto text = shipped::records(count);
    const auto world = make_world(text, further);
    measure(world, text, static_cast<double>(count), rounds, false);
    measure(world, text, static_cast<double>(count), rounds, true);
    return 0;
}
