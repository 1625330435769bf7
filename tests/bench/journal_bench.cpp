// What the journal costs over a plain file: append of one frame, waited for, against pwrite and
// fdatasync of the same bytes into a file that was written before. `ratio` is journal over plain;
// 1.0 would be free.
#include "journal/journal.hpp"

#include <benchmark/benchmark.h>

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <random>
#include <semaphore>
#include <string>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

std::filesystem::path fresh_folder() {
    const char* base = std::getenv("CALLERPRINT_BENCH_FOLDER");  // on the disk to be measured
    std::string pattern = std::string(base != nullptr ? base : "/tmp") + "/journal-bench-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    return pattern;
}

journal::Encoded noise(std::size_t size) {
    std::mt19937_64 random(1);
    journal::Encoded block;
    block.payload.resize(size);
    for (char& c : block.payload) c = static_cast<char>(random());
    block.records = 1;
    return block;
}

std::map<std::size_t, double>& plain_seconds() {
    static std::map<std::size_t, double> seconds;  // by size; set by Plain, read by Append
    return seconds;
}

void Plain(benchmark::State& state) {
    const auto size = static_cast<std::size_t>(state.range(0));
    const std::string bytes = noise(size).payload;
    const std::filesystem::path folder = fresh_folder();
    const int file = ::open((folder / "plain").c_str(), O_RDWR | O_CREAT, 0600);
    const std::size_t slots = (64u << 20) / size;
    for (std::size_t i = 0; i < slots; ++i)
        if (::pwrite(file, bytes.data(), size, static_cast<off_t>(i * size)) < 0) std::abort();
    ::fsync(file);
    std::size_t slot = 0;
    const auto begun = Clock::now();
    for (auto _ : state) {
        if (::pwrite(file, bytes.data(), size, static_cast<off_t>(slot++ % slots * size)) < 0)
            std::abort();
        if (::fdatasync(file) != 0) std::abort();
    }
    const std::chrono::duration<double> took = Clock::now() - begun;
    plain_seconds()[size] = took.count() / static_cast<double>(state.iterations());
    state.SetBytesProcessed(static_cast<std::int64_t>(size) * state.iterations());
    ::close(file);
    std::filesystem::remove_all(folder);
}

std::unique_ptr<journal::Journal> open_in(const std::filesystem::path& folder,
                                          std::chrono::microseconds delay) {
    journal::Journal::Options options;
    options.folder = folder;
    options.ballast_bytes = 0;
    options.retain_bytes = 0;
    options.quota_bytes = 512u << 20;
    options.group_delay = delay;
    return journal::Journal::open(options).value();
}

void append_and_wait(journal::Journal& journal, const journal::Encoded& block) {
    std::promise<journal::Lsn> promise;
    std::vector<journal::Encoded> blocks{block};
    journal.append(std::move(blocks),
                   [&](base::Result<journal::Lsn> lsn) { promise.set_value(lsn.value_or(0)); });
    const journal::Lsn lsn = promise.get_future().get();
    if (lsn == 0) std::abort();
    journal.trim(lsn);
}

// The journal's files are recycled ones, as they are after some hours of service.
void Append(benchmark::State& state) {
    const auto size = static_cast<std::size_t>(state.range(0));
    const std::filesystem::path folder = fresh_folder();
    {
        const auto journal = open_in(folder, std::chrono::microseconds(0));
        const journal::Encoded block = noise(size);
        for (std::size_t written = 0; written < 400u << 20; written += size)
            append_and_wait(*journal, block);
        const auto begun = Clock::now();
        for (auto _ : state) append_and_wait(*journal, block);
        const std::chrono::duration<double> took = Clock::now() - begun;
        state.counters["ratio"] =
            took.count() / static_cast<double>(state.iterations()) / plain_seconds()[size];
        state.SetBytesProcessed(static_cast<std::int64_t>(size) * state.iterations());
    }
    std::filesystem::remove_all(folder);
}

// 64 appends of 400 bytes in flight, as from 64 connections that send single events.
void Group(benchmark::State& state) {
    const std::filesystem::path folder = fresh_folder();
    {
        const auto journal = open_in(folder, std::chrono::microseconds(state.range(0)));
        const journal::Encoded block = noise(400);
        std::counting_semaphore<64> room(64);
        for (auto _ : state) {
            room.acquire();
            std::vector<journal::Encoded> blocks{block};
            journal->append(std::move(blocks), [&](base::Result<journal::Lsn> lsn) {
                if (!lsn) std::abort();
                journal->trim(*lsn);
                room.release();
            });
        }
        for (int i = 0; i < 64; ++i) room.acquire();
    }
    state.SetItemsProcessed(state.iterations());
    std::filesystem::remove_all(folder);
}

BENCHMARK(Plain)->Arg(64 << 10)->Arg(1 << 20)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(Append)->Arg(64 << 10)->Arg(1 << 20)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(Group)->Arg(0)->Arg(2000)->UseRealTime()->Unit(benchmark::kMicrosecond);

}  // namespace
