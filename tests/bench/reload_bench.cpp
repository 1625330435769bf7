// How long evaluation stands still for a reload, with the shipped policies and 3,500 rules shaped
// as the community's are, by the number of groups whose windows go on.
//
//   reload_bench [rules 3500] [reloads 200]
#include "shipped.hpp"

#include "pipeline/evaluator.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace {

using Clock = std::chrono::steady_clock;

double milliseconds(Clock::duration time) {
    return std::chrono::duration<double, std::milli>(time).count();
}

/// Rules that cannot match: their cost is what is measured.
policy::File filler(std::size_t first, std::size_t count, std::size_t version) {
    std::string text;
    for (std::size_t i = first; i < first + count; ++i) {
        const auto n = std::to_string(i);
        if (i > first) text += "---\n";
        text += "title: filler " + n +
                "\nlogsource: { product: aws, service: cloudtrail }\n"
                "detection:\n  s: { eventName: [Rare" +
                n + ", Other" + n + "], errorCode|contains: denied" +
                (i == 0 ? std::to_string(version) : n) + " }\n  condition: s\n";
    }
    return {"filler" + std::to_string(first) + ".yaml", text};
}

std::shared_ptr<const pipeline::Reference> reference(std::size_t rules, std::size_t version) {
    auto files = shipped::read_all<policy::File>(CALLERPRINT_ROOT "/config/policies", ".yaml");
    constexpr std::size_t a_file = 500;  // rules: a file is at most 512 KB
    for (std::size_t first = 0; first < rules; first += a_file)
        files.push_back(filler(first, std::min(a_file, rules - first), version));
    const auto set = policy::Set::load(files, shipped::lists());
    const auto formats = decode::Formats::load(
        shipped::read_all<decode::FormatFile>(CALLERPRINT_ROOT "/config/formats", ".yaml"));
    if (!set || !formats) {
        std::fprintf(stderr, "%s\n",
                     set ? formats.error().reason.c_str() : to_text(set.error().front()).c_str());
        std::exit(2);
    }
    return pipeline::make_reference(*formats, *set, {}, std::string(32, 'r'),
                                    pipeline::Purpose::store);
}

/// A block of calls of other keys.
journal::Entry block(std::size_t keys, std::size_t& next) {
    journal::Entry entry;
    entry.lsn = next + 1;
    entry.block.source = "bench";
    entry.block.format = "native";
    entry.block.received = base::wall_time(1'800'000'000'000'000);
    for (std::size_t i = 0; i < keys; ++i, ++next) {
        entry.block.lines +=
            R"({"time":)" + std::to_string(1'750'000'000 + next / 10'000) + R"(,"event_id":"e)" +
            std::to_string(next) + R"(","operation":"Model.Invoke","status_id":1,"tenant":"t)" +
            std::to_string(next % 100'000) + R"(","key":"k)" + std::to_string(next % 1'000'000) +
            R"(","model":"m","user_agent":"curl/8.5.0","ip":"198.18.0.7"})"
            "\n";
        ++entry.block.records;
    }
    return entry;
}

void measure(const std::vector<std::shared_ptr<const pipeline::Reference>>& references,
             std::size_t calls, std::size_t reloads) {
    auto evaluator = std::move(*pipeline::Evaluator::make(references[0], {}));
    std::size_t next = 0;
    while (next < calls) {
        evaluator->apply(block(1'000, next), true);
        if (next % 100'000 == 0) static_cast<void>(evaluator->take());
    }
    std::vector<double> pauses, ready;
    for (std::size_t i = 0; i < reloads; ++i) {
        const auto begun = Clock::now();
        auto made = pipeline::Evaluator::ready(references[(i + 1) % references.size()], {});
        const auto cpu = shipped::cpu_seconds();
        ready.push_back(milliseconds(Clock::now() - begun));
        evaluator->use(std::move(*made));
        pauses.push_back((shipped::cpu_seconds() - cpu) * 1'000);
    }
    std::ranges::sort(pauses);
    std::ranges::sort(ready);
    const auto at = [](const std::vector<double>& sorted, double part) {
        return sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(
                                                      part * static_cast<double>(sorted.size())))];
    };
    std::printf(
        "%9zu calls %9llu groups  pause p50 %8.3f ms  p99 %8.3f ms   made ready before, p50 %8.1f "
        "ms\n",
        calls, static_cast<unsigned long long>(evaluator->windows().groups), at(pauses, 0.5),
        at(pauses, 0.99), at(ready, 0.5));
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t rules = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 3'500;
    const std::size_t reloads = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 200;
    const std::vector references{reference(rules, 1), reference(rules, 2)};
    std::printf("%zu policies\n", references[0]->policies->policies().size());
    for (const std::size_t calls : {0u, 1'000u, 10'000u, 100'000u})
        measure(references, calls, reloads);
}
