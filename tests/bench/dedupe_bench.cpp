// What it costs to tell whether an event id came before, and how much memory: base::RecentHashes
// against a set of hashes beside a ring of them, at 2,000,000 ids that were filled twice. All ids
// are new, as they are on a good day. `bytes` is what an id takes, counted by the resident memory.
//   build/release/tests/bench/dedupe_bench
#include "base/recent_hashes.hpp"

#include <benchmark/benchmark.h>
#include <boost/unordered/unordered_flat_set.hpp>

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <vector>

namespace {

constexpr std::size_t capacity = 2'000'000;
constexpr std::size_t ahead = 8;

std::uint64_t mixed(std::uint64_t number) {  // splitmix64
    number += 0x9e37'79b9'7f4a'7c15u;
    number = (number ^ (number >> 30)) * 0xbf58'476d'1ce4'e5b9u;
    number = (number ^ (number >> 27)) * 0x94d0'49bb'1331'11ebu;
    return number ^ (number >> 31);
}

/// A ring and a set.
class Plain {
public:
    bool insert(std::uint64_t hash) {
        if (!set_.insert(hash).second) return false;
        if (ring_.size() < capacity) {
            ring_.push_back(hash);
        } else {
            set_.erase(ring_[next_]);
            ring_[next_] = hash;
            next_ = (next_ + 1) % capacity;
        }
        return true;
    }
    void prefetch(std::uint64_t) const {}

private:
    boost::unordered_flat_set<std::uint64_t> set_;
    std::vector<std::uint64_t> ring_;
    std::size_t next_ = 0;
};

class Recent : public base::RecentHashes {
public:
    Recent() : RecentHashes(capacity) {}
};

double resident_bytes() {
    unsigned long long all = 0;
    unsigned long long resident = 0;
    std::FILE* file = std::fopen("/proc/self/statm", "r");
    if (file == nullptr || std::fscanf(file, "%llu %llu", &all, &resident) != 2) return 0;
    std::fclose(file);
    return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

template <class Set, bool looks_ahead>
void Insert(benchmark::State& state) {
    const double before = resident_bytes();
    auto set = std::make_unique<Set>();
    std::uint64_t number = 0;
    while (number < 2 * capacity) benchmark::DoNotOptimize(set->insert(mixed(number++)));
    state.counters["bytes"] = (resident_bytes() - before) / capacity;
    for (auto _ : state) {
        if (looks_ahead) set->prefetch(mixed(number + ahead));
        benchmark::DoNotOptimize(set->insert(mixed(number++)));
    }
}

BENCHMARK(Insert<Plain, false>)->Name("ring and set")->MinTime(2);
BENCHMARK(Insert<Recent, false>)->Name("recent hashes")->MinTime(2);
BENCHMARK(Insert<Recent, true>)->Name("recent hashes, fetched 8 ahead")->MinTime(2);

}  // namespace
