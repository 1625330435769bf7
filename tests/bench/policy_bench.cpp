#include "../fake/json_call.hpp"
#include "policy/matcher.hpp"
#include "policy/set.hpp"

#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

/// What evaluating one call costs with 12, 20 and 3,500 rules loaded. The rules are shaped as the
/// community's are: most for other log sources, by one or two equalities, or by lists of contains
/// and endswith; the calls are cloud API calls, of which one in fifty matches something.
namespace {

const char* const operations[] = {"GetObject",  "PutObject",   "AssumeRole", "ListBuckets",
                                  "Identify",   "DescribeKey", "Invoke",     "GetCallerIdentity",
                                  "CreateUser", "DeleteTrail"};
const char* const services[] = {"s3.amazonaws.com", "sts.amazonaws.com", "iam.amazonaws.com",
                                "kms.amazonaws.com"};

std::string head(std::size_t i, const char* source) {
    return "title: rule " + std::to_string(i) + "\nlogsource: " + source + "\ndetection:\n";
}

/// A rule for the calls of this benchmark.
std::string cloud_rule(std::size_t i) {
    const std::string n = std::to_string(i);
    const std::string source = "{ product: aws, service: cloudtrail }";
    switch (i % 4) {
        case 0:
            return head(i, source.c_str()) +
                   "  s: { eventSource: iam.amazonaws.com, eventName: "
                   "Rare" +
                   n + " }\n  condition: s\n";
        case 1:
            return head(i, source.c_str()) + "  s: { eventName: [CreateUser, Other" + n +
                   "], errorCode|contains: denied" + n + " }\n  condition: s\n";
        case 2:
            return head(i, source.c_str()) + "  s: { userAgent|contains: [kali" + n + ", parrot" +
                   n + "] }\n  f: { userIdentity.type: Root }\n  condition: s and not f\n";
        default:
            return head(i, source.c_str()) + "  s: { eventName|startswith: Delete, status|gte: " +
                   std::to_string(400 + i % 100) + " }\n  condition: s\n";
    }
}

/// A rule for endpoint logs, which no call here comes from.
std::string endpoint_rule(std::size_t i) {
    const std::string n = std::to_string(i);
    return head(i, "{ product: windows, category: process_creation }") +
           "  s:\n    Image|endswith: ['\\tool" + n + ".exe', '\\kit" + n +
           ".exe']\n    CommandLine|contains|all: [' -opt" + n + "', 'arg" + n +
           "']\n  condition: s\n";
}

std::shared_ptr<const policy::Set> make_set(std::size_t count) {
    std::vector<policy::File> files;
    for (std::size_t i = 0; i < count; ++i)
        files.push_back(
            {std::to_string(i), i < 20 || i % 40 == 0 ? cloud_rule(i) : endpoint_rule(i)});
    auto set = policy::Set::load(files, {});
    if (!set) {
        std::fprintf(stderr, "%s\n", policy::to_text(set.error().front()).c_str());
        std::abort();
    }
    return *set;
}

void match(benchmark::State& state, bool ignore_log_source) {
    const auto set = make_set(static_cast<std::size_t>(state.range(0)));
    auto names = std::make_shared<call::Names>();
    set->want(*names);
    call::Batch batch(names);
    std::mt19937 random(1);
    for (int i = 0; i < 4096; ++i)
        fake::append(batch, {{"eventSource", services[random() % 4]},
                             {"eventName", operations[random() % 10]},
                             {"userAgent", "aws-sdk-go/1.44.57 (go1.18.4; linux; amd64)"},
                             {"userIdentity", {{"type", random() % 50 == 0 ? "Root" : "IAMUser"}}},
                             {"status", random() % 20 == 0 ? 403 : 200}});
    policy::Matcher matcher(set, names, ignore_log_source);
    const auto route = matcher.route({"aws", "cloudtrail", "api_call"});
    std::vector<policy::PolicyIndex> found;
    std::size_t i = 0, matches = 0;
    for (auto _ : state) {
        matcher.match(batch[i++ & 4095], route, found);
        matches += found.size();
    }
    state.counters["matches/call"] =
        benchmark::Counter(static_cast<double>(matches), benchmark::Counter::kAvgIterations);
}

void routed(benchmark::State& state) {
    match(state, false);
}
void every_source(benchmark::State& state) {
    match(state, true);
}
BENCHMARK(routed)->Name("match/routed")->Arg(12)->Arg(20)->Arg(3500);
BENCHMARK(every_source)->Name("match/every_source")->Arg(12)->Arg(20)->Arg(3500);

}  // namespace
