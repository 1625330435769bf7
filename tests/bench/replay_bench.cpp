// How fast records are evaluated, as a ratio to the floor: simdjson's DOM parse of the same bytes
// with a dozen look-ups. Both run in turns in one process, so that a noisy machine hits both alike.
//   build/release/tests/bench/replay_bench [records] [rounds]
#include "pipeline/replay.hpp"
#include "shipped.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

using shipped::cpu_seconds;

int main(int argc, char** argv) {
    const std::uint64_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 200'000;
    const int rounds = argc > 2 ? std::atoi(argv[2]) : 7;
    const auto set = shipped::policies();
    const auto formats = shipped::formats();
    if (!set || !formats) {
        std::fprintf(stderr, "policies or formats do not load\n");
        return 2;
    }
    const auto reference = pipeline::make_reference(*formats, *set, {}, std::string(32, 'b'),
                                                    pipeline::Purpose::match);
    const auto text = shipped::records(count);
    const simdjson::padded_string padded(text);
    std::vector<double> floor;
    std::vector<double> ours;
    std::uint64_t firings = 0;
    std::size_t kept = 0;
    for (int round = 0; round < rounds; ++round) {
        auto began = cpu_seconds();
        kept += shipped::parse_dom(padded);
        floor.push_back(cpu_seconds() - began);
        began = cpu_seconds();
        auto replay = pipeline::Replay::make(reference, {});
        std::string_view rest = text;
        std::uint32_t line = 0;
        while (!rest.empty()) {
            const auto block = shipped::next_block(rest);
            (*replay)->lines(*(*formats)->find("aws-cloudtrail"), block, line,
                             base::WallTime::max());
            line += static_cast<std::uint32_t>(std::ranges::count(block, '\n'));
            rest.remove_prefix(block.size());
        }
        (*replay)->finish();
        ours.push_back(cpu_seconds() - began);
        firings = (*replay)->summary().firings;
    }
    std::ranges::sort(floor);
    std::ranges::sort(ours);
    const auto n = static_cast<double>(count);
    const auto middle = floor.size() / 2;
    std::printf("records %llu of %.0f bytes, %zu policies, %llu firings (%zu)\n",
                static_cast<unsigned long long>(count), static_cast<double>(text.size()) / n,
                (*set)->policies().size(), static_cast<unsigned long long>(firings), kept % 10);
    std::printf(
        "DOM and 12 look-ups: %.0f ns best, %.0f median;  replay: %.0f ns best, %.0f median\n",
        floor[0] / n * 1e9, floor[middle] / n * 1e9, ours[0] / n * 1e9, ours[middle] / n * 1e9);
    std::printf("replay at %.3f of the DOM's speed (best), %.3f (median)\n", floor[0] / ours[0],
                floor[middle] / ours[middle]);
    return 0;
}
