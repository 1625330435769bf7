// How fast records are evaluated, as a ratio to the floor: simdjson's DOM parse of the same bytes
// with a dozen look-ups. Both run in turns in one process, so that a noisy machine hits both alike.
//   build/release/tests/bench/replay_bench [records] [rounds]
#include "decode/formats.hpp"
#include "generate/cloudtrail.hpp"
#include "pipeline/replay.hpp"
#include "registry/list.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace {

namespace fs = std::filesystem;

double cpu_seconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

std::string read(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

template <class File>
std::vector<File> read_all(const char* folder, std::string_view ending) {
    std::vector<File> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (entry.path().extension() == ending)
            files.push_back({entry.path().string(), read(entry.path())});
    }
    return files;
}

policy::Lists lists() {
    policy::Lists out;
    for (const auto& file : read_all<policy::File>(CALLERPRINT_ROOT "/config/lists", ".txt")) {
        out[fs::path(file.name).stem().string()] =
            registry::parse_list(file.name, file.text).value_or(std::vector<std::string>{});
    }
    return out;
}

std::string records(std::uint64_t count) {
    auto trail = generate::CloudTrail::make(
        {.seed = 7, .calls = count, .keys = 100'000, .addresses = 200'000});
    std::string all;
    std::string line;
    while ((*trail)->next(line)) {
        all += line;
        all += '\n';
    }
    return all;
}

/// The floor. The sum of lengths keeps the compiler from dropping the look-ups.
std::size_t parse_dom(const simdjson::padded_string& text) {
    static simdjson::dom::parser parser;
    std::size_t sum = 0;
    simdjson::dom::document_stream stream;
    if (parser.parse_many(text, 1 << 20).get(stream)) std::abort();
    for (auto found : stream) {
        simdjson::dom::element record;
        if (found.get(record)) std::abort();
        for (const auto* name :
             {"eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress", "userAgent",
              "errorCode", "eventID", "requestID", "recipientAccountId"}) {
            std::string_view value;
            if (!record[name].get(value)) sum += value.size();
        }
        std::string_view value;
        if (!record["userIdentity"]["accessKeyId"].get(value)) sum += value.size();
        if (!record["userIdentity"]["type"].get(value)) sum += value.size();
    }
    return sum;
}

}  // namespace

int main(int argc, char** argv) {
    const std::uint64_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 200'000;
    const int rounds = argc > 2 ? std::atoi(argv[2]) : 7;
    const auto policy_files = read_all<policy::File>(CALLERPRINT_ROOT "/config/policies", ".yaml");
    const auto set = policy::Set::load(policy_files, lists());
    const auto formats = decode::Formats::load(
        read_all<decode::FormatFile>(CALLERPRINT_ROOT "/config/formats", ".yaml"));
    if (!set || !formats) {
        std::fprintf(stderr, "policies or formats do not load\n");
        return 2;
    }
    const auto reference = pipeline::make_reference(*formats, *set, {}, std::string(32, 'b'),
                                                    pipeline::Purpose::match);
    const auto text = records(count);
    const simdjson::padded_string padded(text);
    std::vector<double> floor;
    std::vector<double> ours;
    std::uint64_t firings = 0;
    std::size_t kept = 0;
    for (int round = 0; round < rounds; ++round) {
        auto began = cpu_seconds();
        kept += parse_dom(padded);
        floor.push_back(cpu_seconds() - began);
        began = cpu_seconds();
        auto replay = pipeline::Replay::make(reference, {});
        std::string_view rest = text;
        std::uint32_t line = 0;
        while (!rest.empty()) {
            const auto end = rest.size() <= (1 << 20) ? rest.size() : rest.rfind('\n', 1 << 20) + 1;
            (*replay)->lines(*(*formats)->find("aws-cloudtrail"), rest.substr(0, end), line,
                             base::WallTime::max());
            line += static_cast<std::uint32_t>(
                std::count(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
            rest.remove_prefix(end);
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
