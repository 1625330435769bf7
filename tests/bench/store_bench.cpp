// Rollup upserts through Session::commit into an embedded PostgreSQL of this program's own, durable
// as in production. Prints upserts a second, and what 15,000 a second cost of one core: our side
// and the server's process, from the processes' own CPU clocks, so that a busy machine changes
// little.
#include "store/cluster.hpp"
#include "store/connection.hpp"
#include "store/migrations.hpp"
#include "store/session.hpp"

#include <sys/stat.h>
#include <unistd.h>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace {

template <class T>
T must(base::Result<T> result) {
    if (!result) {
        std::fprintf(stderr, "store_bench: %s\n", result.error().reason.c_str());
        std::exit(1);
    }
    return std::move(*result);
}

double our_cpu_seconds() {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// User and system time of another process (proc(5), stat, fields 14 and 15).
double cpu_seconds_of(std::int64_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text{std::istreambuf_iterator<char>(file), {}};
    std::istringstream fields(text.substr(text.rfind(')') + 2));
    std::string skipped;
    for (int i = 3; i < 14; ++i) fields >> skipped;
    double user = 0;
    double system = 0;
    fields >> user >> system;
    return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

store::Effects batch(std::size_t rows, std::size_t keys, std::size_t round) {
    store::Effects out;
    out.now = base::wall_time(1'717'200'300'000'000);
    for (std::size_t i = 0; i < rows; ++i) {
        rollup::KeyMinute row;
        const std::size_t key = (i * (keys / rows) + round) % keys;
        row.tenant = "tenant-" + std::to_string(key % 1'000);
        row.key = "AKIA" + std::to_string(1'000'000'000'000 + key);
        row.minute = base::event_time(1'717'200'300'000'000);
        row.sums.calls = row.sums.ok = 3;
        row.origins = {key, key + 1};
        out.rollup.key_minutes.push_back(std::move(row));
    }
    return out;
}

void measure(store::Session& session, const char* name, std::size_t rows, std::size_t keys,
             std::size_t rounds) {
    const auto start = must(session.claim("bench", 0, "bench"));
    auto next = start.next_offset;
    std::vector<store::Effects> all;
    for (std::size_t i = 0; i < rounds; ++i) {
        auto effects = batch(rows, keys, i);
        effects.source = "bench";
        effects.epoch = start.epoch;
        effects.from = next++;
        effects.to = next;
        all.push_back(std::move(effects));
    }
    const auto server = session.connection().backend().pid;
    const double ours = our_cpu_seconds();
    const double theirs = cpu_seconds_of(server);
    const auto begun = std::chrono::steady_clock::now();
    for (const auto& effects : all) must(session.commit(effects));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    const double upserts = static_cast<double>(rows * rounds);
    const double our_share = (our_cpu_seconds() - ours) / upserts * 15'000 * 100;
    const double server_share = (cpu_seconds_of(server) - theirs) / upserts * 15'000 * 100;
    std::printf(
        "%-28s %6zu rows a batch  %8.0f upserts/s  %6.1f ms a batch  15,000/s: %4.1f %% of a core"
        " (ours %.1f, server %.1f)\n",
        name, rows, upserts / took.count(), took.count() * 1'000 / static_cast<double>(rounds),
        our_share + server_share, our_share, server_share);
}

}  // namespace

int main() {
    char name[] = "/tmp/store-bench-XXXXXX";
    if (::mkdtemp(name) == nullptr) return 1;
    ::chmod(name, 0755);
    store::Cluster::Options options;
    options.folder = std::filesystem::path(name) / "pg";
    auto cluster = must(store::Cluster::open(options));
    {
        store::Session::Options with;
        with.url = cluster.url();
        const auto session = must(store::Session::open(with));
        must(store::migrate(*session));
        measure(*session, "new keys", 5'000, 1'000'000, 40);
        measure(*session, "new keys", 10'000, 1'000'000, 20);
        measure(*session, "keys that are there", 5'000, 50'000, 80);
        measure(*session, "keys that are there", 10'000, 50'000, 40);
    }
    const bool stopped = cluster.stop().has_value();
    std::filesystem::remove_all(name);
    return stopped ? 0 : 1;
}
