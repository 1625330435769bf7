// What the windows of the shipped policies cost: CPU time and memory of the engine alone, for calls
// of many keys and addresses. Memory is what the allocator counts, its own overhead included: the
// difference that dropping the engine makes.
//   build/release/tests/bench/engine_bench [calls] [file | seconds of event time]
// `file` keeps all matches until the end, as a replay does; else the watermark follows by 5 s. The
// calls are of one day unless told otherwise: 10000000 100 is what ingest_bench.py sends.
#include "correlate/engine.hpp"
#include "decode/formats.hpp"
#include "generate/cloudtrail.hpp"
#include "pipeline/preparer.hpp"
#include "pipeline/reference.hpp"
#include "registry/list.hpp"

#include <malloc.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

namespace {

namespace fs = std::filesystem;

constexpr std::size_t batch_bytes = 1 << 20;

double cpu_seconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

template <class File>
std::vector<File> read_all(const char* folder, std::string_view ending) {
    std::vector<File> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (entry.path().extension() != ending) continue;
        std::ifstream in(entry.path(), std::ios::binary);
        files.push_back({entry.path().string(), {std::istreambuf_iterator<char>(in), {}}});
    }
    return files;
}

std::shared_ptr<const pipeline::Reference> reference() {
    policy::Lists lists;
    for (const auto& file : read_all<policy::File>(CALLERPRINT_ROOT "/config/lists", ".txt")) {
        lists[fs::path(file.name).stem().string()] =
            registry::parse_list(file.name, file.text).value_or(std::vector<std::string>{});
    }
    const auto set = policy::Set::load(
        read_all<policy::File>(CALLERPRINT_ROOT "/config/policies", ".yaml"), lists);
    const auto formats = decode::Formats::load(
        read_all<decode::FormatFile>(CALLERPRINT_ROOT "/config/formats", ".yaml"));
    if (!set || !formats) std::abort();
    return pipeline::make_reference(*formats, *set, {}, std::string(32, 'b'),
                                    pipeline::Purpose::match);
}

std::size_t allocated_bytes() {
    const auto info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/// The calls of one block of records, and the policies each matched.
struct Matched {
    const call::Batch* batch = nullptr;
    std::vector<policy::PolicyIndex> policies;
    std::vector<std::size_t> ends;  // by call
    base::EventTime newest = base::EventTime::min();

    void fill(pipeline::Preparer& preparer, const decode::Format& format, const std::string& text) {
        std::vector<decode::Reject> rejects;
        batch = &preparer.prepare(format, text, 0, base::WallTime::max(), rejects);
        policies.clear();
        ends.clear();
        for (std::size_t i = 0; i < batch->size(); ++i) {
            const auto& found = preparer.match((*batch)[i]);
            policies.insert(policies.end(), found.begin(), found.end());
            ends.push_back(policies.size());
            newest = std::max(newest, (*batch)[i].time());
        }
    }
    void observe(correlate::Engine& engine, std::uint64_t block,
                 std::vector<correlate::Firing>& late) const {
        std::size_t from = 0;
        for (std::size_t i = 0; i < batch->size(); ++i) {
            engine.observe((*batch)[i], std::span(policies).subspan(from, ends[i] - from), block,
                           late);
            from = ends[i];
        }
    }
};

}  // namespace

int main(int argc, char** argv) {
    const std::uint64_t calls = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 200'000;
    const bool file = argc > 2 && std::string_view(argv[2]) == "file";
    const long seconds = argc > 2 && !file ? std::strtol(argv[2], nullptr, 10) : 86'400;
    const auto known = reference();
    auto preparer = pipeline::Preparer::make(known, {.ungated = true});
    const auto& format = *known->formats->find("aws-cloudtrail");
    auto trail = generate::CloudTrail::make({.seed = 7,
                                             .calls = calls,
                                             .keys = 100'000,
                                             .addresses = 200'000,
                                             .duration = std::chrono::seconds{seconds}});
    std::optional<correlate::Engine> engine;
    engine.emplace(known->policies, known->names, correlate::Engine::Options{});
    std::vector<correlate::Firing> firings;
    Matched matched;
    double observing = 0;
    double advancing = 0;
    std::size_t largest = 0;
    std::uint64_t count = 0;
    std::string text;
    std::string line;
    for (std::uint64_t block = 0; count < calls; ++block) {
        text.clear();
        while (text.size() < batch_bytes && (*trail)->next(line)) (text += line) += '\n';
        if (text.empty()) break;
        matched.fill(*preparer, format, text);
        count += matched.batch->size();
        const double began = cpu_seconds();
        matched.observe(*engine, block, firings);
        const double observed = cpu_seconds();
        if (!file) engine->advance(matched.newest - std::chrono::seconds{5}, firings);
        observing += observed - began;
        advancing += cpu_seconds() - observed;
        largest = std::max<std::size_t>(largest, engine->stats().bytes);
    }
    const auto stats = engine->stats();
    const double began = cpu_seconds();
    if (file) engine->finish(matched.newest, firings);
    advancing += cpu_seconds() - began;
    const std::size_t fired = engine->stats().firings;
    if (file) {
        engine.reset();
    } else {
        firings = {};
        const std::size_t with = allocated_bytes();
        engine.reset();
        const auto bytes = static_cast<double>(with - allocated_bytes());
        std::printf("%.1f MB allocated, %.0f bytes a group\n", bytes / 1e6,
                    bytes / static_cast<double>(stats.groups));
    }
    const auto n = static_cast<double>(count);
    std::printf("%.0f calls, %.2f matches a call, %llu groups, %zu firings\n", n,
                static_cast<double>(stats.matches) / n,
                static_cast<unsigned long long>(stats.groups), fired);
    std::printf("observe %.0f ns, advance %.0f ns a call; stated %.1f MB, at most %.1f MB\n",
                observing / n * 1e9, advancing / n * 1e9, static_cast<double>(stats.bytes) / 1e6,
                static_cast<double>(largest) / 1e6);
    return 0;
}
