// How fast records are evaluated, as a ratio to the floor: simdjson's DOM parse of the same bytes
// with a dozen look-ups. Both run in turns in one process, so that a noisy machine hits both alike.
// Then by the clock, one thread against several, in turns too.
//   build/release/tests/bench/replay_bench [records] [rounds] [threads]
#include "pipeline/replay.hpp"
#include "shipped.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

using shipped::cpu_seconds;

namespace {

std::uint64_t replay(const std::shared_ptr<const pipeline::Reference>& reference,
                     const decode::Format& format, std::string_view text, unsigned threads) {
    pipeline::Replay::Options options;
    options.threads = threads;
    auto replay = pipeline::Replay::make(reference, std::move(options));
    std::uint32_t line = 0;
    while (!text.empty()) {
        const auto block = shipped::next_block(text);
        (*replay)->lines(format, block, line, base::WallTime::max());
        line += static_cast<std::uint32_t>(std::ranges::count(block, '\n'));
        text.remove_prefix(block.size());
    }
    (*replay)->finish();
    return (*replay)->summary().firings;
}

double clock_seconds() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double>(now).count();
}

struct Times {
    double best;
    double median;
};

/// By record, in nanoseconds.
Times of(std::vector<double> seconds, std::uint64_t records) {
    std::ranges::sort(seconds);
    const auto ns = 1e9 / static_cast<double>(records);
    return {seconds.front() * ns, seconds[seconds.size() / 2] * ns};
}

}  // namespace

int main(int argc, char** argv) {
    const std::uint64_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 200'000;
    const int rounds = argc > 2 ? std::atoi(argv[2]) : 7;
    const auto threads = static_cast<unsigned>(argc > 3 ? std::atoi(argv[3]) : 2);
    const auto set = shipped::policies();
    const auto formats = shipped::formats();
    if (!set || !formats) {
        std::fprintf(stderr, "policies or formats do not load\n");
        return 2;
    }
    const auto reference = pipeline::make_reference(*formats, *set, {}, std::string(32, 'b'),
                                                    pipeline::Purpose::match);
    const auto& format = *(*formats)->find("aws-cloudtrail");
    const auto text = shipped::records(count);
    const simdjson::padded_string padded(text);
    std::vector<double> floor;
    std::vector<double> ours;
    std::vector<double> one;
    std::vector<double> several;
    std::uint64_t firings = 0;
    std::size_t kept = 0;
    for (int round = 0; round < rounds; ++round) {
        auto began = cpu_seconds();
        kept += shipped::parse_dom(padded);
        floor.push_back(cpu_seconds() - began);
        began = cpu_seconds();
        auto wall = clock_seconds();
        firings = replay(reference, format, text, 1);
        ours.push_back(cpu_seconds() - began);
        one.push_back(clock_seconds() - wall);
        wall = clock_seconds();
        if (replay(reference, format, text, threads) != firings) {
            std::fprintf(stderr, "%u threads come to other firings\n", threads);
            return 1;
        }
        several.push_back(clock_seconds() - wall);
    }
    const auto dom = of(floor, count);
    const auto cpu = of(ours, count);
    const auto alone = of(one, count);
    const auto shared = of(several, count);
    std::printf("records %llu of %.0f bytes, %zu policies, %llu firings (%zu)\n",
                static_cast<unsigned long long>(count),
                static_cast<double>(text.size()) / static_cast<double>(count),
                (*set)->policies().size(), static_cast<unsigned long long>(firings), kept % 10);
    std::printf(
        "DOM and 12 look-ups: %.0f ns best, %.0f median;  replay: %.0f ns best, %.0f median\n",
        dom.best, dom.median, cpu.best, cpu.median);
    std::printf("replay at %.3f of the DOM's speed (best), %.3f (median)\n", dom.best / cpu.best,
                dom.median / cpu.median);
    std::printf(
        "by the clock: one thread %.0f ns best, %.0f median;  %u threads %.0f ns best, %.0f "
        "median:  %.2f times as fast (best), %.2f (median)\n",
        alone.best, alone.median, threads, shared.best, shared.median, alone.best / shared.best,
        alone.median / shared.median);
    return 0;
}
